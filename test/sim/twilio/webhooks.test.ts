// What the phone network asks of a server: the parameters, the signatures over the public address, redirects, failures
// and the fallback URL, status callbacks.
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { CALLED, CALLER, connectTwiml, startDouble, xml, type Double } from "./double.ts";
import { entriesOf } from "../../../src/sim/twilio/index.ts";
import { APPLICATION_ERROR } from "../../../src/sim/twilio/flow.ts";

let double: Double;
beforeEach(async () => {
  double = await startDouble({ speed: 100 });
  double.on("/voice", xml("<Hangup/>"));
});
afterEach(() => double.close());

describe("the voice webhook", () => {
  test("has Twilio's standard parameters, all of them, signed", async () => {
    const call = double.call();
    await call.done;
    expect(double.seen).toHaveLength(1);
    expect(double.seen[0]).toMatchObject({ method: "POST", path: "/voice", valid: true });
    const place = { City: "SPRINGFIELD", State: "IL", Zip: "62701", Country: "US" };
    const geo = (prefix: string) =>
      Object.fromEntries(Object.entries(place).map(([name, value]) => [prefix + name, value]));
    expect(double.seen[0]!.params).toEqual({
      CallSid: call.callSid,
      AccountSid: "AC00000000000000000000000000000001",
      From: CALLER,
      To: CALLED,
      Caller: CALLER,
      Called: CALLED,
      CallStatus: "ringing",
      ApiVersion: "2010-04-01",
      Direction: "inbound",
      StirVerstat: "TN-Validation-Passed-A",
      CallToken: expect.stringMatching(/^\{.*\}$/),
      ...geo("From"),
      ...geo("To"),
      ...geo("Caller"),
      ...geo("Called"),
    });
    expect(double.seen[0]!.headers).toMatchObject({
      "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
      "user-agent": "TwilioProxy/1.1",
      host: double.url.replace("http://", ""),
    });
    expect(call.callSid).toMatch(/^CA[0-9a-f]{32}$/);
  });

  test("by GET the parameters are in the URL, and the signature is over it", async () => {
    await double.call({ method: "GET", voicePath: "/voice?tenant=a1" }).done;
    expect(double.seen[0]).toMatchObject({ method: "GET", valid: true, params: { tenant: "a1", From: CALLER } });
  });

  test("more parameters can be added and changed, and a withheld number has no place", async () => {
    await double.call({
      from: "anonymous",
      extraParams: { ForwardedFrom: "+15550009999", StirVerstat: "No-TN-Validation" },
    }).done;
    expect(double.seen[0]).toMatchObject({
      valid: true,
      params: { From: "anonymous", FromCity: "", ForwardedFrom: "+15550009999", StirVerstat: "No-TN-Validation" },
    });
  });

  test("a path with characters that libraries like to re-encode is signed and sent as it is written", async () => {
    double.on("/voice/it's", xml("<Hangup/>"));
    await double.call({ voicePath: "/voice/it's?a='b'&c=(d)" }).done;
    expect(double.seen[0]).toMatchObject({ path: "/voice/it's", valid: true });
  });

  test("behind a tunnel everything is signed for the public origin and sent to the real one", async () => {
    const publicUrl = "https://voice.example.com";
    const behind = await startDouble({ speed: 20, publicUrl });
    behind.on("/voice", connectTwiml(publicUrl, ` action="${publicUrl}/after"`));
    behind.on("/after", xml("<Redirect>/next</Redirect>"));
    behind.on("/next", xml("<Hangup/>"));
    behind.on("/status", { body: "" });
    behind.onStream((stream) => void stream.next((m) => m.event === "start").then(() => stream.socket.close(1000)));
    const result = await behind.call({ statusCallback: "/status" }).done;
    expect(behind.seen.map(({ path, valid }) => [path, valid])).toEqual([
      ["/voice", true],
      ["/after", true],
      ["/next", true],
      ["/status", true],
    ]);
    expect(behind.seen.every(({ headers }) => headers.host === "voice.example.com")).toBe(true);
    expect(behind.upgrades).toMatchObject([
      { valid: true, validWithSlash: false, headers: { host: "voice.example.com" } },
    ]);
    expect(entriesOf(result.timeline, "stream-connecting")[0]!.url).toBe("wss://voice.example.com/media-stream");
    expect(behind.streams[0]!.url).toBe("/media-stream");
    await behind.close();
  });

  test("redirects are followed: 302 by GET, 307 by POST, each signed for its own address", async () => {
    double.on("/moved", { status: 302, location: "/seen" });
    double.on("/kept", { status: 307, location: "/seen" });
    double.on("/seen", xml("<Hangup/>"));
    await double.call({ voicePath: "/moved" }).done;
    await double.call({ voicePath: "/kept" }).done;
    expect(double.at("/seen")).toMatchObject([
      { method: "GET", valid: true },
      { method: "POST", valid: true, params: { From: CALLER } },
    ]);
  });
});

describe("a document that cannot be had", () => {
  const failures: [string, number, () => Promise<void> | void][] = [
    ["status 500", 11200, () => double.on("/voice", { status: 500, body: "oops" })],
    ["status 403", 11200, () => double.on("/voice", { status: 403 })],
    ["no answer in time", 11205, () => double.on("/voice", { hang: true })],
    ["a redirect to itself", 11215, () => double.on("/voice", { status: 302, location: "/voice" })],
    ["no XML", 12100, () => double.on("/voice", "nonsense")],
    ["an empty body", 12100, () => double.on("/voice", "")],
    ["JSON", 12300, () => double.on("/voice", { type: "application/json", body: "{}" })],
    ["more than 64 KiB", 11750, () => double.on("/voice", xml(`<Say>${"a".repeat(65_536)}</Say>`))],
    ["a redirect to no URL", 11100, () => double.on("/voice", xml("<Redirect>http://[</Redirect>"))],
  ];

  test.each(failures)("%s: error %i, Twilio's own apology, the end", async (_name, code, arrange) => {
    await arrange();
    const result = await double.call({ webhookTimeoutMs: code === 11205 ? 1500 : 20_000 }).done;
    expect(result).toMatchObject({ endedBy: "application-error", says: [APPLICATION_ERROR], status: "completed" });
    expect(result.debugger).toMatchObject([{ level: "error", code }]);
  });

  test.each(failures)("%s: with a fallback URL that is asked, with the error", async (_name, code, arrange) => {
    await arrange();
    double.on("/fallback", xml("<Say>saved</Say>"));
    const result = await double.call({ webhookTimeoutMs: code === 11205 ? 1500 : 20_000, fallbackUrl: "/fallback" })
      .done;
    expect(result).toMatchObject({ endedBy: "end-of-document", says: ["saved"] });
    expect(double.at("/fallback")).toMatchObject([
      { valid: true, params: { ErrorCode: String(code), ErrorUrl: expect.stringContaining("/voice"), From: CALLER } },
    ]);
  });

  test("a refused connection: error 11205, and a fallback on another host is asked there", async () => {
    const unused = createServer();
    await new Promise<void>((resolve) => unused.listen(0, "127.0.0.1", resolve));
    const { port } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    double.on("/fallback", xml("<Say>from elsewhere</Say>"));
    const result = await double.call({
      url: `http://127.0.0.1:${port}`,
      publicUrl: "https://dead.example.com",
      fallbackUrl: `${double.url}/fallback`,
    }).done;
    expect(result.debugger).toMatchObject([{ code: 11205, detail: "https://dead.example.com/voice" }]);
    expect(result.says).toEqual(["from elsewhere"]);
    expect(double.at("/fallback")[0]).toMatchObject({ valid: true });
  });

  test("an action that fails goes to the fallback too; a fallback that fails ends the call", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, ' action="/after"'));
    double.on("/after", { status: 503 });
    double.on("/fallback", { status: 500 });
    double.onStream((stream) => void stream.next((m) => m.event === "start").then(() => stream.socket.close(1000)));
    const result = await double.call({ fallbackUrl: "/fallback" }).done;
    expect(double.seen.map(({ path }) => path)).toEqual(["/voice", "/after", "/fallback"]);
    expect(double.at("/fallback")[0]!.params).toMatchObject({ ErrorCode: "11200", CallStatus: "in-progress" });
    expect(result.endedBy).toBe("application-error");
  });

  test("plain text is read out, as Twilio does", async () => {
    double.on("/voice", { type: "text/plain", body: "just words" });
    expect((await double.call().done).says).toEqual(["just words"]);
  });

  test("HTML that is TwiML is run: what Express sends by default", async () => {
    double.on("/voice", { type: "text/html", body: xml("<Say>fine</Say>") });
    expect((await double.call().done).says).toEqual(["fine"]);
  });
});

describe("status callbacks", () => {
  test("only the end is told unless more is asked for", async () => {
    double.on("/status", { body: "" });
    double.on("/voice", xml('<Pause/><Pause length="60"/>'));
    const result = await double.call({
      statusCallback: "/status",
      caller: [{ do: "pause", ms: 20_000 }, { do: "hang-up" }],
    }).done;
    expect(double.at("/status")).toHaveLength(1);
    expect(double.at("/status")[0]).toMatchObject({
      method: "POST",
      valid: true,
      params: {
        CallSid: result.callSid,
        CallStatus: "completed",
        CallDuration: String(result.durationS),
        Duration: "1",
        CallbackSource: "call-progress-events",
        SequenceNumber: "0",
        SipResponseCode: "200",
        Timestamp: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/),
      },
    });
    expect(result.durationS).toBeGreaterThanOrEqual(20);
  });

  test("all events carry a running number", async () => {
    double.on("/status", { body: "" });
    await double.call({
      statusCallback: "/status",
      statusCallbackEvents: ["ringing", "answered", "completed"],
    }).done;
    const told = double.at("/status").map(({ params }) => `${params["SequenceNumber"]} ${params["CallStatus"]}`);
    expect(new Set(told)).toEqual(new Set(["0 ringing", "1 in-progress", "2 completed"]));
  });

  test("a callback that fails does not hurt the call", async () => {
    const result = await double.call({ statusCallback: "/nowhere" }).done;
    expect(result.endedBy).toBe("hangup-verb");
    expect(entriesOf(result.timeline, "request").at(-1)).toMatchObject({ purpose: "status-callback", status: 404 });
  });

  test("a caller who hangs up while it rings is never answered", async () => {
    double.on("/status", { body: "" });
    const call = double.call({ ringMs: 60_000, statusCallback: "/status" });
    await call.waitFor((entry) => entry.kind === "ringing");
    call.hangUp();
    expect(await call.done).toMatchObject({ endedBy: "caller", status: "no-answer", answered: false, durationS: 0 });
    expect(double.at("/voice")).toEqual([]);
    expect(double.at("/status")[0]!.params).toMatchObject({ CallStatus: "no-answer" });
  });

  test("a caller who hangs up while the webhook thinks: its document is not run", async () => {
    let release = () => undefined as void;
    const asked = new Promise<void>((resolve) => {
      double.on("/voice", async () => {
        resolve();
        await new Promise<void>((done) => (release = done));
        return connectTwiml(double.publicUrl);
      });
    });
    const call = double.call();
    await asked;
    call.hangUp();
    release();
    const result = await call.done;
    expect(result).toMatchObject({ status: "no-answer", answered: false });
    expect(entriesOf(result.timeline, "verb")).toEqual([]);
    expect(double.upgrades).toEqual([]);
  });
});

describe("numbers", () => {
  test("without a URL, the settings of the number that is called decide", async () => {
    const settings = {
      VoiceUrl: `${double.publicUrl}/by-number`,
      VoiceMethod: "GET",
      VoiceFallbackUrl: `${double.publicUrl}/fallback`,
      StatusCallback: `${double.publicUrl}/status`,
    };
    double.sim.numbers.add("+15550004444", settings);
    double.on("/by-number", { status: 500 });
    double.on("/fallback", xml("<Hangup/>"));
    double.on("/status", { body: "" });
    await double.sim.call({ from: CALLER, to: "+15550004444", caller: [] }).done;
    expect(double.seen.map(({ method, path, valid }) => [method, path, valid])).toEqual([
      ["GET", "/by-number", true],
      ["POST", "/fallback", true],
      ["POST", "/status", true],
    ]);
    expect(() => double.sim.call({ from: CALLER, to: "+15550005555", caller: [] })).toThrow("no number +15550005555");
    double.sim.numbers.add("+15550006666", { ...settings, TrunkSid: "TK1" });
    expect(() => double.sim.call({ from: CALLER, to: "+15550006666", caller: [] })).toThrow("trunk");
  });
});
