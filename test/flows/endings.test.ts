// How calls end: transfers and what becomes of them, callers who leave at every moment, lines that break in every way, silence,
// time, and a server that shuts down. Each leaves one reason, one closed record and nothing open.
import type { Brain } from "../../src/sim/openai/index.ts";
import type { CallerScript } from "../../src/sim/twilio/index.ts";
import { until } from "../support/until.ts";
import { answer, complaints, HUMAN, listen, sideBySide, words, type Flow, type Start } from "./kit.ts";

/** What must be so after any call, whatever happened in it. */
async function expectReleased(flow: Flow): Promise<void> {
  await until("no call is live", () => flow.openai.counts.open === 0);
  expect(await flow.callsActive()).toBe(0);
  expect(await flow.metric("voice_calls_active")).toBe(0);
}

const asksForAPerson: CallerScript = [...answer("person"), { do: "wait-for-hang-up", timeoutMs: 60_000 }];

/** The guard would dial before the assistant is asked; here the assistant hands the caller on. */
const leftToTheAssistant = { default: { escalation: { mode: "flag" as const } } };

async function transfer(
  start: Start,
  status: "completed" | "busy" | "no-answer" | "failed",
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const flow = await start({
    settings: { TRANSFER_NUMBER: HUMAN, ...settings },
    organizations: leftToTheAssistant,
    dialOutcome: { status, ringMs: 1500, talkMs: 1500, ...(settings.TRANSFER_BRIEFING && { keys: "1" }) },
  });
  const { result, record } = await flow.run(asksForAPerson);
  expect(complaints(result)).toEqual([]);
  expect(result.scriptError).toBeUndefined();
  expect(record).toMatchObject({ endReason: "transferred", tools: [{ name: "transfer_call", result: "ok" }] });
  // The caller was told before the stream closed.
  const said = record.replies.filter(({ kind }) => kind === "reply");
  expect(said.every(({ cut }) => cut === "")).toBe(true);
  expect(said.map(({ heard }) => heard).join(" ")).toMatch(/hold while I connect you/);
  const asked = result.timeline.flatMap((entry) =>
    entry.kind === "request" && entry.purpose === "action" ? [new URL(entry.url).pathname] : [],
  );
  expect(asked.filter((path) => path !== "/voice/briefing" && path !== "/voice/briefing-answer")).toEqual([
    "/voice/after-stream",
    "/voice/after-dial",
  ]);
  expect(result.dials).toEqual([expect.objectContaining({ number: HUMAN, status })]);
  expect(result.says.filter((text) => /nobody could be reached/.test(text))).toHaveLength(
    status === "completed" ? 0 : 1,
  );
  expect(result.endedBy).toBe("hangup-verb");
  const kept = await flow.app.store.get(record.callId);
  expect(kept?.timeline.filter(({ what }) => what === "transfer-outcome")).toEqual([
    expect.objectContaining({ detail: { outcome: status } }),
  ]);
  await expectReleased(flow);
}

/** A caller who is gone at some moment of the call; the moment is looked for in the call itself. */
async function leaves(start: Start, caller: CallerScript, brain?: Brain): Promise<void> {
  const flow = await start({ ...(brain && { openai: { script: { brain } } }) });
  const { result, record } = await flow.run(caller);
  expect(result.scriptError).toBeUndefined();
  expect(result).toMatchObject({ endedBy: "caller", status: "completed" });
  expect(record).toMatchObject({ endReason: "caller-hangup", carrierStatus: "completed" });
  expect(await flow.metric("voice_calls_ended_total")).toBe(1);
  for (const request of flow.openai.requests) await request.ended;
  await expectReleased(flow);
}

const LONG = Array.from({ length: 12 }, (_, i) => `This is sentence number ${i + 1} of a long answer.`).join(" ");

async function shutdown(start: Start): Promise<void> {
  const flow = await start({ settings: { DRAIN_TIMEOUT_S: "6" } });
  const long = flow.dial([{ do: "wait-for-hang-up" }]);
  const short = flow.dial([{ do: "wait-for-agent" }, { do: "pause", ms: 2500 }, { do: "hang-up" }]);
  for (const call of [long, short]) await call.waitFor(({ kind }) => kind === "agent-speaking");
  const drained = flow.app.drain();
  const health = async (path: string) => (await fetch(flow.url + path)).status;
  expect([await health("/health"), await health("/readyz"), await health("/livez")]).toEqual([503, 503, 200]);
  expect(await flow.metric("voice_draining")).toBe(1);
  const turnedAway = await flow.dial([]).done;
  expect(turnedAway.says).toEqual([expect.stringContaining("All of our lines are busy")]);
  expect(turnedAway).toMatchObject({ endedBy: "hangup-verb", streams: [] });
  expect((await short.done).endedBy).toBe("caller");
  const [stream] = long.streams;
  await until("the stream is closed", () => stream?.end !== undefined);
  await drained;
  // The records are closed with the store; the log tells of them.
  const ends = flow.log.lines
    .filter(({ message }) => message === "call ended")
    .map(({ fields }) => [fields.call, fields.reason]);
  expect(Object.fromEntries(ends)).toEqual({ [long.callSid]: "shutdown", [short.callSid]: "caller-hangup" });
  expect(ends).toHaveLength(2);
  // Greeting and goodbye were heard to their ends.
  expect(stream?.media.every(({ played, bytes }) => played === bytes)).toBe(true);
  expect((stream?.playedBytes ?? 0) / 8).toBeGreaterThan(6000);
  expect(stream?.end?.code).toBe(1000);
  long.hangUp();
  await long.done;
}

test(
  "a transfer that is answered",
  sideBySide((start) => transfer(start, "completed")),
);
test(
  "a transfer to a busy line",
  sideBySide((start) => transfer(start, "busy")),
);
test(
  "a transfer nobody answers",
  sideBySide((start) => transfer(start, "no-answer")),
);
test(
  "a transfer in speech-to-speech",
  sideBySide((start) => transfer(start, "completed", { VOICE_MODE: "speech-to-speech" })),
);
test(
  "a transfer with a briefing",
  sideBySide((start) => transfer(start, "completed", { TRANSFER_BRIEFING: "true" })),
);

test(
  "without a number to transfer to, the tool is not offered",
  sideBySide(async (start) => {
    const flow = await start();
    const { record } = await flow.run([...answer("person"), listen(), { do: "hang-up" }]);
    expect(record).toMatchObject({ endReason: "caller-hangup", tools: [] });
    expect(record.replies.at(-1)?.heard).toMatch(/nobody is free right now/);
  }),
);

test(
  "the caller leaves in the greeting",
  sideBySide((start) => leaves(start, [{ do: "wait-for-agent" }, { do: "pause", ms: 700 }, { do: "hang-up" }])),
);
test(
  "the caller leaves while they speak",
  sideBySide((start) =>
    leaves(start, [
      listen(),
      { do: "say", ...words("make-it-thursday"), wait: false },
      { do: "pause", ms: 1500 },
      { do: "hang-up" },
    ]),
  ),
);
test(
  "the caller leaves before their words are understood",
  sideBySide((start) => leaves(start, [...answer("opening-hours"), { do: "pause", ms: 520 }, { do: "hang-up" }])),
);
test(
  "the caller leaves while the assistant thinks",
  sideBySide((start) =>
    leaves(start, [...answer("opening-hours"), { do: "pause", ms: 2500 }, { do: "hang-up" }], () => ({ hang: true })),
  ),
);
test(
  "the caller leaves in a filler",
  sideBySide(async (start) => {
    const flow = await start({
      settings: { FILLER_AFTER_MS: "1500" },
      openai: { script: { brain: () => ({ hang: true }) } },
    });
    const { record } = await flow.run([
      ...answer("opening-hours"),
      { do: "wait-for-agent" },
      { do: "pause", ms: 200 },
      { do: "hang-up" },
    ]);
    expect(record.endReason).toBe("caller-hangup");
    expect(record.replies.map(({ kind }) => kind)).toEqual(["greeting", "filler"]);
    // Silence from the end of the caller's speech until then: the filler came when it was to come.
    const gap = (record.replies[1]?.startedAtMs ?? NaN) - (record.turns[0]?.endedAtMs ?? NaN);
    expect(gap).toBeGreaterThan(1000);
    expect(gap).toBeLessThan(flow.within(2000));
    await expectReleased(flow);
  }),
);
test(
  "the caller leaves in the answer",
  sideBySide((start) =>
    leaves(
      start,
      [...answer("opening-hours"), { do: "wait-for-agent" }, { do: "pause", ms: 1500 }, { do: "hang-up" }],
      () => LONG,
    ),
  ),
);
test(
  "the caller leaves in a goodbye",
  sideBySide(async (start) => {
    const flow = await start();
    const { record, result } = await flow.run([
      ...answer("goodbye"),
      // A filler may be heard before it: the goodbye is what comes with the tool.
      { do: "wait-for", condition: () => flow.log.lines.some(({ message }) => message === "tool") },
      { do: "wait-for-agent" },
      { do: "pause", ms: 300 },
      { do: "hang-up" },
    ]);
    expect(result.endedBy).toBe("caller");
    expect(record).toMatchObject({ endReason: "caller-hangup", tools: [{ name: "end_call", result: "ok" }] });
    await expectReleased(flow);
  }),
);

test(
  "a caller who never speaks is asked twice, then hung up on",
  sideBySide(async (start) => {
    const flow = await start({ settings: { SILENCE_PROMPT_S: "2" } });
    const { result, record } = await flow.run([{ do: "wait-for-hang-up", timeoutMs: 60_000 }]);
    expect(record.endReason).toBe("silence");
    expect(record.replies.map(({ kind }) => kind)).toEqual(["greeting", "prompt", "prompt", "notice"]);
    expect(record.replies.every(({ cut }) => cut === "")).toBe(true);
    expect(result).toMatchObject({ endedBy: "hangup-verb", streamCloseCode: 1000 });
    expect(complaints(result)).toEqual([]);
    // Counted from the last sound the caller heard.
    const [greeting, prompt] = record.replies;
    const quietMs = (prompt?.startedAtMs ?? NaN) - ((greeting?.startedAtMs ?? NaN) + (greeting?.heardMs ?? NaN));
    expect(quietMs).toBeGreaterThanOrEqual(1950);
    expect(quietMs).toBeLessThan(flow.within(2000));
  }),
);

test(
  "a call that reaches MAX_CALL_MINUTES hears so",
  sideBySide(async (start) => {
    const flow = await start({ settings: { MAX_CALL_MINUTES: "0.2" }, openai: { script: { brain: () => LONG } } });
    const { result, record } = await flow.run([
      ...answer("opening-hours"),
      { do: "wait-for-hang-up", timeoutMs: 60_000 },
    ]);
    expect(record.endReason).toBe("time-limit");
    expect(record.replies.at(-1)).toMatchObject({ kind: "notice", cut: "" });
    expect(record.replies.at(-1)?.heard).toMatch(/out of time/);
    expect(result).toMatchObject({ endedBy: "hangup-verb", streamCloseCode: 1000 });
    expect(record.durationSeconds).toBeGreaterThanOrEqual(12);
    expect(record.durationSeconds).toBeLessThan(flow.within(18_000) / 1000);
  }),
);

test(
  "F15: any one sign of the end is enough",
  sideBySide(async (start) => {
    const flow = await start();
    const subsets = [
      { stop: true, close: true, statusCallback: true },
      { stop: true, close: false, statusCallback: false },
      { stop: false, close: true, statusCallback: false },
      { stop: false, close: "abrupt", statusCallback: false },
      { stop: false, close: false, statusCallback: true },
      { stop: true, close: false, statusCallback: true },
      { stop: false, close: "abrupt", statusCallback: true },
    ] as const;
    const calls = subsets.map((ending) =>
      flow.dial([{ do: "wait-for-agent" }, { do: "pause", ms: 500 }, { do: "hang-up" }], {
        faults: { ending, skipActionAfterHangUp: true },
      }),
    );
    await Promise.all(calls.map(({ done }) => done));
    for (const [at, call] of calls.entries()) {
      const record = await flow.record(call.callSid);
      const broke = subsets[at]?.close === "abrupt" && !subsets[at]?.statusCallback;
      expect(broke ? ["line-lost"] : ["caller-hangup", "line-lost"]).toContain(record.endReason);
      expect(record.timeline.filter(({ what }) => what === "end")).toHaveLength(1);
    }
    expect(await flow.metric("voice_calls_ended_total")).toBe(subsets.length);
    await expectReleased(flow);
  }),
);

test(
  "F16: a peer that vanishes is noticed within 15 seconds; a caller who is only silent is not cut",
  sideBySide(async (start) => {
    const flow = await start({ settings: { SILENCE_PROMPT_S: "60" } });
    const silent = flow.dial([{ do: "pause", ms: 55_000 }, { do: "hang-up" }]);
    const gone = flow.dial([{ do: "wait-for-hang-up", timeoutMs: 60_000 }], { faults: { vanishAtMs: 2000 } });
    const record = await flow.record(gone.callSid);
    expect(record.endReason).toBe("no-media");
    expect(record.durationSeconds).toBeGreaterThanOrEqual(11);
    expect(record.durationSeconds).toBeLessThan(flow.within(15_000) / 1000);
    expect(await flow.metric("voice_half_open_total")).toBe(1);
    expect(await flow.callsActive()).toBe(1);
    gone.hangUp();
    await Promise.all([gone.done, silent.done]);
    expect((await flow.record(silent.callSid)).endReason).toBe("caller-hangup");
    await expectReleased(flow);
  }),
);

test("F23: shutting down lets calls finish, says goodbye at the limit, and turns new ones away", sideBySide(shutdown));
