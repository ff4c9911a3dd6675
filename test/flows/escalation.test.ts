// Whole calls that are escalated: an emergency, a request for a person, with every end that dialling a human can come to, and the way
// back to the agent where nobody is reached.
import type { DialOutcome } from "../../src/sim/twilio/index.ts";
import type { CallRecord } from "../../src/core/call.ts";
import type { CallResult, CallerScript } from "../../src/sim/twilio/index.ts";
import { until } from "../support/until.ts";
import {
  answer,
  complaints,
  HUMAN,
  listen,
  say,
  sideBySide,
  type Flow,
  type OrganizationInput,
  type Start,
} from "./kit.ts";

const EMERGENCY_WORDS = "If you can, call nine one one. Stay on the line, I am getting a nurse for you.";
const NURSE = "+15550004444";

const CLINIC: OrganizationInput = {
  name: "Lakeside Clinic",
  escalation: {
    mode: "warm",
    contacts: [{ name: "the duty nurse", number: NURSE }],
    emergency_words: EMERGENCY_WORDS,
  },
};

const untilTheEnd = { do: "wait-for-hang-up", timeoutMs: 90_000 } as const;
const ALARM: CallerScript = [...answer("chest-pain"), untilTheEnd];
const ASKS: CallerScript = [...answer("person"), untilTheEnd];
/** Back with the agent, on a second stream, they hear what became of it, are answered, and leave. */
const comesBack = (streams: () => number): CallerScript => [
  ...answer("chest-pain"),
  { do: "wait-for", condition: () => streams() > 1, timeoutMs: 90_000 },
  { do: "wait-for-agent" },
  listen(),
  say("opening-hours"),
  listen(),
  { do: "hang-up" },
];

const about = (result: CallResult, purpose: string) =>
  result.timeline.flatMap((entry) =>
    entry.kind === "request" && entry.purpose === purpose ? [new URL(entry.url).pathname] : [],
  );

async function escalated(
  start: Start,
  caller: CallerScript | ((streams: () => number) => CallerScript),
  dialOutcome: DialOutcome,
  organization: OrganizationInput = CLINIC,
): Promise<{ flow: Flow; result: CallResult; record: CallRecord }> {
  const flow = await start({ organizations: { default: organization }, dialOutcome });
  let streams = 0;
  const call = flow.dial(typeof caller === "function" ? caller(() => streams) : caller);
  call.on("stream-started", () => (streams += 1));
  const result = await call.done;
  const record = await flow.record(call.callSid);
  expect(complaints(result)).toEqual([]);
  expect(result.scriptError).toBeUndefined();
  expect(await flow.metric("voice_internal_errors_total")).toBe(0);
  return { flow, result, record };
}

/** The record once the outcome is known, which the carrier tells after the stream. */
async function settled(flow: Flow, callId: string): Promise<CallRecord> {
  let record: CallRecord | undefined;
  await until("the outcome is recorded", () => {
    void flow.app.store.get(callId).then((one) => (record = one));
    return record !== undefined && record.escalations.every(({ outcome }) => outcome !== "pending");
  });
  return record as CallRecord;
}

test(
  "an emergency: its words at once, a nurse who is told and accepts, and the record of it",
  sideBySide(async (start) => {
    const { flow, result, record } = await escalated(start, ALARM, {
      status: "completed",
      ringMs: 1000,
      talkMs: 2000,
      keys: "1",
      keyAfterMs: 500,
    });
    expect(record.endReason).toBe("transferred");
    // Nobody thought about it first.
    expect(flow.openai.requests.filter(({ path }) => path.endsWith("responses"))).toEqual([]);
    expect(record.replies.filter(({ kind }) => kind === "notice").map(({ heard }) => heard)).toEqual([EMERGENCY_WORDS]);
    expect(result.dials).toMatchObject([{ number: NURSE, status: "completed", bridged: true }]);
    expect(about(result, "action")).toEqual([
      "/voice/after-stream",
      "/voice/briefing",
      "/voice/briefing-answer",
      "/voice/after-dial",
    ]);
    const kept = await settled(flow, record.callId);
    expect(kept.escalations).toMatchObject([
      {
        trigger: "emergency-keyword",
        urgency: "emergency",
        mode: "warm",
        contact: "the duty nurse",
        outcome: "accepted",
        reason: expect.stringMatching(/^emergency: /),
      },
    ]);
    expect(kept.turns).toMatchObject([{ cause: "guard-escalated" }]);
    expect(kept.timeline.map(({ what }) => what)).toEqual(expect.arrayContaining(["guard", "escalation"]));
    expect(await flow.metric("voice_escalations_total", { trigger: "emergency-keyword" })).toBe(1);
    expect(await flow.metric("voice_escalation_outcomes_total", { outcome: "accepted" })).toBe(1);
    const listed = await flow.app.store.list({ escalated: true, limit: 10 });
    expect(listed.map(({ callId }) => callId)).toEqual([record.callId]);
  }),
);

const MISSES: readonly (readonly [outcome: string, dialled: DialOutcome])[] = [
  ["declined", { status: "completed", ringMs: 500, keys: "2", keyAfterMs: 500 }],
  ["declined", { status: "completed", ringMs: 500, hangUpAfterMs: 1500 }],
  ["voicemail", { status: "completed", ringMs: 500 }],
  ["voicemail", { status: "completed", ringMs: 500, answeredBy: "machine_start", detectionMs: 2000 }],
  ["busy", { status: "busy", ringMs: 500 }],
  ["no-answer", { status: "no-answer" }],
  ["failed", { status: "failed", ringMs: 500 }],
];

test.each(
  MISSES.map(
    ([outcome, dialled]) =>
      [
        outcome,
        JSON.stringify(dialled),
        sideBySide(async (start) => {
          const { flow, result, record } = await escalated(start, comesBack, dialled);
          expect(result.streams).toHaveLength(2);
          expect(result.endedBy).toBe("caller");
          const kept = await settled(flow, record.callId);
          expect(kept.replies.map(({ heard }) => heard).join(" ")).toMatch(/nobody could take your call/);
          expect(kept).toMatchObject({ endReason: "caller-hangup", turns: [{ turn: 1 }, { turn: 2 }] });
          // The agent knows it.
          const told = flow.openai.requests.map(({ body }) => JSON.stringify(body)).join(" ");
          expect(told).toContain(`nobody took the call (${outcome})`);
          expect(kept.escalations).toMatchObject([{ outcome, decidedAtMs: expect.any(Number) }]);
          expect(await flow.metric("voice_escalation_outcomes_total")).toBe(1);
          await until("the call is over", () => flow.openai.counts.open === 0);
          expect(await flow.callsActive()).toBe(0);
        }),
      ] as const,
  ),
)("a caller whose nurse is not reached comes back to the agent: %s (%s)", (_outcome, _dialled, run) => run());

test(
  "a request for a person is dialled cold where the organization does not say otherwise",
  sideBySide(async (start) => {
    const flow = await start({
      settings: { TRANSFER_NUMBER: HUMAN },
      dialOutcome: { status: "completed", ringMs: 500, talkMs: 1000 },
    });
    const { result, record } = await flow.run(ASKS);
    expect(complaints(result)).toEqual([]);
    expect(record).toMatchObject({ endReason: "transferred", tools: [] });
    expect(record.replies.at(-1)?.heard).toMatch(/hold while I connect you/);
    expect(result.dials).toMatchObject([{ number: HUMAN, status: "completed" }]);
    expect(about(result, "action")).toEqual(["/voice/after-stream", "/voice/after-dial"]);
    expect((await settled(flow, record.callId)).escalations).toMatchObject([
      { trigger: "request", mode: "cold", contact: "default", outcome: "answered" },
    ]);
  }),
);

test(
  "an emergency in speech-to-speech cuts the voice off",
  sideBySide(async (start) => {
    const { flow, result, record } = await escalated(
      start,
      ALARM,
      { status: "completed", ringMs: 500, talkMs: 1000, keys: "1" },
      { ...CLINIC, voice: { mode: "speech-to-speech" } },
    );
    expect(record.endReason).toBe("transferred");
    expect(record.replies.filter(({ kind }) => kind === "notice").map(({ heard }) => heard)).toEqual([EMERGENCY_WORDS]);
    expect(result.dials).toMatchObject([{ number: NURSE, status: "completed" }]);
    expect((await settled(flow, record.callId)).escalations).toMatchObject([
      { trigger: "emergency-keyword", outcome: "accepted" },
    ]);
  }),
);

test(
  "where nobody is to be dialled the words are said, and the agent goes on",
  sideBySide(async (start) => {
    const { result, record } = await escalated(
      start,
      [...answer("chest-pain"), listen(), { do: "hang-up" }],
      { status: "busy" },
      { escalation: { mode: "message", emergency_words: EMERGENCY_WORDS } },
    );
    expect(result.dials).toEqual([]);
    expect(record.endReason).toBe("caller-hangup");
    expect(record.replies.filter(({ kind }) => kind === "notice").map(({ heard }) => heard)).toEqual([EMERGENCY_WORDS]);
    expect(record.replies.some(({ kind, heard }) => kind === "reply" && heard !== "")).toBe(true);
    expect(record.escalations).toMatchObject([{ mode: "message", outcome: "message-taken" }]);
  }),
);

test(
  "a caller who leaves while the nurse's phone rings has dropped it",
  sideBySide(async (start) => {
    const flow = await start({
      organizations: { default: CLINIC },
      dialOutcome: { status: "completed", ringMs: 20_000, keys: "1" },
    });
    const { record } = await flow.run([...answer("chest-pain"), { do: "pause", ms: 15_000 }, { do: "hang-up" }]);
    expect((await settled(flow, record.callId)).escalations).toMatchObject([{ outcome: "dropped" }]);
  }),
);
