// When the voice fails: it refuses, hangs, drops, stalls, or does not know what was said. What the caller hears meanwhile, and that
// nothing is said twice.
import type { Faults, OpenAISim, RealtimeSession } from "../../src/sim/openai/index.ts";
import type { CallEvent, CallResult } from "../../src/sim/twilio/index.ts";
import { until } from "../support/until.ts";
import { answer, heardReplies, HUMAN, listen, say, sideBySide, words, type Flow, type Start } from "./kit.ts";

const SENTENCES = [
  "We are open from Monday to Friday.",
  "On Saturday we are open until one in the afternoon.",
  "On Sunday we are closed, and on holidays as well.",
  "Please call again when you know which day suits you.",
];

/** Texts that sessions really spoke to their ends, in order. */
function spoken(openai: OpenAISim): string[] {
  return openai.sessions.flatMap((session) =>
    session.sent.of("response.output_audio_transcript.done").map(({ event }) => String(event.transcript)),
  );
}

const at = (result: CallResult, kind: CallEvent["kind"]): number =>
  result.timeline.find((entry) => entry.kind === kind)?.atMs ?? Infinity;

/** Longest time in which nothing was heard until somebody spoke, call ms. */
function longestSilence({ timeline }: CallResult): number {
  const sounds = timeline
    .filter(({ kind }) => /^(stream-started|agent-|caller-s)/.test(kind))
    .sort((a, b) => a.atMs - b.atMs);
  const gaps = sounds.map(({ kind, atMs }, index) =>
    kind.endsWith("-speaking") && sounds[index - 1]?.kind.endsWith("-speaking") === false
      ? atMs - (sounds[index - 1]?.atMs ?? atMs)
      : 0,
  );
  return Math.max(...gaps);
}

/** No voice from the beginning: the caller hears the greeting from memory, a reason, an apology, and a human. */
async function unavailable(start: Start, faults: Faults, seconds: number): Promise<void> {
  const flow = await start({
    settings: { TRANSFER_NUMBER: HUMAN },
    openai: { faults },
    dialOutcome: { status: "completed", ringMs: 500, talkMs: 500 },
  });
  const calls = Array.from({ length: 5 }, () => flow.run([{ do: "wait-for-hang-up", timeoutMs: 60_000 }]));
  for (const { result, record } of await Promise.all(calls)) {
    expect(record.endReason).toBe("voice-unavailable");
    expect(at(result, "first-media") - at(result, "stream-started")).toBeLessThan(flow.within(100));
    expect(at(result, "stream-ended") - at(result, "stream-started")).toBeLessThan(flow.within(seconds * 1000));
    expect(result.says).toEqual([expect.stringContaining("technical trouble")]);
    expect(result.dials.map(({ number }) => number)).toEqual([HUMAN]);
  }
  expect(await flow.metric("voice_calls_ended_total", { reason: "voice-unavailable" })).toBe(5);
  if (!faults.ignoreUpdates) expect(await flow.metric("voice_upstream_connects_total", { result: "ok" })).toBe(0);
  await until("all is released", () => flow.openai.counts.open === 0);
  expect(await flow.callsActive()).toBe(0);
}

/** Whose call it is decides who takes over, whoever stands in for the program itself. */
async function theirOwnHuman(start: Start): Promise<void> {
  const numbers = { clinic: "+15550004444", garage: "+15550005555", night: "+15550007777" };
  const contacts = [{ name: "Front desk", number: "+15550006666" }];
  const flow = await start({
    settings: { TRANSFER_NUMBER: HUMAN },
    organizations: {
      clinic: { numbers: [numbers.clinic], escalation: { contacts } },
      garage: { numbers: [numbers.garage] },
      night: { numbers: [numbers.night], escalation: { mode: "message", contacts } },
    },
    openai: { faults: { refuse: 503 } },
    dialOutcome: { status: "completed", ringMs: 500, talkMs: 500 },
  });
  const dialled = async (to: string): Promise<string[]> => {
    const { result, record } = await flow.run([{ do: "wait-for-hang-up", timeoutMs: 60_000 }], { to });
    expect(record.endReason).toBe("voice-unavailable");
    expect(result.says).toEqual([expect.stringContaining("technical trouble")]);
    return result.dials.map(({ number }) => number);
  };
  expect(await Promise.all(Object.values(numbers).map(dialled))).toEqual([["+15550006666"], [HUMAN], []]);
}

/** One drop in the middle of an answer, after so many audio deltas. */
async function dropped(start: Start, count: number, how: "terminate" | 1011 | 1001): Promise<void> {
  const flow = await start({
    openai: {
      script: { brain: () => SENTENCES.join(" ") },
      timing: { pace: 12, transcriptMs: 5, replyMs: 5, textDeltaMs: 1 },
    },
  });
  flow.openai.faultNext({ drop: { after: "response.output_audio.delta", count, how } });
  const { result, record } = await flow.run([...answer("opening-hours"), listen(3500), { do: "hang-up" }]);
  expect(result.scriptError).toBeUndefined();
  expect(record.endReason).toBe("caller-hangup");
  expect(flow.openai.counts.opened).toBe(2);
  expect(await flow.metric("voice_upstream_reconnects_total")).toBe(1);
  expect(record.turns).toHaveLength(1);
  // All of it was heard, in order, each sentence once: on the record, and in what the voices spoke to its end.
  expect(heardReplies(record).join(" ")).toBe(SENTENCES.join(" "));
  const whole = spoken(flow.openai).join(" ");
  for (const sentence of SENTENCES) expect(whole.split(sentence).length).toBeLessThanOrEqual(2);
  // The phone played the greeting, the reply, and at most the broken sentence's beginning twice, and a word for the wait.
  const made = record.replies.reduce((sum, { heardMs }) => sum + heardMs, 0);
  const played = result.streams.reduce((sum, { playedBytes }) => sum + playedBytes / 8, 0);
  expect(Math.abs(played - made)).toBeLessThan(flow.within(300));
  expect(longestSilence(result)).toBeLessThan(flow.within(2500));
}

/** A transcription that goes wrong: the caller is asked again, or not bothered, and the call goes on. */
async function misheard(start: Start, mode: NonNullable<Faults["transcription"]>, more: Faults = {}): Promise<Flow> {
  const flow = await start({ settings: { TRANSCRIPTION_TIMEOUT_MS: "2000" } });
  flow.openai.faults = { transcription: mode, ...more };
  const { result, record } = await flow.run([
    ...answer("opening-hours"),
    { do: "wait-for-agent" },
    { do: "run", action: () => void (flow.openai.faults = {}) },
    ...answer("how-long"),
    listen(),
    { do: "hang-up" },
  ]);
  expect(result.scriptError).toBeUndefined();
  expect(record.endReason).toBe("caller-hangup");
  expect(record.replies.some(({ heard }) => /did not catch that/.test(heard))).toBe(true);
  expect(record.turns.at(-1)?.text).toBe(words("how-long").text);
  expect(heardReplies(record).at(-1)).toMatch(/forty minutes/);
  expect(longestSilence(result)).toBeLessThan(flow.within(3500));
  return flow;
}

describe("F1: no voice from the beginning", () => {
  test(
    "the connection is refused",
    sideBySide((start) => unavailable(start, { refuse: "reset" }, 5)),
  );
  test(
    "401: nothing is tried twice",
    sideBySide(async (start) => {
      const flow = await start({ openai: { faults: { refuse: 401 } } });
      const { record, result } = await flow.run([{ do: "wait-for-hang-up", timeoutMs: 60_000 }]);
      expect(record.endReason).toBe("voice-unavailable");
      expect(flow.openai.counts).toMatchObject({ opened: 0, refused: 1 });
      expect(result.says[0]).toMatch(/Please call again later/);
      expect(result).toMatchObject({ dials: [], endedBy: "hangup-verb" });
    }),
  );
  test(
    "503",
    sideBySide((start) => unavailable(start, { refuse: 503 }, 5)),
  );
  test(
    "the handshake hangs",
    sideBySide((start) => unavailable(start, { refuse: "hang" }, 6)),
  );
  test(
    "F3: it accepts and says nothing",
    sideBySide((start) => unavailable(start, { mute: true }, 6)),
  );
  test("the human who takes over is the organization's, not the program's", sideBySide(theirOwnHuman));
  test(
    "it never takes the settings",
    sideBySide((start) => unavailable(start, { ignoreUpdates: true }, 6)),
  );

  test(
    "it comes late: what the caller said meanwhile is not lost",
    sideBySide(async (start) => {
      const flow = await start();
      flow.openai.faultNext({ createdDelayMs: 2000 / flow.speed });
      const { result, record } = await flow.run([
        { do: "wait-for-agent" },
        say("opening-hours"),
        listen(3000),
        { do: "hang-up" },
      ]);
      expect(result.scriptError).toBeUndefined();
      expect(record.turns.map(({ text }) => text)).toEqual([words("opening-hours").text]);
      expect(heardReplies(record)[0]).toMatch(/We are open/);
    }),
  );
});

describe("F2: the voice is lost in the middle of a sentence", () => {
  test(
    "cut off at its first sound",
    sideBySide((start) => dropped(start, 1, "terminate")),
  );
  test(
    "cut off in the first sentence",
    sideBySide((start) => dropped(start, 6, "terminate")),
  );
  test(
    "closed with 1011 in the second",
    sideBySide((start) => dropped(start, 17, 1011)),
  );
  test(
    "expired in the third",
    sideBySide((start) => dropped(start, 30, 1001)),
  );

  test(
    "while the caller speaks: their words are heard by the next one",
    sideBySide(async (start) => {
      const flow = await start();
      flow.openai.faultNext({ drop: { after: "input_audio_buffer.speech_started", how: "terminate", delayMs: 200 } });
      const { result, record } = await flow.run([...answer("make-it-thursday"), listen(), { do: "hang-up" }]);
      expect(result.scriptError).toBeUndefined();
      expect(record.turns.map(({ text }) => text)).toEqual([words("make-it-thursday").text]);
      expect(heardReplies(record)[0]).toMatch(/Thursday/);
      expect(flow.openai.counts.opened).toBe(2);
    }),
  );

  test(
    "in speech-to-speech: the next one goes on with the conversation",
    sideBySide(async (start) => {
      const flow = await start({ settings: { VOICE_MODE: "speech-to-speech" } });
      flow.openai.faultNext({ drop: { after: "response.done", how: "terminate", delayMs: 100 } });
      const { result, record } = await flow.run([
        ...answer("opening-hours"),
        ...answer("how-long"),
        listen(),
        { do: "hang-up" },
      ]);
      expect(result.scriptError).toBeUndefined();
      expect(record.turns.map(({ text }) => text)).toEqual([words("opening-hours").text, words("how-long").text]);
      const replies = heardReplies(record);
      expect(replies[0]).toMatch(/We are open/);
      expect(replies.at(-1)).toMatch(/forty minutes/);
      expect(replies.join(" ").split("We are open Monday")).toHaveLength(2);
      // The second voice knows what was said.
      const second = flow.openai.sessions[1] as RealtimeSession;
      const history = second.received.of("conversation.item.create").map(({ event }) => JSON.stringify(event));
      expect(history.filter((item) => item.includes(words("opening-hours").text))).toHaveLength(1);
      expect(flow.openai.counts.opened).toBe(2);
    }),
  );

  test(
    "again and again: the caller is not kept",
    sideBySide(async (start) => {
      const flow = await start({
        openai: { faults: { drop: { after: "response.output_audio.delta", count: 3, how: "terminate" } } },
      });
      const { result, record } = await flow.run([
        ...answer("opening-hours"),
        { do: "wait-for-hang-up", timeoutMs: 60_000 },
      ]);
      expect(record.endReason).toBe("voice-unavailable");
      expect(flow.openai.counts.opened).toBe(2);
      expect(result.says).toEqual([expect.stringContaining("technical trouble")]);
    }),
  );
});

test(
  "F3: it stalls after it was asked to speak: noticed, replaced, and the answer is heard",
  sideBySide(async (start) => {
    const flow = await start();
    flow.openai.faultNext({ stallOnResponse: true });
    const { result, record } = await flow.run([
      ...answer("opening-hours"),
      { do: "wait-for-agent" },
      listen(6000),
      { do: "hang-up" },
    ]);
    expect(result.scriptError).toBeUndefined();
    expect(heardReplies(record).join(" ")).toMatch(/We are open Monday to Friday/);
    expect(await flow.metric("voice_upstream_stall_total")).toBe(1);
    expect(flow.openai.counts.opened).toBe(2);
    // Something is heard by three seconds, not only when the answer is there.
    expect(longestSilence(result)).toBeLessThan(flow.within(6000));
  }),
);

test(
  "F3: a voice that is only idle is left alone",
  sideBySide(async (start) => {
    const flow = await start({ speed: 15, settings: { SILENCE_PROMPT_S: "600" } });
    const { record } = await flow.run([
      ...answer("opening-hours"),
      listen(),
      { do: "pause", ms: 60_000 },
      say("how-long"),
      listen(),
      { do: "hang-up" },
    ]);
    expect(record.turns).toHaveLength(2);
    expect(flow.openai.counts.opened).toBe(1);
    expect(await flow.metric("voice_upstream_stall_total")).toBe(0);
  }),
);

describe("F4: errors", () => {
  test(
    "recoverable ones change nothing",
    sideBySide(async (start) => {
      const flow = await start();
      const codes = [
        "invalid_value",
        "invalid_event",
        "rate_limit_exceeded",
        "server_error",
        "conversation_already_has_active_response",
        "response_cancel_not_active",
        null,
      ];
      const { result, record } = await flow.run([
        listen(),
        { do: "run", action: () => codes.forEach((code) => flow.openai.sessions[0]?.fail({ code })) },
        say("opening-hours"),
        listen(),
        { do: "hang-up" },
      ]);
      expect(result.scriptError).toBeUndefined();
      expect(heardReplies(record)[0]).toMatch(/We are open/);
      expect(flow.openai.counts.opened).toBe(1);
      expect(await flow.metric("voice_upstream_errors_total")).toBeGreaterThanOrEqual(codes.length - 1);
    }),
  );
  test(
    "a fatal one ends the call with an apology, and no other voice is dialled",
    sideBySide(async (start) => {
      const flow = await start();
      const { result, record } = await flow.run([
        listen(),
        { do: "run", action: () => flow.openai.sessions[0]?.fail({ code: "insufficient_quota" }) },
        { do: "wait-for-hang-up", timeoutMs: 60_000 },
      ]);
      expect(record.endReason).toBe("voice-unavailable");
      expect(flow.openai.counts.opened).toBe(1);
      expect(result.says).toEqual([expect.stringContaining("technical trouble")]);
    }),
  );
});

async function unspoken(start: Start, response: NonNullable<Faults["response"]>): Promise<void> {
  const flow = await start();
  const { result, record } = await flow.run([
    listen(),
    { do: "run", action: () => void (flow.openai.faults = { response }) },
    say("opening-hours"),
    listen(),
    { do: "run", action: () => void (flow.openai.faults = {}) },
    say("how-long"),
    listen(),
    { do: "hang-up" },
  ]);
  expect(result.scriptError).toBeUndefined();
  expect(record.endReason).toBe("caller-hangup");
  expect(record.turns.map(({ text }) => text)).toEqual([words("opening-hours").text, words("how-long").text]);
  expect(record.turns[0]?.cause).toMatch(/^speech-/);
  expect(heardReplies(record).at(-1)).toMatch(/forty minutes/);
  expect(flow.openai.counts.opened).toBe(1);
}

describe("responses that end without all of their speech: the caller hears something, and the call goes on", () => {
  for (const code of ["rate_limit_exceeded", "server_error", "content_filter", "max_output_tokens"] as const)
    test(
      code,
      sideBySide((start) => unspoken(start, code)),
    );
});

describe("words that are not understood", () => {
  test(
    "the transcription fails",
    sideBySide(async (start) => void (await misheard(start, "failed"))),
  );
  test(
    "it never comes",
    sideBySide(async (start) => void (await misheard(start, "never"))),
  );
  test(
    "it comes much too late",
    sideBySide(async (start) => void (await misheard(start, "late", { transcriptLateMs: 20_000 }))),
  );
  test(
    "it comes late, but in time",
    sideBySide(async (start) => {
      const flow = await start();
      flow.openai.faults = { transcription: "late", transcriptLateMs: 1500 / flow.speed };
      const { record } = await flow.run([...answer("opening-hours"), listen(), { do: "hang-up" }]);
      expect(record.turns.map(({ text }) => text)).toEqual([words("opening-hours").text]);
      expect(heardReplies(record)[0]).toMatch(/We are open/);
    }),
  );
  test(
    "it is empty: a noise, which needs no answer",
    sideBySide(async (start) => {
      const flow = await start();
      flow.openai.faults = { transcription: "empty" };
      const { result, record } = await flow.run([
        listen(),
        say("okay"),
        { do: "pause", ms: 2000 },
        { do: "run", action: () => void (flow.openai.faults = {}) },
        say("how-long"),
        listen(),
        { do: "hang-up" },
      ]);
      expect(result.scriptError).toBeUndefined();
      expect(record.turns.map(({ text }) => text)).toEqual([words("how-long").text]);
    }),
  );
});
