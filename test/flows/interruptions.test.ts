// Callers who do not wait: they interrupt, nod, go on talking while the assistant thinks, and press keys. What the phone really
// played is the measure of what counts as heard.
import type { Brain, BrainInput } from "../../src/sim/openai/index.ts";
import { answer, complaints, heardReplies, listen, playedMs, say, sideBySide, words, type Start } from "./kit.ts";

const HOURS =
  "We are open from Monday to Friday. On Saturday we are open until one. On Sunday we are closed all day long.";

/** Answers the first turn at length and the others briefly; keeps what it was asked. */
function talkative(): { brain: Brain; asked: BrainInput[] } {
  const asked: BrainInput[] = [];
  const brain: Brain = (input) => {
    asked.push(input);
    return input.text.includes("opening hours") ? HOURS : "All right.";
  };
  return { brain, asked };
}

/** One interruption, looked at closely: half the speed of the other flows' calls, or less. */
async function interrupted(start: Start, client: "responses" | "chat"): Promise<void> {
  const { brain, asked } = talkative();
  const flow = await start({ speed: 2, settings: { THREAD_CLIENT: client }, openai: { script: { brain } } });
  const { result, record } = await flow.run([
    ...answer("opening-hours"),
    { do: "interrupt", afterMs: 3000, ...words("how-long") },
    ...answer("repeat"),
    listen(),
    { do: "hang-up" },
  ]);
  expect(result.scriptError).toBeUndefined();
  expect(record.turns.map(({ text }) => text)).toEqual(
    ["opening-hours", "how-long", "repeat"].map((id) => words(id).text),
  );
  expect(record.turns[0]?.cause).toMatch(/cut-by-caller$/);

  const [stream] = result.streams;
  const [clear, ...more] = stream?.clears ?? [];
  if (!stream || !clear) throw new Error("nothing was cleared");
  expect(more).toEqual([]);
  const spokeAt = result.timeline.filter((entry) => entry.kind === "caller-speaking")[1]?.atMs ?? NaN;
  // The far side needs about 50 ms to take a sound for speech; the rest is ours.
  expect(clear.atMs - spokeAt).toBeLessThan(flow.within(150));
  expect(clear.droppedBytes).toBeGreaterThan(0);
  // No late audio: what comes next was made for the next turn, after the caller's words.
  const after = stream.media.filter(({ queuedAt }) => queuedAt / 8 > clear.atMs);
  const silentAt = result.timeline.filter((entry) => entry.kind === "caller-silent")[1]?.atMs ?? NaN;
  expect(Math.min(...after.map(({ queuedAt }) => queuedAt / 8))).toBeGreaterThan(silentAt);

  const [greeting, cut] = record.replies;
  if (!greeting || !cut) throw new Error("there is no reply");
  expect(cut).toMatchObject({ kind: "reply", interrupted: true, generated: HOURS });
  expect(Math.abs(cut.heardMs - (clear.playedBytes / 8 - greeting.heardMs))).toBeLessThan(flow.within(60));
  expect(HOURS.startsWith(cut.heard)).toBe(true);
  expect(cut.heard).toContain("We are open from Monday to Friday.");
  expect(cut.heard.length).toBeLessThan(HOURS.length);
  expect(Math.abs(record.replies.reduce((sum, { heardMs }) => sum + heardMs, 0) - playedMs(result))).toBeLessThan(
    flow.within(80),
  );

  // The thread learns once what was heard.
  expect(asked).toHaveLength(3);
  if (client === "chat") {
    for (const { history } of asked.slice(1)) {
      const said = history.filter(({ role, text }) => role === "assistant" && text.includes("Monday"));
      expect(said.map(({ text }) => text.includes("Sunday"))).toEqual([false]);
      expect(said[0]?.text).toContain(cut.heard);
    }
  } else {
    const told = asked.map(({ notes }) => notes.filter((note) => note.includes(cut.heard)).length);
    expect(told).toEqual([0, 1, 0]);
  }
}

test(
  "F28: a long answer is interrupted; the thread of responses",
  sideBySide((start) => interrupted(start, "responses")),
);
test(
  "F28: a long answer is interrupted; the thread of chat completions",
  sideBySide((start) => interrupted(start, "chat")),
);

test(
  "a nod: the reply goes on and is heard to its end, and there is no turn",
  sideBySide(async (start) => {
    const { brain, asked } = talkative();
    const flow = await start({ openai: { script: { brain } } });
    const { result, record } = await flow.run([
      ...answer("opening-hours"),
      { do: "interrupt", afterMs: 3000, ...words("okay") },
      listen(),
      { do: "hang-up" },
    ]);
    expect(result.scriptError).toBeUndefined();
    expect(record.turns.map(({ text }) => text)).toEqual([words("opening-hours").text]);
    expect(record.turns[0]?.cause).toBeUndefined();
    expect(heardReplies(record)).toEqual([HOURS]);
    expect(record.replies.at(-1)).toMatchObject({ interrupted: false, cut: "" });
    expect(record.timeline.filter(({ what }) => what === "barge-in")).toHaveLength(1);
    expect(asked).toHaveLength(1);
    // It was quiet at once all the same, and went on from the beginning of a sentence.
    expect(result.streams[0]?.clears).toHaveLength(1);
    expect(playedMs(result)).toBeGreaterThan(record.replies.reduce((sum, { generatedMs }) => sum + generatedMs, 0));
    expect(flow.openai.sessions[0]?.received.of("response.cancel")).toEqual([]);
  }),
);

test(
  "two utterances while the assistant thinks are one turn, answered once",
  sideBySide(async (start) => {
    const asked: BrainInput[] = [];
    const brain: Brain = (input) => {
      asked.push(input);
      return asked.length === 1 ? { text: "Never heard.", firstDelayMs: 4000 } : "It takes an hour, on Tuesday.";
    };
    const flow = await start({ openai: { script: { brain } } });
    const { result, record } = await flow.run([
      ...answer("book-oil-change"),
      { do: "wait-for", condition: () => asked.length === 1 },
      say("tuesday-at-nine"),
      listen(),
      { do: "hang-up" },
    ]);
    expect(result.scriptError).toBeUndefined();
    const both = `${words("book-oil-change").text} ${words("tuesday-at-nine").text}`;
    expect(record.turns).toEqual([expect.objectContaining({ turn: 1, text: both })]);
    expect(heardReplies(record)).toEqual(["It takes an hour, on Tuesday."]);
    expect(asked).toHaveLength(2);
    const runs = flow.openai.requests.filter(({ path }) => path === "/v1/responses");
    expect(runs.map(({ aborted }) => aborted)).toEqual([true, false]);
    // What the thread holds of it: the words, once each.
    const kept =
      asked[1]?.history
        .filter(({ role }) => role === "user")
        .map(({ text }) => text)
        .join(" ") ?? "";
    expect(kept.split(words("book-oil-change").text)).toHaveLength(2);
    expect(kept.split(words("tuesday-at-nine").text)).toHaveLength(2);
  }),
);

test(
  "after a tool has acted, the new words are the next turn",
  sideBySide(async (start) => {
    const asked: BrainInput[] = [];
    const brain: Brain = (input) => {
      asked.push(input);
      if (input.toolOutputs.length > 0) return { text: "I have tried.", firstDelayMs: 600 };
      return input.turn === 1 ? { tool: { name: "end_call", args: "{broken" } } : "And that is all.";
    };
    const flow = await start({ openai: { script: { brain } } });
    const { record } = await flow.run([
      ...answer("book-oil-change"),
      { do: "wait-for", condition: () => asked.length === 2 },
      say("repeat"),
      listen(2500),
      { do: "hang-up" },
    ]);
    expect(record.turns.map(({ turn, text }) => `${turn} ${text}`)).toEqual([
      `1 ${words("book-oil-change").text}`,
      `2 ${words("repeat").text}`,
    ]);
    expect(record.tools).toEqual([expect.objectContaining({ name: "end_call", result: "invalid-arguments" })]);
    expect(heardReplies(record).at(-1)).toBe("And that is all.");
    expect(await flow.metric("voice_tool_calls_total", { tool: "end_call", result: "invalid-arguments" })).toBe(1);
  }),
);

test(
  "keys cut the reply, and without # end after three seconds",
  sideBySide(async (start) => {
    const { brain, asked } = talkative();
    const flow = await start({ openai: { script: { brain } } });
    const { result, record } = await flow.run([
      ...answer("opening-hours"),
      { do: "wait-for-agent" },
      { do: "pause", ms: 2000 },
      { do: "press", digits: "42", gapMs: 500 },
      listen(),
      { do: "press", digits: "7#" },
      listen(),
      { do: "hang-up" },
    ]);
    expect(result.scriptError).toBeUndefined();
    expect(complaints(result)).toEqual([]);
    expect(record.turns.map(({ by, text }) => `${by} ${text}`)).toEqual([
      `speech ${words("opening-hours").text}`,
      "keypad [keypad] 42",
      "keypad [keypad] 7",
    ]);
    expect(asked.map(({ text }) => text).slice(1)).toEqual(["[keypad] 42", "[keypad] 7"]);
    const keys = result.timeline.filter((entry) => entry.kind === "key");
    const clear = result.streams[0]?.clears[0];
    expect((clear?.atMs ?? Infinity) - (keys[0]?.atMs ?? NaN)).toBeLessThan(flow.within(50));
    expect(record.turns[0]?.cause).toMatch(/cut-by-caller$/);
    const keyedMs = record.timeline.filter(({ what }) => what === "key").map(({ atMs }) => atMs);
    const turnMs = record.timeline.filter(({ what }) => what === "turn").map(({ atMs }) => atMs);
    expect((turnMs[1] as number) - (keyedMs[1] as number)).toBeGreaterThanOrEqual(2990);
    expect((turnMs[2] as number) - (keyedMs[3] as number)).toBeLessThan(flow.within(50));
  }),
);

test(
  'an early "hello?" does not cut the greeting',
  sideBySide(async (start) => {
    const flow = await start();
    const { result, record } = await flow.run([
      { do: "interrupt", afterMs: 300, ...words("hello-early") },
      ...answer("opening-hours"),
      listen(),
      { do: "hang-up" },
    ]);
    expect(result.scriptError).toBeUndefined();
    expect(record.replies[0]).toMatchObject({ kind: "greeting", interrupted: false, cut: "" });
    expect(record.turns.map(({ text }) => text)).toEqual([words("opening-hours").text]);
    expect(result.streams[0]?.clears).toEqual([]);
    // The greeting waits for nothing.
    const [first] = result.timeline.filter((entry) => entry.kind === "first-media");
    const [started] = result.timeline.filter((entry) => entry.kind === "stream-started");
    expect((first?.atMs ?? NaN) - (started?.atMs ?? NaN)).toBeLessThan(flow.within(100));
  }),
);
