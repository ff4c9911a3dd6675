// <Dial>: every outcome of the number dialled, what its action is told, briefings, and what the caller hears.
import { ACCOUNT_SID, AUTH_TOKEN, CALLER, startDouble, tone, xml, type Double } from "./double.ts";
import { entriesOf } from "../../../src/sim/twilio/index.ts";

let double: Double;
beforeEach(async () => {
  double = await startDouble({ speed: 50 });
  double.on("/after", xml("<Say>after</Say>"));
});
afterEach(() => double.close());

const HUMAN = "+15550003333";

test("an answered call: the two talk, the other party hangs up, the action is told", async () => {
  double.on("/voice", xml(`<Dial action="/after">${HUMAN}</Dial><Say>never</Say>`));
  const result = await double.call({
    dialOutcome: { status: "completed", ringMs: 400, talkMs: 3000, audio: tone(500) },
  }).done;
  expect(result.says).toEqual(["after"]);
  const { durationS } = result.dials[0]!;
  expect(result.dials).toEqual([{ number: HUMAN, status: "completed", durationS, bridged: true }]);
  // A busy machine adds to it.
  expect(durationS).toBeGreaterThanOrEqual(3);
  expect(durationS).toBeLessThan(30);
  const [dial] = entriesOf(result.timeline, "dial");
  expect(dial).toMatchObject({ number: HUMAN, callerId: CALLER, callSid: expect.stringMatching(/^CA[0-9a-f]{32}$/) });
  expect(double.at("/after")[0]).toMatchObject({
    valid: true,
    params: {
      CallStatus: "in-progress",
      DialCallStatus: "completed",
      DialCallSid: dial!.callSid,
      DialCallDuration: String(durationS),
      DialBridged: "true",
    },
  });
  expect(result.heard.filter((byte) => byte !== 0xff)).toHaveLength(4000);
});

test.each([
  ["busy", {}],
  ["failed", {}],
  ["no-answer", { ringMs: 1 }],
] as const)("%s: the action is told, without a duration", async (status, more) => {
  double.on("/voice", xml(`<Dial action="/after" timeout="5"><Number>${HUMAN}</Number></Dial>`));
  const result = await double.call({ dialOutcome: { status, ...more } }).done;
  expect(result.dials).toEqual([{ number: HUMAN, status, durationS: 0, bridged: false }]);
  const { params } = double.at("/after")[0]!;
  expect(params).toMatchObject({ DialCallStatus: status, DialBridged: "false" });
  expect(params).not.toHaveProperty("DialCallDuration");
  const [dialled] = entriesOf(result.timeline, "dial");
  const [ended] = entriesOf(result.timeline, "dial-ended");
  expect(ended!.atMs - dialled!.atMs).toBeGreaterThanOrEqual(status === "no-answer" ? 5000 : 1000);
});

test("somebody who answers too late does not answer", async () => {
  double.on("/voice", xml(`<Dial timeout="2">${HUMAN}</Dial>`));
  const result = await double.call({ dialOutcome: { status: "completed", ringMs: 3000 } }).done;
  expect(result.dials).toMatchObject([{ status: "no-answer" }]);
});

test("without an action the next verb runs", async () => {
  double.on("/voice", xml(`<Dial>${HUMAN}</Dial><Say>next</Say>`));
  expect((await double.call({ dialOutcome: { status: "busy" } }).done).says).toEqual(["next"]);
});

test("timeLimit cuts the talk", async () => {
  double.on("/voice", xml(`<Dial timeLimit="2">${HUMAN}</Dial>`));
  const result = await double.call({ dialOutcome: { status: "completed", talkMs: 60_000 } }).done;
  expect(result.dials[0]!.durationS).toBeGreaterThanOrEqual(2);
  expect(result.dials[0]!.durationS).toBeLessThan(30);
});

test("answerOnBridge: the caller hears ringing until the other party is there", async () => {
  double.on("/voice", xml(`<Dial answerOnBridge="true">${HUMAN}</Dial>`));
  const answered = await double.call({ dialOutcome: { status: "completed", ringMs: 2000 } }).done;
  expect(entriesOf(answered.timeline, "answered")[0]!.atMs).toBeGreaterThanOrEqual(2000);
});

test("a caller id that is not the account's or the caller's fails with 13214", async () => {
  double.on("/voice", xml(`<Dial action="/after" callerId="+15559999999">${HUMAN}</Dial>`));
  const result = await double.call().done;
  expect(result.debugger).toMatchObject([{ level: "error", code: 13214 }]);
  expect(double.at("/after")[0]!.params).toMatchObject({ DialCallStatus: "failed" });
  expect(result.dials).toEqual([]);
});

test("several numbers ring at once and the first to answer gets the call", async () => {
  double.on(
    "/voice",
    xml(`<Dial><Number>+15550000001</Number><Number>+15550000002</Number><Number>+15550000003</Number></Dial>`),
  );
  const result = await double.call({
    dialOutcome: (number) =>
      number.endsWith("1")
        ? { status: "busy", ringMs: 100 }
        : { status: "completed", ringMs: number.endsWith("2") ? 900 : 400 },
  }).done;
  expect(result.dials.map(({ number, status }) => number.slice(-1) + status).toSorted()).toEqual([
    "1busy",
    "2canceled",
    "3completed",
  ]);
});

test("one after another when sequential", async () => {
  double.on("/voice", xml(`<Dial sequential="true"><Number>+15550000001</Number><Number>+15550000002</Number></Dial>`));
  const result = await double.call({
    dialOutcome: (number) => ({ status: number.endsWith("1") ? "busy" : "completed" }),
  }).done;
  expect(result.dials.map(({ number, status }) => number.slice(-1) + status)).toEqual(["1busy", "2completed"]);
});

test("status callbacks of the number: its own call, under the parent", async () => {
  double.on(
    "/voice",
    xml(
      `<Dial><Number statusCallback="/s" statusCallbackEvent="initiated ringing answered completed">${HUMAN}</Number></Dial>`,
    ),
  );
  double.on("/s", { body: "" });
  const result = await double.call().done;
  const told = double
    .at("/s")
    .toSorted((a, b) => a.params["SequenceNumber"]!.localeCompare(b.params["SequenceNumber"]!));
  expect(told.map(({ params }) => params["CallStatus"])).toEqual(["initiated", "ringing", "in-progress", "completed"]);
  expect(told[3]).toMatchObject({
    valid: true,
    params: {
      ParentCallSid: result.callSid,
      CallSid: entriesOf(result.timeline, "dial")[0]!.callSid,
      Direction: "outbound-dial",
      To: HUMAN,
      CallDuration: String(result.dials[0]!.durationS),
    },
  });
});

describe("a briefing (<Number url>)", () => {
  const briefed = (url: string) => xml(`<Dial action="/after"><Number url="${url}">${HUMAN}</Number></Dial>`);

  test("runs on the other party before the two are joined; a key accepts", async () => {
    double.on("/voice", briefed("/briefing"));
    double.on(
      "/briefing",
      xml('<Gather numDigits="1" action="/answer"><Say>A caller. Press 1 to accept.</Say></Gather><Hangup/>'),
    );
    double.on("/answer", ({ params }) => xml(params["Digits"] === "1" ? "" : "<Hangup/>"));
    const result = await double.call({ dialOutcome: { status: "completed", keys: "1" } }).done;
    expect(double.at("/briefing")[0]).toMatchObject({
      valid: true,
      params: { ParentCallSid: result.callSid, To: HUMAN },
    });
    expect(double.at("/after")[0]!.params).toMatchObject({ DialCallStatus: "completed", DialBridged: "true" });
  });

  test("one who does not accept is not joined", async () => {
    double.on("/voice", briefed("/briefing"));
    double.on("/briefing", xml('<Gather numDigits="1" action="/answer" timeout="1"/><Hangup/>'));
    const result = await double.call({ dialOutcome: { status: "completed", audio: tone(500) } }).done;
    expect(double.at("/after")[0]!.params).toMatchObject({ DialCallStatus: "completed", DialBridged: "false" });
    expect(result.heard.every((byte) => byte === 0xff)).toBe(true);
  });
});

describe("the dialled person in a briefing", () => {
  const BRIEFING =
    '<Gather numDigits="1" action="/answer" timeout="5" actionOnEmptyResult="true"><Say>Press 1.</Say></Gather><Hangup/>';
  const setUp = (attributes = "") => {
    double.on("/voice", xml(`<Dial action="/after"><Number url="/briefing" ${attributes}>${HUMAN}</Number></Dial>`));
    double.on("/briefing", xml(BRIEFING));
    double.on("/answer", ({ params }) => xml(params["Digits"] === "1" ? "" : "<Hangup/>"));
    double.on("/amd", { status: 204, body: "" });
  };
  const digits = () => double.at("/answer").map(({ params }) => params["Digits"]);
  const after = () => double.at("/after")[0]?.params;

  test("takes its time and accepts", async () => {
    setUp();
    const result = await double.call({ dialOutcome: { status: "completed", keys: "1", keyAfterMs: 3000 } }).done;
    expect(digits()).toEqual(["1"]);
    expect(after()).toMatchObject({ DialCallStatus: "completed", DialBridged: "true" });
    const [gathered] = entriesOf(result.timeline, "gathered");
    const [dialled] = entriesOf(result.timeline, "dial");
    expect(gathered!.atMs - dialled!.atMs).toBeGreaterThanOrEqual(4000);
  });

  test("thinks for longer than it is given", async () => {
    setUp();
    await double.call({ dialOutcome: { status: "completed", keys: "1", keyAfterMs: 6000 } }).done;
    expect(digits()).toEqual([""]);
    expect(after()).toMatchObject({ DialCallStatus: "completed", DialBridged: "false" });
  });

  test("presses another key", async () => {
    setUp();
    await double.call({ dialOutcome: { status: "completed", keys: "2" } }).done;
    expect(digits()).toEqual(["2"]);
    expect(after()).toMatchObject({ DialBridged: "false" });
  });

  test("hangs up: its document is not gone on with, the caller's is", async () => {
    setUp();
    const result = await double.call({
      dialOutcome: { status: "completed", keys: "1", keyAfterMs: 4000, hangUpAfterMs: 2000 },
    }).done;
    expect(digits()).toEqual([]);
    expect(after()).toMatchObject({ CallStatus: "in-progress", DialCallStatus: "completed", DialBridged: "false" });
    expect(result).toMatchObject({ says: expect.arrayContaining(["after"]), endedBy: "end-of-document" });
  });

  test("is a machine, as the callback says while the briefing goes on", async () => {
    setUp('machineDetection="Enable" amdStatusCallback="/amd?call=x"');
    const result = await double.call({
      dialOutcome: { status: "completed", answeredBy: "machine_start", detectionMs: 2000 },
    }).done;
    const [told] = double.at("/amd");
    // The callback knows the dialled call only.
    expect(told).toMatchObject({ valid: true, method: "POST" });
    expect(told!.params).toEqual({
      CallSid: entriesOf(result.timeline, "dial")[0]!.callSid,
      AccountSid: expect.stringMatching(/^AC/),
      AnsweredBy: "machine_start",
      MachineDetectionDuration: "2000",
    });
    expect(double.at("/briefing")[0]!.params).not.toHaveProperty("AnsweredBy");
  });

  test("without a callback the briefing waits for the detection and is told", async () => {
    setUp('machineDetection="DetectMessageEnd"');
    await double.call({ dialOutcome: { status: "completed", keys: "1", detectionMs: 1500 } }).done;
    expect(double.at("/briefing")[0]!.params).toMatchObject({ AnsweredBy: "human", MachineDetectionDuration: "1500" });
    expect(after()).toMatchObject({ DialBridged: "true" });
  });

  test("detection that takes too long finds nothing out", async () => {
    setUp('machineDetection="Enable" machineDetectionTimeout="3"');
    await double.call({ dialOutcome: { status: "completed", keys: "1", detectionMs: 9000 } }).done;
    expect(double.at("/briefing")[0]!.params).toMatchObject({
      AnsweredBy: "unknown",
      MachineDetectionDuration: "3000",
    });
  });

  test("an unknown kind of detection is warned of, and there is none", async () => {
    setUp('machineDetection="true" amdStatusCallback="/amd"');
    const result = await double.call({ dialOutcome: { status: "completed", keys: "1" } }).done;
    expect(result.debugger).toMatchObject([
      { level: "warning", code: 12200, detail: expect.stringContaining('"true"') },
    ]);
    expect(double.at("/amd")).toEqual([]);
  });

  test("has a call of its own, which REST can end", async () => {
    setUp();
    const call = double.call({ dialOutcome: { status: "completed" } });
    await call.waitFor((entry) => entry.kind === "verb" && entry.name === "Gather");
    const { callSid } = entriesOf(call.timeline, "dial")[0]!;
    const answer = await fetch(`${double.sim.baseUrl}/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${callSid}.json`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}` },
      body: new URLSearchParams({ Status: "completed" }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      sid: callSid,
      parent_call_sid: call.callSid,
      direction: "outbound-dial",
    });
    await call.done;
    expect(digits()).toEqual([]);
    expect(after()).toMatchObject({ DialCallStatus: "completed", DialBridged: "false" });
  });
});

test("a caller who hangs up while it rings: the number is called off, the action told", async () => {
  double.on("/voice", xml(`<Dial action="/after">${HUMAN}</Dial>`));
  const call = double.call({ dialOutcome: { status: "completed", ringMs: 100_000 } });
  await call.waitFor((entry) => entry.kind === "dial");
  call.hangUp();
  const result = await call.done;
  expect(result.dials).toMatchObject([{ status: "canceled" }]);
  expect(double.at("/after")[0]!.params).toMatchObject({ CallStatus: "completed", DialCallStatus: "canceled" });
  expect(result).toMatchObject({ endedBy: "caller", says: [] });
});
