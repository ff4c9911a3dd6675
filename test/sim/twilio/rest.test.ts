// The REST fake, used through the twilio package's own client: accounts, numbers, calls placed, changed and ended, errors
// and the ways it can be made to fail.
import twilio from "twilio";
import { ACCOUNT_SID, AUTH_TOKEN, CALLED, connectTwiml, startDouble, tone, until, xml, type Double } from "./double.ts";
import type { FarEnd, SimCall } from "../../../src/sim/twilio/index.ts";

/** The package's HTTP client with another host: what production does with TWILIO_API_BASE_URL. */
function localClient(base: string, timeout = 5000): twilio.RequestClient {
  const client = new twilio.RequestClient({ keepAlive: false, timeout });
  const send = client.request.bind(client);
  client.request = (options) => send({ ...options, uri: options.uri.replace("https://api.twilio.com", base) });
  return client;
}

const HUMAN = "+15550003333";
let double: Double;
let onRinging = () => 0;
let farEnd: FarEnd = { outcome: "answered" };
const client = (token = AUTH_TOKEN, timeout?: number) =>
  twilio(ACCOUNT_SID, token, { httpClient: localClient(double.sim.baseUrl, timeout) });

beforeEach(async () => {
  onRinging = () => 0;
  farEnd = { outcome: "answered", speed: 20 };
  double = await startDouble({
    speed: 20,
    sim: {
      numbers: [CALLED, { phoneNumber: "+15550007777", settings: { VoiceUrl: "https://old.example/voice" } }],
      farEnd: () => farEnd,
      log: (_callSid, { kind }) => kind === "ringing" && onRinging(),
    },
  });
});
afterEach(() => double.close());

const live = (callSid: string): SimCall => {
  const call = double.sim.calls.get(callSid)?.live;
  if (!call) throw new Error("the call is over");
  return call;
};
const problem = (status: number, code: number) => expect.objectContaining({ status, code });

describe("account and numbers", () => {
  test("the account can be fetched; a wrong token cannot", async () => {
    const account = await client().api.v2010.accounts(ACCOUNT_SID).fetch();
    expect(account).toMatchObject({ sid: ACCOUNT_SID, status: "active", type: "Full" });
    await expect(client("wrong").api.v2010.accounts(ACCOUNT_SID).fetch()).rejects.toEqual(problem(401, 20003));
  });

  test("numbers are listed, found by number, and read", async () => {
    const all = await client().incomingPhoneNumbers.list();
    expect(all.map(({ phoneNumber }) => phoneNumber)).toEqual([CALLED, "+15550007777"]);
    const [one] = await client().incomingPhoneNumbers.list({ phoneNumber: "+15550007777" });
    expect(one).toMatchObject({ voiceUrl: "https://old.example/voice", voiceMethod: "POST", trunkSid: null });
    expect(one!.sid).toMatch(/^PN[0-9a-f]{32}$/);
    expect(one!.dateCreated).toBeInstanceOf(Date);
    expect(await client().incomingPhoneNumbers.list({ phoneNumber: "+1999" })).toEqual([]);
  });

  test("a number's webhook is changed, nothing else is, and the next call goes there", async () => {
    const number = double.sim.numbers.find("+15550007777")!;
    const updated = await client()
      .incomingPhoneNumbers(number.sid)
      .update({ voiceUrl: `${double.publicUrl}/voice`, voiceFallbackUrl: "https://f.example/x", statusCallback: "" });
    expect(updated).toMatchObject({
      voiceUrl: `${double.publicUrl}/voice`,
      voiceFallbackUrl: "https://f.example/x",
      friendlyName: "+15550007777",
    });
    double.on("/voice", xml("<Hangup/>"));
    await double.sim.call({ from: HUMAN, to: "+15550007777", caller: [] }).done;
    expect(double.at("/voice")).toHaveLength(1);
  });

  test("what is no URL or no method is refused and changes nothing", async () => {
    const number = double.sim.numbers.find("+15550007777")!;
    const resource = client().incomingPhoneNumbers(number.sid);
    await expect(resource.update({ voiceUrl: "nonsense", friendlyName: "x" })).rejects.toEqual(problem(400, 21402));
    await expect(resource.update({ voiceMethod: "PUT" })).rejects.toEqual(problem(400, 21402));
    expect(number.settings).toMatchObject({ VoiceUrl: "https://old.example/voice", FriendlyName: "+15550007777" });
    await expect(client().incomingPhoneNumbers("PN0").fetch()).rejects.toEqual(problem(404, 20404));
  });

  test("lists come in pages", async () => {
    for (let i = 0; i < 5; i++) double.sim.numbers.add(`+1555001000${i}`);
    const all = await client().incomingPhoneNumbers.list({ pageSize: 2 });
    expect(all).toHaveLength(7);
    expect(double.sim.rest.requests.map(({ path }) => /Page=(\d)/.exec(path)?.[1])).toEqual([undefined, "1", "2", "3"]);
  });
});

describe("calls placed over REST", () => {
  test("queued at 201, then rings, is answered and asks the URL; the far end has a script", async () => {
    double.on("/out", connectTwiml(double.publicUrl));
    double.on("/status", { body: "" });
    double.onStream((stream) => void stream.next((m) => m.event === "media").then(() => stream.play(tone(300))));
    farEnd = {
      outcome: "answered",
      speed: 20,
      ringMs: 500,
      caller: [{ do: "wait-for-silence", ms: 300 }, { do: "say", audio: tone(100), text: "yes?" }, { do: "hang-up" }],
    };
    const created = await client().calls.create({
      to: HUMAN,
      from: CALLED,
      url: `${double.publicUrl}/out`,
      statusCallback: `${double.publicUrl}/status`,
      statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
    });
    expect(created).toMatchObject({ status: "queued", direction: "outbound-api", to: HUMAN, from: CALLED });
    const result = await live(created.sid).done;
    expect(result).toMatchObject({ endedBy: "caller", status: "completed" });
    expect(double.at("/out")[0]).toMatchObject({
      valid: true,
      params: { CallSid: created.sid, CallStatus: "in-progress", Direction: "outbound-api", To: HUMAN },
    });
    await until(() => double.at("/status").length === 4);
    const told = double
      .at("/status")
      .toSorted((a, b) => a.params["SequenceNumber"]!.localeCompare(b.params["SequenceNumber"]!));
    expect(told.map(({ params }) => params["CallStatus"])).toEqual([
      "initiated",
      "ringing",
      "in-progress",
      "completed",
    ]);
    expect(await client().calls(created.sid).fetch()).toMatchObject({
      status: "completed",
      duration: String(result.durationS),
    });
  });

  test.each([
    ["busy", "busy"],
    ["no-answer", "no-answer"],
    ["failed", "failed"],
  ] as const)("a far end that is %s: nothing is asked", async (outcome, status) => {
    farEnd = { outcome, speed: 100 };
    double.on("/status", { body: "" });
    const { sid } = await client().calls.create({
      to: HUMAN,
      from: CALLED,
      url: `${double.publicUrl}/out`,
      statusCallback: `${double.publicUrl}/status`,
      timeout: 10,
    });
    expect(await live(sid).done).toMatchObject({ endedBy: "not-answered", status, answered: false });
    expect(double.seen.map(({ path, params }) => [path, params["CallStatus"]])).toEqual([["/status", status]]);
  });

  test("Twiml given with the call is run as it is", async () => {
    const { sid } = await client().calls.create({ to: HUMAN, from: CALLED, twiml: xml("<Say>direct</Say>") });
    expect((await live(sid).done).says).toEqual(["direct"]);
  });

  test("answering machine detection: TwiML waits for it, or hears of it on the side", async () => {
    double.on("/out", xml("<Pause/>"));
    double.on("/amd", { body: "" });
    farEnd = { outcome: "answered", answeredBy: "machine_start", speed: 20 };
    const blocking = { to: HUMAN, from: CALLED, url: `${double.publicUrl}/out`, machineDetection: "Enable" };
    await live((await client().calls.create(blocking)).sid).done;
    expect(double.at("/out")[0]!.params).toMatchObject({
      AnsweredBy: "machine_start",
      MachineDetectionDuration: "3000",
    });
    double.on("/out", xml('<Pause length="8"/>'));
    const { sid } = await client().calls.create({
      ...blocking,
      asyncAmd: "true",
      asyncAmdStatusCallback: `${double.publicUrl}/amd`,
    });
    await live(sid).done;
    expect(double.at("/out")[1]!.params).not.toHaveProperty("AnsweredBy");
    expect(double.at("/amd")[0]).toMatchObject({ valid: true, params: { CallSid: sid, AnsweredBy: "machine_start" } });
  });

  test("one call a second is dialled, the rest wait in the queue", async () => {
    const rang: number[] = [];
    const before = Date.now();
    onRinging = () => rang.push(Date.now() - before);
    const twiml = xml("<Hangup/>");
    const calls = await Promise.all([1, 2, 3].map(() => client().calls.create({ to: HUMAN, from: CALLED, twiml })));
    await Promise.all(calls.map(({ sid }) => live(sid).done));
    // A second of the call is 50 ms here; a busy machine can only be later.
    rang.forEach((ms, i) => expect(ms).toBeGreaterThanOrEqual(i * 50 - 1));
    expect(rang).toHaveLength(3);
  });

  test.each([
    ["no To", { to: "" }, 21201],
    ["a To that is no number", { to: "12" }, 21211],
    ["a From that is not the account's", { from: "+15551112222" }, 21210],
    ["neither Url nor Twiml", { twiml: undefined }, 21205],
    ["a Url that is none", { url: "nope" }, 21205],
    ["a Url with half an address", { url: "http://[" }, 21205],
    ["Twiml of more than 4000 characters", { twiml: "x".repeat(4001) }, 21623],
  ])("%s is refused", async (_name, change, code) => {
    const good = { to: HUMAN, from: CALLED, twiml: xml("<Hangup/>") };
    await expect(client().calls.create({ ...good, ...change } as typeof good)).rejects.toEqual(problem(400, code));
    expect(double.sim.calls.list()).toEqual([]);
  });
});

describe("a live call changed over REST", () => {
  const streaming = async () => {
    double.on("/voice", connectTwiml(double.publicUrl, ' action="/after"'));
    double.on("/after", xml("<Say>never</Say>"));
    const call = double.call();
    await call.waitFor((entry) => entry.kind === "stream-started");
    return call;
  };

  test("Twiml: the stream is stopped, the new document runs, the action is not asked", async () => {
    const call = await streaming();
    const updated = await client()
      .calls(call.callSid)
      .update({ twiml: xml("<Say>moved</Say>") });
    expect(updated.status).toBe("in-progress");
    const result = await call.done;
    await double.streams[0]!.closed;
    expect(double.streams[0]!.messages.at(-1)!.event).toBe("stop");
    expect(result).toMatchObject({ says: ["moved"], endedBy: "end-of-document" });
    expect(double.at("/after")).toEqual([]);
  });

  test("Url: it is asked and its document runs", async () => {
    const call = await streaming();
    double.on("/moved", xml("<Dial>+15550003333</Dial>"));
    await client()
      .calls(call.callSid)
      .update({ url: `${double.publicUrl}/moved`, method: "GET" });
    const result = await call.done;
    expect(double.at("/moved")[0]).toMatchObject({ method: "GET", valid: true, params: { CallStatus: "in-progress" } });
    expect(result.dials).toHaveLength(1);
  });

  test("completed: stop, close, the action told, the call over", async () => {
    const call = await streaming();
    const updated = await client().calls(call.callSid).update({ status: "completed" });
    expect(updated.status).toBe("completed");
    const result = await call.done;
    await double.streams[0]!.closed;
    expect(double.streams[0]!.messages.at(-1)!.event).toBe("stop");
    expect(result).toMatchObject({ endedBy: "rest", status: "completed", says: [] });
    expect(double.at("/after")[0]!.params).toMatchObject({ CallStatus: "completed" });
  });

  test("canceled takes back a call that rings, and only that", async () => {
    farEnd = { outcome: "answered", ringMs: 60_000, speed: 1 };
    const { sid } = await client().calls.create({ to: HUMAN, from: CALLED, twiml: xml("<Hangup/>") });
    const call = live(sid);
    await call.waitFor((entry) => entry.kind === "ringing");
    await expect(
      client()
        .calls(sid)
        .update({ twiml: xml("") }),
    ).rejects.toEqual(problem(400, 21220));
    await client().calls(sid).update({ status: "canceled" });
    expect(await call.done).toMatchObject({ endedBy: "rest", status: "canceled", answered: false });
    const other = await streaming();
    await expect(client().calls(other.callSid).update({ status: "canceled" })).rejects.toEqual(problem(400, 21220));
    other.hangUp();
    await other.done;
  });

  test("a call that is over, or never was", async () => {
    double.on("/voice", xml("<Hangup/>"));
    const call = double.call();
    await call.done;
    await expect(
      client()
        .calls(call.callSid)
        .update({ twiml: xml("") }),
    ).rejects.toEqual(problem(400, 21220));
    await expect(client().calls(call.callSid).update({ status: "completed" })).rejects.toEqual(problem(400, 21220));
    await expect(client().calls("CAnever").update({ status: "completed" })).rejects.toEqual(problem(404, 20404));
    await expect(client().calls("CAnever").fetch()).rejects.toEqual(problem(404, 20404));
    expect(await client().calls(call.callSid).fetch()).toMatchObject({ status: "completed", direction: "inbound" });
  });

  test("calls are listed, newest first, and by their fields", async () => {
    double.on("/voice", xml("<Hangup/>"));
    const first = double.call();
    await first.done;
    const second = double.call({ from: "+15550008888" });
    await second.done;
    const sids = async (filter = {}) => (await client().calls.list(filter)).map(({ sid }) => sid);
    expect(await sids()).toEqual([second.callSid, first.callSid]);
    expect(await sids({ from: "+15550008888" })).toEqual([second.callSid]);
    expect(await sids({ status: "in-progress" })).toEqual([]);
  });
});

describe("misbehaviour", () => {
  test.each([
    ["429", 429, 20429],
    ["500", 500, 20500],
    ["503", 503, 20503],
  ] as const)("answers %s as often as told", async (how, status, code) => {
    double.sim.rest.misbehave(how, 2);
    const list = () => client().incomingPhoneNumbers.list();
    await expect(list()).rejects.toEqual(problem(status, code));
    await expect(list()).rejects.toEqual(problem(status, code));
    expect(await list()).toHaveLength(2);
  });

  test("hangs, or breaks the connection, until told otherwise", async () => {
    double.sim.rest.misbehave("hang");
    await expect(client(AUTH_TOKEN, 100).incomingPhoneNumbers.list()).rejects.toMatchObject({ code: "ECONNABORTED" });
    double.sim.rest.misbehave("reset");
    await expect(client().incomingPhoneNumbers.list()).rejects.toMatchObject({ code: "ECONNRESET" });
    double.sim.rest.misbehave(undefined);
    expect(await client().incomingPhoneNumbers.list()).toHaveLength(2);
  });

  test("other resources, methods and accounts are not there", async () => {
    const ask = async (method: string, path: string) => {
      const authorization = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}`;
      const response = await fetch(double.sim.baseUrl + path, { method, headers: { authorization } });
      return [response.status, ((await response.json()) as { code: number }).code];
    };
    expect(await ask("GET", "/")).toEqual([404, 20404]);
    expect(await ask("GET", "/2010-04-01/Accounts/AC2.json")).toEqual([404, 20404]);
    expect(await ask("GET", `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json`)).toEqual([404, 20404]);
    expect(await ask("PUT", `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls.json`)).toEqual([405, 20004]);
  });
});
