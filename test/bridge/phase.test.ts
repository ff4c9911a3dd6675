// The table of states: every legal move, and that there is no other.
import { readFileSync } from "node:fs";
import { createPhases, nextPhase, type Phase, type PhaseEvent } from "../../src/bridge/phase.ts";

const PHASES: readonly Phase[] = ["greeting", "listening", "thinking", "speaking", "interrupted", "ending", "ended"];
const EVENTS: readonly PhaseEvent[] = [
  "greeted",
  "turn",
  "audio",
  "think",
  "quiet",
  "interrupt",
  "resume",
  "cut",
  "end",
  "closed",
];

const LEGAL: readonly [Phase, PhaseEvent, Phase][] = [
  ["greeting", "greeted", "listening"],
  ["greeting", "turn", "thinking"],
  ["greeting", "cut", "listening"],
  ["greeting", "end", "ending"],
  ["greeting", "closed", "ended"],
  ["listening", "turn", "thinking"],
  ["listening", "audio", "speaking"],
  ["listening", "interrupt", "interrupted"],
  ["listening", "end", "ending"],
  ["listening", "closed", "ended"],
  ["thinking", "turn", "thinking"],
  ["thinking", "audio", "speaking"],
  ["thinking", "interrupt", "interrupted"],
  ["thinking", "quiet", "listening"],
  ["thinking", "cut", "listening"],
  ["thinking", "end", "ending"],
  ["thinking", "closed", "ended"],
  ["speaking", "turn", "thinking"],
  ["speaking", "think", "thinking"],
  ["speaking", "interrupt", "interrupted"],
  ["speaking", "quiet", "listening"],
  ["speaking", "cut", "listening"],
  ["speaking", "end", "ending"],
  ["speaking", "closed", "ended"],
  ["interrupted", "resume", "speaking"],
  ["interrupted", "think", "thinking"],
  ["interrupted", "cut", "listening"],
  ["interrupted", "turn", "thinking"],
  ["interrupted", "quiet", "listening"],
  ["interrupted", "end", "ending"],
  ["interrupted", "closed", "ended"],
  ["ending", "cut", "listening"],
  ["ending", "closed", "ended"],
];

test.each(PHASES.flatMap((phase) => EVENTS.map((event) => [phase, event] as const)))("%s + %s", (phase, event) => {
  const legal = LEGAL.find(([from, what]) => from === phase && what === event);
  expect(nextPhase(phase, event)).toBe(legal?.[2]);
});

test("a walk tells of moves only, and ignores what means nothing", () => {
  const moves: string[] = [];
  const phases = createPhases((from, to) => moves.push(`${from} ${to}`));
  expect(phases.now()).toBe("greeting");
  for (const event of ["audio", "greeted", "greeted", "turn", "turn", "audio", "closed", "turn", "closed"] as const)
    phases.move(event);
  expect(phases.now()).toBe("ended");
  expect(moves).toEqual(["greeting listening", "listening thinking", "thinking speaking", "speaking ended"]);
});

test("every phase but the last can be closed, and is reached", () => {
  for (const phase of PHASES) if (phase !== "ended") expect(nextPhase(phase, "closed")).toBe("ended");
  const reached = new Set<Phase>(["greeting"]);
  for (const phase of reached) for (const event of EVENTS) reached.add(nextPhase(phase, event) ?? phase);
  expect([...reached].sort()).toEqual([...PHASES].sort());
});

test("the drawing in README.md is this table", () => {
  const readme = readFileSync(new URL("../../src/bridge/README.md", import.meta.url), "utf8");
  const drawing = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const drawn = [...drawing.matchAll(/^ *(\w+) --> (\w+) *: *(.+)$/gm)].flatMap(([, from, to, events]) =>
    (events as string).split(",").map((event) => `${from} ${event.trim()} ${to}`),
  );
  expect(drawn.sort()).toEqual(LEGAL.map(([from, event, to]) => `${from} ${event} ${to}`).sort());
});
