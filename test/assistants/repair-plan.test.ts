import * as fc from "fast-check";
import { CANCELLED_OUTPUT, NOT_STARTED_OUTPUT } from "../../src/assistants/notes.ts";
import { planRepair, type HeldItem } from "../../src/assistants/repair-plan.ts";
import { createTurn, type Turn } from "../../src/assistants/turn.ts";

const message = (id: string): HeldItem => ({ kind: "message", id });
const text = (id: string, words: string): HeldItem => ({ kind: "text", id, text: words });
const call = (id: string, complete = true): HeldItem => ({ kind: "call", id, callId: `call of ${id}`, complete });
const output = (id: string, of: string): HeldItem => ({ kind: "output", id, callId: `call of ${of}` });
const reasoning = (id: string): HeldItem => ({ kind: "reasoning", id });

function turnOf({ spoken = "", started = [] as string[], finished = {} as Record<string, string> }): Turn {
  const turn = createTurn([{ from: "caller", text: "words" }]);
  turn.speak(spoken);
  for (const id of started) turn.start(`call of ${id}`);
  for (const [id, result] of Object.entries(finished)) turn.finish(`call of ${id}`, result);
  return turn;
}

test("nothing said, nothing done: everything of the turn is taken back", () => {
  expect(planRepair([message("u"), reasoning("r"), text("m", "unheard")], turnOf({}), new Map())).toEqual({
    held: false,
    remove: ["u", "r", "m"],
    add: [],
  });
});

test("a half reply the far side did not keep is added", () => {
  const plan = planRepair([message("u")], turnOf({ spoken: "Half a" }), new Map([["m", "Half a"]]));
  expect(plan).toEqual({ held: true, remove: [], add: [{ kind: "text", text: "Half a" }] });
});

test("a reply the far side kept whole is cut to what was given out", () => {
  const plan = planRepair(
    [message("u"), reasoning("r"), text("m", "Half a reply and more")],
    turnOf({ spoken: "Half a" }),
    new Map([["m", "Half a"]]),
  );
  expect(plan).toEqual({ held: true, remove: ["r", "m"], add: [{ kind: "text", text: "Half a" }] });
});

test("a reply that was given out as it stands is left alone", () => {
  const items = [message("u"), reasoning("r"), text("m", "All of it")];
  const plan = planRepair(items, turnOf({ spoken: "All of it" }), new Map([["m", "All of it"]]));
  expect(plan).toEqual({ held: true, remove: [], add: [] });
});

test("the caller's words are added when the far side did not keep them", () => {
  const plan = planRepair([], turnOf({ spoken: "Half" }), new Map([["m", "Half"]]));
  expect(plan.add).toEqual([
    { kind: "message", message: { from: "caller", text: "words" } },
    { kind: "text", text: "Half" },
  ]);
});

test("open calls are answered by what is known of them", () => {
  const items = [message("u"), reasoning("r"), call("a"), call("b"), call("c"), call("d"), output("o", "d")];
  const turn = turnOf({ started: ["a", "b"], finished: { a: "42" } });
  expect(planRepair(items, turn, new Map())).toEqual({
    held: true,
    remove: [],
    add: [
      { kind: "output", callId: "call of a", output: "42" },
      { kind: "output", callId: "call of b", output: CANCELLED_OUTPUT },
      { kind: "output", callId: "call of c", output: NOT_STARTED_OUTPUT },
    ],
  });
});

test("a call cut in the middle of its arguments is removed with the reasoning before it", () => {
  const items = [message("u"), text("m", "One moment."), reasoning("r"), call("a", false)];
  const plan = planRepair(items, turnOf({ spoken: "One moment." }), new Map([["m", "One moment."]]));
  expect(plan).toEqual({ held: true, remove: ["r", "a"], add: [] });
});

test("carried out on any thread, a plan leaves it true and answerable", () => {
  const item: fc.Arbitrary<(id: string) => HeldItem> = fc.oneof(
    fc.constant(message),
    fc.constant(reasoning),
    fc.boolean().map((complete) => (id: string) => call(id, complete)),
    fc.string().map((words) => (id: string) => text(id, words)),
    fc.constant((id: string): HeldItem => ({ kind: "other", id })),
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ make: item, given: fc.constantFrom("all", "half", "none"), answered: fc.boolean() }), {
        maxLength: 12,
      }),
      fc.boolean(),
      (made, started) => {
        const items: HeldItem[] = [];
        const spoken = new Map<string, string>();
        made.forEach(({ make, given, answered }, at) => {
          const held = make(`i${at}`);
          items.push(held);
          if (held.kind === "text" && given !== "none" && held.text !== "") {
            spoken.set(held.id, given === "all" ? held.text : held.text.slice(0, Math.ceil(held.text.length / 2)));
          }
          if (held.kind === "call" && answered) items.push({ kind: "output", id: `o${at}`, callId: held.callId });
        });
        const turn = turnOf({ spoken: [...spoken.values()].join(""), started: started ? ["x"] : [] });
        const plan = planRepair(items, turn, spoken);

        const after = items.filter(({ id }) => !plan.remove.includes(id));
        if (!plan.held) {
          expect(after).toEqual([]);
          expect(plan.add).toEqual([]);
          return;
        }
        const outputs = [
          ...after.flatMap((one) => (one.kind === "output" ? [one.callId] : [])),
          ...plan.add.flatMap((one) => (one.kind === "output" ? [one.callId] : [])),
        ];
        const calls = after.flatMap((one) => (one.kind === "call" ? [one.callId] : []));
        expect([...outputs].sort()).toEqual([...calls].sort());
        const texts = [
          ...after.flatMap((one) => (one.kind === "text" && one.text !== "" ? [one.text] : [])),
          ...plan.add.flatMap((one) => (one.kind === "text" ? [one.text] : [])),
        ];
        expect([...texts].sort()).toEqual([...spoken.values()].sort());
        expect(after.some((one) => one.kind === "message") || plan.add.some((one) => one.kind === "message")).toBe(
          true,
        );
        after.forEach((one, at) => {
          if (one.kind !== "reasoning") return;
          expect(["text", "call", "reasoning", "other"]).toContain(after[at + 1]?.kind);
        });
      },
    ),
  );
});
