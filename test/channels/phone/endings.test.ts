// What Twilio asks after the stream and beside it: each ending, each outcome of a dialling, and callbacks twice and out of order.
import type { CallEnding, CallParty } from "../../../src/core/call.ts";
import type { CarrierState } from "../../../src/core/state.ts";
import { createMemoryState } from "../../../src/state/memory.ts";
import { incoming, manualClock, newCallSid, phone, type Form, type Phone } from "./support.ts";

const HUMAN = "+15550003333";
const open: Phone[] = [];
async function start(options: Parameters<typeof phone>[0] = {}): Promise<Phone> {
  const one = await phone(options);
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** After a stream, while the caller is still there. */
const after = (callSid: string, more: Form = {}) => incoming(callSid, { CallStatus: "in-progress", ...more });
const body = (text: string) => text.replace(/^<\?xml[^>]*\?>/, "");
const party = (callSid: string): CallParty => ({
  callId: `call-${callSid}`,
  carrierId: callSid,
  from: "+15550001111",
  to: "+15550002222",
  attested: true,
  channel: "phone",
  direction: "inbound",
  orgId: "default",
});

/** A call whose stream was accepted and is gone. */
async function streamed(t: Phone, ending?: CallEnding): Promise<string> {
  const callSid = newCallSid();
  const token = await t.ring(callSid);
  await t.state.takeToken(token);
  t.calls.abandon(`call-${t.tokens.length}`);
  if (ending) await t.state.putEnding(callSid, ending);
  return callSid;
}

describe("/voice/after-stream", () => {
  const ask = async (t: Phone, callSid: string, more: Form = {}) => {
    const answer = await t.post("/voice/after-stream", after(callSid, more));
    expect(answer.status).toBe(200);
    expect(answer.type).toBe("text/xml");
    return body(answer.text);
  };
  const HANGUP = "<Response><Hangup/></Response>";
  const SORRY =
    /^<Response><Say>I am sorry, we are having technical trouble\. Please call again later\. Goodbye\.<\/Say><Hangup\/>/;
  const SORRY_AND_DIAL =
    /^<Response><Say>I am sorry[^<]*<\/Say><Dial [^>]*><Number>\+15550003333<\/Number><\/Dial><\/Response>$/;

  test("a call that is to end, ends", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const callSid = await streamed(t, { kind: "hangup", reason: "agent-hangup" });
    expect(await ask(t, callSid)).toBe(HANGUP);
    expect(await ask(t, callSid)).toBe(HANGUP);
  });

  test("a transfer dials the number it names, not the configured one", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const callSid = await streamed(t, { kind: "transfer", reason: "transferred", to: "+15550004444", note: "n" });
    expect(await ask(t, callSid)).toBe(
      '<Response><Dial action="https://voice.example.com/voice/after-dial" timeout="25"><Number>+15550004444</Number></Dial></Response>',
    );
  });

  test("a transfer with a briefing names the call whose note it is", async () => {
    const t = await start({ transferBriefing: true });
    const callSid = await streamed(t, { kind: "transfer", reason: "transferred", to: "+15550004444", note: "n" });
    expect(await ask(t, callSid)).toContain(`<Number url="https://voice.example.com/voice/briefing?call=${callSid}">`);
  });

  test("a withheld caller is shown as the number that was called", async () => {
    const t = await start();
    const callSid = await streamed(t, { kind: "transfer", reason: "transferred", to: "+15550004444", note: "" });
    expect(await ask(t, callSid, { From: "anonymous" })).toContain('callerId="+15550002222"');
    expect(await ask(t, callSid, { From: "anonymous", To: "sip:x@y" })).not.toContain("callerId");
  });

  test("an apology dials the configured human, or ends the call", async () => {
    const ending: CallEnding = { kind: "apologise", reason: "voice-unavailable" };
    const withHuman = await start({ humanFor: () => ({ to: HUMAN }) });
    expect(await ask(withHuman, await streamed(withHuman, ending))).toMatch(SORRY_AND_DIAL);
    const without = await start();
    expect(await ask(without, await streamed(without, ending))).toMatch(SORRY);
  });

  test("whose call it is decides which human that is", async () => {
    const ending: CallEnding = { kind: "apologise", reason: "rejected" };
    const humans: Readonly<Record<string, string>> = { clinic: "+15550006661", garage: "+15550006662" };
    const t = await start({
      organizationOf: (number) => (number === "+15550002222" ? "clinic" : "default"),
      humanFor: (orgId) => (humans[orgId] === undefined ? undefined : { to: humans[orgId], mode: "warm" }),
    });
    const known = await streamed(t, ending);
    expect(await ask(t, known)).toContain(`/voice/briefing?call=${known}">+15550006661<`);
    const elsewhere = newCallSid();
    await t.state.putEnding(elsewhere, ending);
    expect(await ask(t, elsewhere)).toContain(">+15550006661<");
    // The number that was called is somebody else's.
    const placed = newCallSid();
    await t.state.putEnding(placed, ending);
    expect(await ask(t, placed, { Direction: "outbound-api" })).toMatch(SORRY);
    t.store.open({ ...party(placed), orgId: "garage", direction: "outbound" }, new Date());
    expect(await ask(t, placed, { Direction: "outbound-api" })).toContain(">+15550006662<");
    expect(await ask(t, elsewhere, { To: "+15550009999" })).toMatch(SORRY);
  });

  test("a call of ours that ended without a word gets an apology and a human", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    expect(await ask(t, await streamed(t))).toMatch(SORRY_AND_DIAL);
  });

  test("so does one that only the records know, as after a restart", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const callSid = newCallSid();
    t.store.open(party(callSid), new Date());
    expect(await ask(t, callSid)).toMatch(SORRY_AND_DIAL);
  });

  test("an unknown call gets an apology; nobody is dialled for it", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    expect(await ask(t, newCallSid())).toMatch(SORRY);
  });

  test("a caller who is gone gets nothing, whatever was planned", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const callSid = await streamed(t, { kind: "transfer", reason: "transferred", to: HUMAN, note: "" });
    for (const CallStatus of ["completed", "canceled", "failed", "busy", "no-answer"]) {
      expect(await ask(t, callSid, { CallStatus })).toBe("<Response/>");
    }
    expect(t.calls.ended).toEqual([[callSid, "completed"]]);
  });

  test("a stream that never came about lets the voice go at once", async () => {
    const clock = manualClock();
    const t = await start({ clock, humanFor: () => ({ to: HUMAN }) });
    const callSid = newCallSid();
    await t.ring(callSid);
    expect(await ask(t, callSid)).toMatch(SORRY_AND_DIAL);
    expect(t.calls.slots()).toBe(0);
    expect(await t.state.unspentToken(callSid)).toBeUndefined();
    expect(await t.store.findByCarrierId(callSid)).toMatchObject({ endReason: "abandoned" });
    expect(clock.waiting()).toBe(0);
  });

  test("waits a moment for an ending that is on its way, and no longer", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }), timing: { endingGraceMs: 150 } });
    const callSid = newCallSid();
    await t.state.takeToken(await t.ring(callSid));
    const early = ask(t, callSid);
    await t.state.putEnding(callSid, { kind: "hangup", reason: "line-lost" });
    expect(await early).toBe(HANGUP);
    const other = newCallSid();
    await t.state.takeToken(await t.ring(other));
    expect(t.calls.isLive(other)).toBe(true);
    expect(await ask(t, other)).toMatch(SORRY_AND_DIAL);
  });

  test("a state that fails ends in an apology, not in a problem", async () => {
    const clock = manualClock();
    const state: CarrierState = {
      ...createMemoryState({ clock }),
      getEnding: () => Promise.reject(new Error("no state")),
    };
    const t = await start({ state, humanFor: () => ({ to: HUMAN }) });
    expect(await ask(t, newCallSid())).toMatch(SORRY_AND_DIAL);
  });
});

describe("a reconnection", () => {
  const ending: CallEnding = { kind: "reconnect", reason: "line-lost" };
  const ask = async (t: Phone, callSid: string) => body((await t.post("/voice/after-stream", after(callSid))).text);
  const tokenIn = (text: string) => /name="token" value="([^"]+)"/.exec(text)?.[1];

  test("opens another stream with a new token for the same call", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const callSid = await streamed(t, ending);
    const token = tokenIn(await ask(t, callSid));
    expect(token).toBeDefined();
    expect(token).not.toBe(t.tokens[0]);
    expect(await t.state.takeToken(token ?? "")).toMatchObject({ party: { callId: "call-1", carrierId: callSid } });
    // The voice of a call that goes on has to know what was said, which is read when its stream is there.
    expect(t.calls.prewarmed).toEqual(["call-1"]);
    expect(t.calls.slots()).toBe(1);
  });

  test("asked for again is the same one while its token is unspent, and not for ever", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const callSid = await streamed(t, ending);
    const first = await ask(t, callSid);
    for (let n = 0; n < 5; n++) expect(await ask(t, callSid)).toBe(first);
    expect(t.calls.admitted).toHaveLength(2);
    expect(await ask(t, callSid)).toContain("<Dial");
  });

  test("whose second stream breaks without a word becomes an apology", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const callSid = await streamed(t, ending);
    const token = tokenIn(await ask(t, callSid)) ?? "";
    await t.state.takeToken(token);
    t.calls.abandon("call-1");
    expect(await ask(t, callSid)).toMatch(/<Say>I am sorry.*<Dial/);
  });

  test("waits until the first bridge has let go, and does not wait for ever", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const closing = newCallSid();
    await t.state.takeToken(await t.ring(closing));
    await t.state.putEnding(closing, ending);
    const isLive = t.calls.isLive.bind(t.calls);
    let looks = 0;
    t.calls.isLive = (id) => {
      if (++looks === 3) t.calls.abandon("call-1");
      return isLive(id);
    };
    expect(tokenIn(await ask(t, closing))).toBeDefined();
    expect(looks).toBeGreaterThanOrEqual(3);
    const stuck = newCallSid();
    await t.state.takeToken(await t.ring(stuck));
    await t.state.putEnding(stuck, ending);
    expect(await ask(t, stuck)).toMatch(/<Say>I am sorry.*<Dial/);
    expect(t.calls.admitted).toHaveLength(3);
  });

  test("without room, or for a call that nobody knows, is an apology", async () => {
    const t = await start({ humanFor: () => ({ to: HUMAN }) });
    const callSid = await streamed(t, ending);
    t.calls.verdict = "draining";
    expect(await ask(t, callSid)).toMatch(/<Say>I am sorry.*<Dial/);
    const unknown = newCallSid();
    await t.state.putEnding(unknown, ending);
    expect(await ask(t, unknown)).toMatch(/<Say>I am sorry/);
  });

  test("in another process takes the party from the records, and only the party", async () => {
    const t = await start();
    const callSid = newCallSid();
    t.store.open(party(callSid), new Date());
    await t.state.putEnding(callSid, ending);
    const token = tokenIn(await ask(t, callSid)) ?? "";
    expect(await t.state.takeToken(token)).toEqual({
      party: party(callSid),
      accountId: expect.any(String),
      resumes: "line",
    });
  });
});

describe("/voice/after-dial", () => {
  test.each<readonly [Form, "hangup" | "nobody", string]>([
    [{ DialCallStatus: "completed", DialBridged: "true" }, "hangup", "completed"],
    [{ DialCallStatus: "completed" }, "hangup", "completed"],
    [{ DialCallStatus: "answered" }, "hangup", "answered"],
    [{ DialCallStatus: "completed", DialBridged: "false" }, "nobody", "declined"],
    [{ DialCallStatus: "busy" }, "nobody", "busy"],
    [{ DialCallStatus: "no-answer" }, "nobody", "no-answer"],
    [{ DialCallStatus: "failed" }, "nobody", "failed"],
    [{ DialCallStatus: "canceled" }, "nobody", "canceled"],
    [{}, "nobody", "unknown"],
  ])("%j: %s", async (fields, expected, outcome) => {
    const t = await start();
    const callSid = newCallSid();
    t.store.open(party(callSid), new Date());
    for (let n = 0; n < 3; n++) {
      const answer = await t.post("/voice/after-dial", after(callSid, fields));
      if (expected === "hangup") expect(body(answer.text)).toBe("<Response><Hangup/></Response>");
      else expect(answer.text).toMatch(/<Say>I am sorry, nobody could be reached.*<Hangup\/>/);
    }
    const record = await t.store.findByCarrierId(callSid);
    expect(record?.timeline).toEqual([{ atMs: expect.any(Number), what: "transfer-outcome", detail: { outcome } }]);
  });

  test("keeps what stood in the record before", async () => {
    const t = await start();
    const callSid = newCallSid();
    t.store.open(party(callSid), new Date());
    const entry = { atMs: 5, what: "end" };
    t.store.note(`call-${callSid}`, entry);
    t.store.update(`call-${callSid}`, { endReason: "transferred", status: "completed" });
    await t.post("/voice/after-dial", after(callSid, { DialCallStatus: "busy" }));
    expect(await t.store.findByCarrierId(callSid)).toMatchObject({
      endReason: "transferred",
      timeline: [entry, { what: "transfer-outcome" }],
    });
  });

  test("of a caller who has hung up says nothing", async () => {
    const t = await start();
    const callSid = newCallSid();
    const form = after(callSid, { CallStatus: "completed", DialCallStatus: "no-answer" });
    expect(body((await t.post("/voice/after-dial", form)).text)).toBe("<Response/>");
  });
});

describe("the briefing", () => {
  const leg = (more: Form = {}) => after(newCallSid(), { Direction: "outbound-dial", ...more });

  test("tells the note of the call that is passed on, and asks for a key", async () => {
    const t = await start();
    await t.state.putEnding("CAparent", {
      kind: "transfer",
      reason: "transferred",
      to: HUMAN,
      note: "Wants <a> refund.",
    });
    const answer = await t.post("/voice/briefing?call=CAparent", leg());
    expect(answer.text).toMatch(
      /<Gather numDigits="1" timeout="10" action="https:\/\/voice\.example\.com\/voice\/briefing-answer"><Say>.*Wants &lt;a&gt; refund\. Press 1/,
    );
    expect(answer.text).toMatch(/<\/Gather><Hangup\/><\/Response>$/);
  });

  test.each(["", "?call=", "?call=CAunknown", "?call=CA1&call=CA2"])(
    "has no note for %j, and is there",
    async (query) => {
      const t = await start();
      const answer = await t.post(`/voice/briefing${query}`, leg());
      expect(answer.status).toBe(200);
      expect(answer.text).toContain("Press 1");
    },
  );

  test("joins for the key 1 alone", async () => {
    const t = await start();
    const answer = async (form: Form) => body((await t.post("/voice/briefing-answer", leg(form))).text);
    expect(await answer({ Digits: "1" })).toBe("<Response/>");
    for (const form of [{ Digits: "2" }, { Digits: "" }, { Digits: "11" }, {}]) {
      expect(await answer(form as Form)).toBe("<Response><Hangup/></Response>");
    }
  });
});

describe("/voice/status", () => {
  const tell = async (t: Phone, callSid: string, ...statuses: string[]) => {
    for (const [n, CallStatus] of statuses.entries()) {
      const answer = await t.post("/voice/status", incoming(callSid, { CallStatus, SequenceNumber: String(n) }));
      expect([answer.status, answer.text]).toEqual([204, ""]);
    }
  };

  test("the terminal one ends the call, once", async () => {
    const t = await start();
    const callSid = newCallSid();
    t.store.open(party(callSid), new Date());
    await tell(t, callSid, "initiated", "ringing", "in-progress", "completed", "completed", "failed");
    expect(t.calls.ended).toEqual([[callSid, "completed"]]);
    expect(await t.store.findByCarrierId(callSid)).toMatchObject({ carrierStatus: "completed" });
    expect(t.meter.total("voice_webhook_duplicates_total")).toBe(2);
  });

  test("late ones do not take a call back", async () => {
    const t = await start();
    const callSid = newCallSid();
    t.store.open(party(callSid), new Date());
    await tell(t, callSid, "no-answer", "ringing", "in-progress", "initiated", "queued", "who-knows");
    expect(t.calls.ended).toEqual([[callSid, "no-answer"]]);
    expect(await t.store.findByCarrierId(callSid)).toMatchObject({ carrierStatus: "no-answer" });
  });

  test("in every order and any number of times comes to the same", async () => {
    const t = await start();
    const statuses = ["initiated", "ringing", "in-progress", "completed"];
    for (let round = 0; round < 24; round++) {
      const callSid = newCallSid();
      const shuffled = [...statuses, ...statuses]
        .map((status) => ({ status, key: Math.random() }))
        .sort((a, b) => a.key - b.key);
      await tell(t, callSid, ...shuffled.map(({ status }) => status));
      expect(t.calls.ended.filter(([sid]) => sid === callSid)).toEqual([[callSid, "completed"]]);
    }
  });

  test("of a caller who hangs up before the stream lets everything go", async () => {
    const clock = manualClock();
    const t = await start({ clock });
    const callSid = newCallSid();
    await t.ring(callSid);
    await tell(t, callSid, "completed");
    expect(t.calls.slots()).toBe(0);
    expect(await t.state.unspentToken(callSid)).toBeUndefined();
    expect(await t.store.findByCarrierId(callSid)).toMatchObject({
      endReason: "abandoned",
      carrierStatus: "completed",
    });
    expect(clock.waiting()).toBe(0);
    // The webhook coming once more does not bring the call back.
    expect((await t.post("/voice", incoming(callSid))).text).toContain("<Hangup/>");
    expect(t.calls.admitted).toHaveLength(1);
  });

  test("that comes before its call's webhook does not stand in its way", async () => {
    const t = await start();
    const callSid = newCallSid();
    await tell(t, callSid, "ringing");
    expect((await t.post("/voice", incoming(callSid))).text).toContain("<Stream");
  });
});

describe("/voice/stream-status", () => {
  const tell = (t: Phone, fields: Form) =>
    t.post("/voice/stream-status", { ...incoming(newCallSid()), CallSid: "CAx", StreamSid: "MZ1", ...fields });

  test.each([
    ["31903", { StreamError: "31903" }, "warn"],
    ["31920", { StreamError: "Stream - WebSocket handshake error (31920): 404" }, "warn"],
    ["31951", { StreamErrorCode: "31951", StreamError: "Invalid message" }, "warn"],
    ["31921", { StreamError: "31921" }, "debug"],
    ["other", { StreamError: "no number in it" }, "warn"],
    ["other", {}, "warn"],
  ])("an error is counted as %s and logged once", async (code, fields, level) => {
    const t = await start();
    for (let n = 0; n < 3; n++) {
      const answer = await tell(t, { StreamEvent: "stream-error", ...fields });
      expect(answer.status).toBe(204);
    }
    expect(t.meter.total("voice_stream_errors_total", { code })).toBe(1);
    expect(t.meter.total("voice_stream_errors_total")).toBe(1);
    expect(t.log.lines.filter(({ message }) => message.includes("stream error"))).toMatchObject([{ level }]);
  });

  test("start and stop are no errors, and neither is an event of another version", async () => {
    const t = await start();
    for (const StreamEvent of ["stream-started", "stream-stopped", "stream-paused", ""]) {
      expect((await tell(t, { StreamEvent })).status).toBe(204);
    }
    expect(t.meter.total("voice_stream_errors_total")).toBe(0);
  });
});

test("/voice/amd keeps who answered, once", async () => {
  const t = await start();
  const callSid = newCallSid();
  t.store.open(party(callSid), new Date());
  for (const AnsweredBy of ["machine_start", "human"]) {
    expect((await t.post("/voice/amd", incoming(callSid, { AnsweredBy }))).status).toBe(204);
  }
  const record = await t.store.findByCarrierId(callSid);
  expect(record?.timeline).toMatchObject([{ what: "answered-by", detail: { by: "machine_start" } }]);
  expect((await t.post("/voice/amd", incoming(newCallSid(), { AnsweredBy: "fax" }))).status).toBe(204);
});
