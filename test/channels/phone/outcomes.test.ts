// What becomes of dialling a human: every outcome as Twilio tells it, warm and cold, with the callbacks twice, late and out of order,
// and the way back to the agent.
import type { CallEnding, EscalationRecord } from "../../../src/core/call.ts";
import { isMachine } from "../../../src/channels/phone/outcomes.ts";
import { startTwilioSim } from "../../../src/sim/twilio/index.ts";
import { ACCOUNT, incoming, manualClock, newCallSid, phone, TOKEN, until, type Form, type Phone } from "./support.ts";

const HUMAN = "+15550003333";
const open: Phone[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

type Transfer = Extract<CallEnding, { kind: "transfer" }>;

interface Passed {
  readonly t: Phone;
  readonly callSid: string;
  /** The TwiML that dials. */
  readonly dial: string;
  readonly outcome: (id?: string) => Promise<EscalationRecord | undefined>;
  /** A request about the human's own leg, at an address of the TwiML. */
  readonly leg: (path: "briefing" | "briefing-answer" | "amd", form?: Form, escalation?: string) => Promise<string>;
  readonly afterDial: (form: Form) => Promise<string>;
}

const pending = (id: string): EscalationRecord => ({
  id,
  trigger: "request",
  urgency: "normal",
  reason: "the caller asked for a person",
  mode: "warm",
  atMs: 1000,
  outcome: "pending",
});

/** A call whose stream is over and whose human is being dialled. */
async function passedOn(
  mode: "warm" | "cold",
  {
    earlier = [],
    options = {},
    ...more
  }: Partial<Transfer> & { earlier?: EscalationRecord[]; options?: Parameters<typeof phone>[0] } = {},
): Promise<Passed> {
  const t = await phone(options);
  open.push(t);
  const callSid = newCallSid();
  await t.state.takeToken(await t.ring(callSid));
  const { callId } = t.calls.admitted.at(-1)!;
  t.calls.abandon(callId);
  t.store.open({ ...t.calls.admitted.at(-1)! }, new Date());
  t.store.update(callId, { escalations: [...earlier, { ...pending("esc_1"), mode }] });
  await t.state.putEnding(callSid, {
    kind: "transfer",
    reason: "transferred",
    to: HUMAN,
    note: "Somebody wants a person.",
    mode,
    escalationId: "esc_1",
    returns: true,
    ...more,
  });
  const about = (form: Form) => incoming(callSid, { CallStatus: "in-progress", ...form });
  const dial = (await t.post("/voice/after-stream", about({}))).text;
  return {
    t,
    callSid,
    dial,
    outcome: async (id = "esc_1") =>
      (await t.store.get(callId))?.escalations.find((escalation) => escalation.id === id),
    async leg(path, form = {}, escalation = "esc_1") {
      const own = incoming(newCallSid(), { Direction: "outbound-dial", CallStatus: "in-progress", ...form });
      const answer = await t.post(`/voice/${path}?call=${callSid}&escalation=${escalation}`, own);
      expect(answer.status).toBe(path === "amd" ? 204 : 200);
      return answer.text.replace(/^<\?xml[^>]*\?>/, "");
    },
    afterDial: async (form) => (await t.post("/voice/after-dial", about(form))).text.replace(/^<\?xml[^>]*\?>/, ""),
  };
}

const HANGUP = "<Response><Hangup/></Response>";
const JOINED = { DialCallStatus: "completed", DialBridged: "true" };
const NOT_JOINED = { DialCallStatus: "completed", DialBridged: "false" };

describe("a warm transfer", () => {
  test("dials with a briefing, and looks out for machines", async () => {
    const { dial, callSid } = await passedOn("warm");
    const query = `?call=${callSid}&amp;escalation=esc_1`;
    expect(dial).toContain(`url="https://voice.example.com/voice/briefing${query}"`);
    expect(dial).toContain(
      `machineDetection="Enable" machineDetectionTimeout="10" amdStatusCallback="https://voice.example.com/voice/amd${query}"`,
    );
  });

  test("the briefing is one sentence, and an answer without a key comes back as well", async () => {
    const { leg, callSid } = await passedOn("warm");
    expect(await leg("briefing")).toMatch(
      new RegExp(
        `<Gather numDigits="1" timeout="10" action="https://voice.example.com/voice/briefing-answer\\?call=${callSid}&amp;escalation=esc_1" ` +
          'actionOnEmptyResult="true"><Say>This is a call passed on by the voice assistant. Somebody wants a person. Press 1 ',
      ),
    );
  });

  test.each([
    ["accepted", "1", "<Response/>", JOINED, HANGUP],
    ["declined", "2", HANGUP, NOT_JOINED, "<Stream"],
    ["voicemail", "", HANGUP, NOT_JOINED, "<Stream"],
  ])("%s: the key %j", async (outcome, Digits, toTheHuman, ended, toTheCaller) => {
    const p = await passedOn("warm");
    expect(await p.leg("briefing-answer", { Digits })).toBe(toTheHuman);
    expect(await p.outcome()).toMatchObject({ outcome, decidedAtMs: expect.any(Number) });
    expect(await p.afterDial(ended)).toContain(toTheCaller);
    expect(await p.outcome()).toMatchObject({ outcome });
    expect(p.t.meter.total("voice_escalation_outcomes_total", { outcome })).toBe(1);
  });

  test.each([
    ["declined", NOT_JOINED],
    ["busy", { DialCallStatus: "busy" }],
    ["no-answer", { DialCallStatus: "no-answer" }],
    ["failed", { DialCallStatus: "failed" }],
    ["failed", {}],
    ["failed", { DialCallStatus: "something new" }],
  ])("%s: %j without a word from the human", async (outcome, form) => {
    const p = await passedOn("warm");
    expect(await p.afterDial(form as Form)).toContain("<Stream");
    expect(await p.outcome()).toMatchObject({ outcome });
  });

  test.each([
    ["dropped", { DialCallStatus: "canceled", CallStatus: "completed" }],
    ["dropped", { ...NOT_JOINED, CallStatus: "completed" }],
    ["accepted", { ...JOINED, CallStatus: "completed" }],
    ["no-answer", { DialCallStatus: "no-answer", CallStatus: "completed" }],
  ])("%s: a caller who is gone by then gets nothing (%j)", async (outcome, form) => {
    const p = await passedOn("warm");
    expect(await p.afterDial(form)).toBe("<Response/>");
    expect(await p.outcome()).toMatchObject({ outcome });
  });

  test("a machine is hung up on, and the caller comes back", async () => {
    const sim = await startTwilioSim({ accountSid: ACCOUNT, authToken: TOKEN });
    try {
      const p = await passedOn("warm", { options: { apiBaseUrl: sim.baseUrl } });
      await p.leg("amd", { AnsweredBy: "machine_start" });
      await until(() => sim.rest.requests.length > 0);
      expect(sim.rest.requests[0]).toMatchObject({ method: "POST", form: { Status: "completed" } });
      expect(await p.outcome()).toMatchObject({ outcome: "voicemail" });
      expect(await p.afterDial(NOT_JOINED)).toContain("<Stream");
      expect(await p.outcome()).toMatchObject({ outcome: "voicemail" });
    } finally {
      await sim.close();
    }
  });

  test.each(["human", "unknown", ""])("detection that finds %j decides nothing", async (AnsweredBy) => {
    const p = await passedOn("warm");
    await p.leg("amd", { AnsweredBy });
    expect(await p.outcome()).toMatchObject({ outcome: "pending" });
  });

  test("a briefing that knows of a machine already is not spoken", async () => {
    const p = await passedOn("warm");
    expect(await p.leg("briefing", { AnsweredBy: "machine_start" })).toBe(HANGUP);
    expect(await p.outcome()).toMatchObject({ outcome: "voicemail" });
  });

  test("the first thing known decides: a key before the detection, the detection before a key", async () => {
    const pressed = await passedOn("warm");
    await pressed.leg("briefing-answer", { Digits: "1" });
    await pressed.leg("amd", { AnsweredBy: "machine_start" });
    expect(await pressed.outcome()).toMatchObject({ outcome: "accepted" });
    expect(pressed.t.log.lines.filter(({ level }) => level === "warn")).toEqual([]);
    const machine = await passedOn("warm");
    await machine.leg("amd", { AnsweredBy: "machine_start" });
    expect(await machine.leg("briefing-answer", { Digits: "1" })).toBe(HANGUP);
    expect(await machine.outcome()).toMatchObject({ outcome: "voicemail" });
  });

  test("callbacks that come twice count once", async () => {
    const p = await passedOn("warm");
    await p.leg("briefing-answer", { Digits: "2" });
    await p.leg("briefing-answer", { Digits: "2" });
    await p.leg("briefing-answer", { Digits: "1" });
    const first = await p.afterDial(NOT_JOINED);
    expect(await p.afterDial(NOT_JOINED)).toBe(first);
    expect(await p.outcome()).toMatchObject({ outcome: "declined" });
    expect(p.t.meter.total("voice_escalation_outcomes_total")).toBe(1);
  });

  test.each(["esc_2", "", "<script>"])(
    "callbacks about %j, which is not the escalation at hand, decide nothing",
    async (id) => {
      const p = await passedOn("warm");
      await p.leg("briefing-answer", { Digits: "2" }, encodeURIComponent(id));
      await p.leg("amd", { AnsweredBy: "machine_start" }, encodeURIComponent(id));
      expect(await p.outcome()).toMatchObject({ outcome: "pending" });
    },
  );

  test("callbacks that are not signed are refused", async () => {
    const { t, callSid, outcome } = await passedOn("warm");
    const path = `/voice/briefing-answer?call=${callSid}&escalation=esc_1`;
    const answer = await t.post(path, { ...incoming(newCallSid()), Digits: "2", AccountSid: "AC1" });
    expect(answer.status).toBe(403);
    expect(await outcome()).toMatchObject({ outcome: "pending" });
  });

  test("a record that is gone or cannot be read is no reason to keep the caller", async () => {
    const p = await passedOn("warm");
    p.t.store.findByCarrierId = () => Promise.reject(new Error("the database is away"));
    expect(await p.leg("briefing-answer", { Digits: "1" })).toBe("<Response/>");
    expect(await p.afterDial(JOINED)).toBe(HANGUP);
  });
});

describe("a cold transfer", () => {
  test("dials without a briefing and without detection", async () => {
    const { dial } = await passedOn("cold");
    expect(dial).toContain(`<Number>${HUMAN}</Number>`);
  });

  test.each([
    ["answered", JOINED, HANGUP],
    ["answered", { DialCallStatus: "answered" }, HANGUP],
    ["busy", { DialCallStatus: "busy" }, "<Stream"],
    ["no-answer", { DialCallStatus: "no-answer" }, "<Stream"],
    ["no-answer", { DialCallStatus: "canceled", CallStatus: "completed" }, "<Response/>"],
    ["failed", { DialCallStatus: "failed" }, "<Stream"],
  ])("%s: %j", async (outcome, form, toTheCaller) => {
    const p = await passedOn("cold");
    expect(await p.afterDial(form)).toContain(toTheCaller);
    expect(await p.outcome()).toMatchObject({ outcome });
  });
});

describe("the way back to the agent", () => {
  const missed = (n: number): EscalationRecord => ({ ...pending(`esc_0${n}`), outcome: "no-answer" });
  const tokenIn = (text: string) => /name="token" value="([^"]+)"/.exec(text)?.[1] ?? "";

  test("is a new stream of the same call that says why", async () => {
    const p = await passedOn("warm");
    const token = tokenIn(await p.afterDial({ DialCallStatus: "busy" }));
    expect(await p.t.state.takeToken(token)).toMatchObject({
      resumes: "human",
      party: { carrierId: p.callSid, callId: "call-1" },
    });
  });

  test("is gone twice in a call, not three times", async () => {
    const once = await passedOn("warm", { earlier: [missed(1)] });
    expect(await once.afterDial({ DialCallStatus: "busy" })).toContain("<Stream");
    const twice = await passedOn("warm", { earlier: [missed(1), missed(2)] });
    expect(await twice.afterDial({ DialCallStatus: "busy" })).toMatch(/nobody could be reached.*<Hangup\/>/);
    expect(await twice.outcome()).toMatchObject({ outcome: "busy" });
  });

  test("is not there where it is not wanted, and not when there is no room", async () => {
    const unwanted = await passedOn("warm", { returns: false });
    expect(await unwanted.afterDial({ DialCallStatus: "busy" })).toMatch(/nobody could be reached.*<Hangup\/>/);
    const full = await passedOn("warm");
    full.t.calls.verdict = "busy";
    expect(await full.afterDial({ DialCallStatus: "busy" })).toMatch(/nobody could be reached.*<Hangup\/>/);
  });
});

test.each([
  ["warm", "dropped"],
  ["cold", "no-answer"],
] as const)("a caller who is gone before anybody is dialled: %s is %s", async (mode, outcome) => {
  const p = await passedOn(mode);
  const again = await p.t.post("/voice/after-stream", incoming(p.callSid, { CallStatus: "completed" }));
  expect(again.text).toContain("<Response/>");
  expect(await p.outcome()).toMatchObject({ outcome });
});

describe("a call that is over while nobody has told how its dialling ended", () => {
  const PATIENCE_MS = 10_000;

  /** Time passes by hand, so that nothing falls due while a test looks. */
  async function passed(mode: "warm" | "cold") {
    const clock = manualClock();
    const p = await passedOn(mode, { options: { clock, timing: { undecidedMs: PATIENCE_MS } } });
    return { ...p, clock, isOver: () => p.t.post("/voice/status", incoming(p.callSid, { CallStatus: "completed" })) };
  }

  test.each([
    ["warm", "dropped"],
    ["cold", "failed"],
  ] as const)("%s: %s, a little later", async (mode, outcome) => {
    const p = await passed(mode);
    await p.isOver();
    p.clock.advance(PATIENCE_MS - 1);
    expect(await p.outcome()).toMatchObject({ outcome: "pending" });
    p.clock.advance(1);
    let known = await p.outcome();
    await until(() => {
      void p.outcome().then((one) => (known = one));
      return known?.outcome !== "pending";
    });
    expect(known).toMatchObject({ outcome, decidedAtMs: expect.any(Number) });
    expect(p.t.meter.total("voice_escalation_outcomes_total", { outcome })).toBe(1);
    // What comes now changes nothing.
    await p.afterDial({ ...JOINED, CallStatus: "completed" });
    expect(await p.outcome()).toMatchObject({ outcome });
  });

  test("what comes right after it, or was known before, decides", async () => {
    const late = await passed("warm");
    await late.isOver();
    await late.afterDial({ DialCallStatus: "busy", CallStatus: "completed" });
    late.clock.advance(PATIENCE_MS);
    expect(await late.outcome()).toMatchObject({ outcome: "busy" });
    const known = await passed("warm");
    await known.leg("briefing-answer", { Digits: "1" });
    const before = known.clock.waiting();
    await known.isOver();
    expect(known.clock.waiting()).toBe(before);
    expect(await known.outcome()).toMatchObject({ outcome: "accepted" });
  });

  test("nothing is waited for after the end", async () => {
    const p = await passed("warm");
    await p.isOver();
    expect(p.clock.waiting()).toBeGreaterThan(0);
    await p.t.close();
    expect(p.clock.waiting()).toBe(0);
    expect(await p.outcome()).toMatchObject({ outcome: "pending" });
  });
});

test("what is a machine", () => {
  expect(
    ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"].every(isMachine),
  ).toBe(true);
  expect(["human", "unknown", "", undefined].some(isMachine)).toBe(false);
});
