// What remains of a call: a record that is always current, a log that tells the story without the words, metrics with known names.
import { createJournal } from "../../src/bridge/journal.ts";
import type { CallRecord } from "../../src/core/call.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { fakeCall, PARTY } from "../support/fake-call.ts";
import { streamed } from "../support/fake-thread.ts";
import { keptLog } from "../support/observe.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

const WORDS = ["Miller", "purple", "elephant", "Wednesday"];
const NUMBERS = [PARTY.from, PARTY.to];

async function talk(logContent: boolean) {
  const call = await fakeCall({
    settings: { logContent },
    reply: (_input, number) =>
      number === 1
        ? [...streamed("Your purple elephant is ready on Wednesday."), { tool: "nothing" }]
        : [{ fail: new Error("no elephant") }],
  });
  await call.greeted();
  call.caller.speaks("My name is Miller, is my purple elephant ready?");
  await call.untilHeard("Your purple");
  await call.run(900);
  call.caller.speaks("Wait, I said Miller, not Muller, you know", { ms: 2000 });
  await call.untilHeard("Sorry", 20_000);
  call.line.hangUp();
  await call.over();
  return call;
}

test("callers' words and numbers, and the assistant's, stay out of the log", async () => {
  const call = await talk(false);
  const text = JSON.stringify(call.log.lines);
  for (const word of [...WORDS, ...NUMBERS]) expect([word, text.includes(word)]).toEqual([word, false]);
  expect(JSON.stringify(call.record())).toContain("purple elephant");
  expect(JSON.stringify(call.record().timeline)).not.toContain("purple");
});

test("they stand in it where the operator asked for them", async () => {
  const call = await talk(true);
  const text = JSON.stringify(call.log.lines);
  expect(text).toContain("is my purple elephant ready?");
  for (const number of NUMBERS) expect(text).not.toContain(number);
});

test("the log tells of every turn: that it began, when it was answered, what went wrong, how the call ended", async () => {
  const call = await talk(false);
  const lines = call.log.lines.filter(({ level }) => level !== "debug");
  expect(
    lines.map(({ message, fields }) => `${message} ${fields.turn ?? ""}${fields.cause ?? fields.reason ?? ""}`),
  ).toEqual([
    "call begins ",
    "turn begins 1",
    "turn went wrong 1tool-unknown-tool",
    "turn answered 1",
    "turn went wrong 1cut-by-caller",
    "turn begins 2",
    "turn went wrong 2thread-failed",
    "call ended caller-hangup",
  ]);
  for (const { fields } of lines) expect(fields).toMatchObject({ call: PARTY.carrierId, callId: PARTY.callId });
});

test("every metric of a call is one that is declared, with its labels", async () => {
  const metrics = createMetrics();
  try {
    const call = await fakeCall({
      parts: { meter: metrics },
      reply: () => [...streamed("Your car is ready."), { tool: "nothing" }, { tool: "end_call" }],
      voices: { voice: (number) => (number === 1 ? { lostMs: 9000 } : {}), speech: () => ({ spoken: "Your cat" }) },
    });
    await call.greeted();
    call.caller.speaks("When is it ready?");
    await call.until("over", () => call.line.isClosed, 30_000);
    await call.over();
    const text = await metrics.render();
    for (const line of [
      'voice_calls_started_total{direction="inbound",channel="phone"} 1',
      'voice_calls_ended_total{reason="agent-hangup",result="success"} 1',
      'voice_tool_calls_total{tool="unknown",result="unknown-tool"} 1',
      'voice_tool_calls_total{tool="end_call",result="ok"} 1',
      "voice_turn_latency_seconds_count 1",
      "voice_first_audio_seconds_count 1",
      'voice_call_setup_seconds_count{stage="voice"} 1',
      "voice_call_duration_seconds_count 1",
      "voice_speech_divergence_ratio_count 1",
    ])
      expect(text).toContain(line);
  } finally {
    metrics.close();
  }
});

describe("the record", () => {
  function setup() {
    const time = createVirtualTime();
    const store = createMemoryCallStore();
    const metrics = createMetrics();
    const journal = createJournal({
      party: PARTY,
      store,
      clock: time.clock,
      log: keptLog(),
      meter: metrics,
      logContent: false,
    });
    metrics.close();
    return { time, store, journal, read: async () => (await store.get(PARTY.callId)) as CallRecord };
  }

  test("keeps a turn whose words were added to under its number", async () => {
    const { journal, read } = setup();
    journal.turn(1, "speech", "one", 1000);
    journal.turn(1, "speech", "one two", 1500);
    journal.turnText(1, "one two three");
    journal.turnText(9, "nothing");
    expect((await read()).turns).toEqual([{ turn: 1, by: "speech", text: "one two three", endedAtMs: 500 }]);
  });

  test("keeps each cause once, in order", async () => {
    const { journal, read } = setup();
    journal.turn(1, "speech", "one", 1000);
    for (const cause of ["tool-timeout", "late-answer", "tool-timeout"]) journal.cause(1, cause);
    journal.cause(7, "unknown turn");
    expect((await read()).turns[0]?.cause).toBe("tool-timeout, late-answer");
  });

  test("holds what was said in the order of time", async () => {
    const { time, journal } = setup();
    const spoken = { sent: "", cut: "", generatedMs: 1, sentMs: 1, heardMs: 1, interrupted: false };
    journal.reply({ ...spoken, kind: "greeting", generated: "Hello.", heard: "Hello.", startedAt: 1000 }, 1);
    await time.run(5000);
    journal.turn(1, "speech", "one", 3000);
    journal.turn(2, "speech", "", 5500);
    journal.reply({ ...spoken, kind: "reply", generated: "An answer.", heard: "An", startedAt: 4000 }, 2);
    journal.reply({ ...spoken, kind: "reply", generated: "Unheard.", heard: "" }, 3);
    expect(journal.spoken()).toEqual([
      { role: "agent", text: "Hello." },
      { role: "caller", text: "one" },
      { role: "agent", text: "An" },
    ]);
  });

  test("is closed with its reason, length and sums", async () => {
    const { time, journal, read } = setup();
    const billed = (input: number) => ({ purpose: "voice", model: "m", counts: { input } }) as const;
    journal.usage({ a: 1, b: 2 }, billed(3));
    journal.usage({ a: 10 }, billed(4));
    await time.run(12_340);
    journal.end("silence");
    expect(await read()).toMatchObject({
      status: "completed",
      endReason: "silence",
      durationSeconds: 12.3,
      usage: { a: 11, b: 2, "m:input": 7, carrier_minutes: 1 },
    });
  });
});

test("the phase of the call follows the talk: greeted, heard, not understood, understood, over", async () => {
  const call = await fakeCall({
    reply: (_input, number) =>
      number === 1
        ? [
            ...streamed("Thank you, Ada."),
            { tool: "complete_intake", arguments: JSON.stringify({ fields: { caller_name: "Ada" }, urgency: "high" }) },
          ]
        : streamed("All right."),
  });
  await call.greeted();
  expect(call.record().phase).toBe("greeting");
  call.caller.speaks("My name is Ada.");
  await call.untilHeard("Thank you");
  expect(call.record()).toMatchObject({
    phase: "intake",
    intake: { fields: { caller_name: "Ada" }, urgency: "high", status: "draft" },
    tools: [{ name: "complete_intake", result: "ok" }],
  });
  await call.run(4000);
  call.caller.speaks("I was born in May.", { as: "failed" });
  await call.untilHeard("Sorry, I did not catch that", 20_000);
  expect(call.record().phase).toBe("clarification");
  await call.run(4000);
  call.caller.speaks("In May.");
  await call.untilHeard("All right", 20_000);
  expect(call.record().phase).toBe("intake");
  call.line.hangUp();
  await call.over();
  const moves = call.record().timeline.filter(({ what }) => what === "phase of the call");
  expect(moves.map(({ detail }) => detail?.to)).toEqual(["intake", "clarification", "intake", "completed"]);
});
