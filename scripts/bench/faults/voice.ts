// Faults of what speaks and thinks: a voice that refuses, drops, stalls or complains; an assistant that is slow or fails; and a
// caller who cuts a long answer.
import type { OpenAISim } from "../../../src/sim/openai/index.ts";
import type { CallerScript, CallResult } from "../../../src/sim/twilio/index.ts";
import { pause } from "../subject.ts";
import { all, answerTimes, between, hangUp, listen, onStand, one, say, times, type Row } from "./stand.ts";

const SENTENCES = [
  "We are open from Monday to Friday.",
  "On Saturday we are open until one in the afternoon.",
  "On Sunday we are closed, and on holidays as well.",
  "Please call again when you know which day suits you.",
];
const WHOLE = SENTENCES.join(" ");
const asking = (ms?: number): CallerScript => [listen(), say("opening-hours"), listen(ms), hangUp];

export async function voiceRefuses(): Promise<Row[]> {
  return onStand({ openai: { faults: { refuse: "reset" } } }, async (stand) => {
    const results = await stand.dialMany(100, 30, () => [{ do: "wait-for-hang-up", timeoutMs: 30_000 }]);
    await pause(500);
    return [
      times("F1", "voice refuses: stream's start to the first sound", first(results), { share: 1, most: 1500 }),
      times("F1", "to the closed stream", ends(results), { share: 1, most: 5000 }),
      all("F1", "apologised for by the carrier", 100, results.filter(({ says }) => says.length === 1).length),
      one("F1", "calls and sockets left over", (await stand.callsActive()) + stand.openai.counts.open, 0, "", 100),
    ];
  });
}

const first = (results: readonly CallResult[]): number[] =>
  results.map((result) => between(result, "stream-started", "first-media"));
const ends = (results: readonly CallResult[]): number[] =>
  results.map((result) => between(result, "stream-started", "stream-ended"));

export async function voiceDrops(): Promise<Row[]> {
  const n = 40;
  return onStand({ openai: { script: { brain: () => WHOLE } } }, async (stand) => {
    for (let index = 0; index < n; index++)
      stand.openai.faultNext({
        drop: { after: "response.output_audio.delta", count: 1 + ((index * 7) % 40), how: "terminate" },
      });
    const results = await stand.dialMany(n, 60, () => asking(3500));
    const resumed = results.filter(({ scriptError, endedBy }) => scriptError === undefined && endedBy === "caller");
    const dropped = await stand.metric("voice_upstream_reconnects_total");
    const twice = SENTENCES.filter((sentence) => spokenWhole(stand.openai, sentence) > n + dropped).length;
    return [
      all("F2", `voice drops in mid-sentence (${dropped} drops): calls that went on`, n, resumed.length),
      times("F2", "longest silence before the agent spoke", results.map(longestSilence), { share: 0.95, most: 2500 }),
      one("F2", "sentences spoken more often than calls and drops explain", twice, 0, "", n),
    ];
  });
}

function spokenWhole({ sessions }: OpenAISim, sentence: string): number {
  return sessions
    .flatMap((session) => session.sent.of("response.output_audio_transcript.done"))
    .filter(({ event }) => String(event["transcript"]).includes(sentence)).length;
}

function longestSilence({ timeline }: CallResult): number {
  let quietSince: number | undefined;
  let longest = 0;
  for (const { kind, atMs } of timeline) {
    if (kind === "agent-silent" || kind === "caller-silent") quietSince = atMs;
    else if (kind === "caller-speaking") quietSince = undefined;
    else if (kind === "agent-speaking" && quietSince !== undefined) longest = Math.max(longest, atMs - quietSince);
  }
  return longest;
}

export async function voiceStalls(): Promise<Row[]> {
  return onStand({}, async (stand) => {
    const idle = await stand.dialMany(50, 10, () => [listen(), { do: "pause", ms: 8000 }, hangUp]);
    const falseAlarms = await stand.metric("voice_upstream_stall_total");
    const asked: number[] = [];
    const noticed: number[] = [];
    stand.openai.faults = { stallOnResponse: true };
    const stop = stand.openai.on("session", (session) => {
      void session.received.waitFor("response.create", { timeoutMs: 30_000 }).then(
        ({ at }) => asked.push(at),
        () => undefined,
      );
      // A dead session is closed by us, twice the time after it was asked.
      void session.closed.then(() => noticed.push(performance.now()));
    });
    await stand.dialMany(10, 50, () => [listen(), say("opening-hours"), { do: "pause", ms: 9000 }, hangUp]);
    stop();
    const alarms = await stand.metric("voice_upstream_stall_total");
    const detected = asked.slice(0, 10).map((at, index) => (noticed[index] ?? Infinity) - at);
    return [
      one("F3", "false alarms in idle calls", falseAlarms, 0, "", idle.length),
      all("F3", "stalls noticed at 3 s and told to the caller", 10, Math.min(10, alarms - falseAlarms)),
      times("F3", "asked to speak, silent: another voice opened (6 s)", detected, { share: 0.95, most: 6500 }),
    ];
  });
}

export async function voiceComplains(): Promise<Row[]> {
  const recoverable = [
    "rate_limit_exceeded",
    "item_retrieve_invalid_item_id",
    "invalid_value",
    "no_such_code",
    "x".repeat(300),
  ];
  const survived = await onStand({}, async (stand) => {
    for (const code of recoverable.flatMap((one) => [one, one, one, one]))
      stand.openai.faultNext({ errorAfter: { after: "session.updated", error: { code } } });
    const results = await stand.dialMany(recoverable.length * 4, 40, () => asking());
    return results.filter(({ scriptError, endedBy }) => scriptError === undefined && endedBy === "caller").length;
  });
  const fatal = ["insufficient_quota", "invalid_api_key", "account_deactivated", "billing_hard_limit_reached"];
  const reconnects = await onStand({}, async (stand) => {
    const before = stand.openai.counts.opened;
    for (const code of fatal) stand.openai.faultNext({ errorAfter: { after: "session.updated", error: { code } } });
    await stand.dialMany(fatal.length, 300, () => [{ do: "wait-for-hang-up", timeoutMs: 20_000 }]);
    return stand.openai.counts.opened - before - fatal.length;
  });
  return [
    all("F4", "recoverable error events survived", recoverable.length * 4, survived),
    one("F4", "reconnections after fatal ones", reconnects, 0, "", fatal.length),
  ];
}

export async function assistantFails(): Promise<Row[]> {
  const slow = await onStand(
    { settings: { THREAD_TIMEOUT_MS: "6000" }, openai: { faults: { restHang: true, restOnly: "/v1/responses" } } },
    (stand) => stand.dialMany(20, 50, () => [listen(), say("opening-hours"), { do: "pause", ms: 9000 }, hangUp]),
  );
  const failing = await onStand({ openai: { faults: { restStatus: 500, restOnly: "/v1/responses" } } }, (stand) =>
    stand.dialMany(20, 50, () => asking()),
  );
  const apologies = failing.filter(({ scriptError }) => scriptError === undefined).length;
  return [
    times(
      "F7",
      "assistant hangs: caller's last word to the first filler",
      slow.flatMap((one) => answerTimes(one).slice(0, 1)),
      { share: 1, most: 2000 },
    ),
    all("F8", "assistant answers 500: apologised for, call goes on", 20, apologies),
    times(
      "F8",
      "caller's last word to the apology",
      failing.flatMap((one) => answerTimes(one).slice(0, 1)),
      { share: 0.95, most: 5000 },
    ),
  ];
}

export async function longAnswerCut(): Promise<Row[]> {
  const long = Array.from({ length: 12 }, () => WHOLE).join(" ");
  const { audio, text } = say("stop");
  return onStand({ openai: { script: { brain: () => long } } }, async (stand) => {
    const results = await stand.dialMany(40, 50, (index) => [
      listen(),
      say("opening-hours"),
      { do: "interrupt", afterMs: 400 + ((index * 431) % 6000), audio, text },
      { do: "pause", ms: 1500 },
      hangUp,
    ]);
    const stops = results.map(({ timeline }) => {
      const at = timeline.findLast(({ kind }) => kind === "caller-speaking")?.atMs ?? NaN;
      return (timeline.find(({ kind, atMs }) => kind === "clear" && atMs >= at)?.atMs ?? NaN) - at;
    });
    return [
      times("F28", "long answer cut: caller's first sound to the clear, detection included", stops, {
        share: 0.95,
        most: 250,
      }),
    ];
  });
}
