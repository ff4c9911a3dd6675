// What a call does with the TwiML it gets: every verb, the order of documents, and where an action takes over from the
// verbs behind it.
import { writeWav } from "../../../src/audio/wav.ts";
import { connectTwiml, startDouble, tone, xml, type Double } from "./double.ts";
import { entriesOf, type CallResult, type SimCall } from "../../../src/sim/twilio/index.ts";

let double: Double;
beforeEach(async () => {
  double = await startDouble({ speed: 20 });
});
afterEach(() => double.close());

const verbs = (result: CallResult) => entriesOf(result.timeline, "verb").map(({ name }) => name);

test("Say: the texts in order, with their voice, and time for them", async () => {
  double.on(
    "/voice",
    xml('<Say voice="Polly.Joanna" language="en-GB">Hello there, caller</Say><Say loop="2">Bye</Say>'),
  );
  const result = await double.call().done;
  expect(result.says).toEqual(["Hello there, caller", "Bye"]);
  expect(entriesOf(result.timeline, "say")[0]).toMatchObject({ voice: "Polly.Joanna", language: "en-GB" });
  expect(result).toMatchObject({ endedBy: "end-of-document", status: "completed", answered: true });
  expect(result.lengthMs).toBeGreaterThanOrEqual(19 * 65 + 2 * 3 * 65);
});

test("Say is heard when a voice is supplied", async () => {
  const texts: string[] = [];
  const other = await startDouble({
    speed: 20,
    sim: {
      speak: (text, voice) => {
        texts.push(`${text} ${voice.language ?? ""}`);
        return Promise.resolve(tone(300));
      },
    },
  });
  other.on("/voice", xml('<Say language="de-DE">Guten Tag</Say>'));
  const result = await other.call().done;
  await other.close();
  expect(texts).toEqual(["Guten Tag de-DE"]);
  expect(result.heard.filter((byte) => byte !== 0xff)).toHaveLength(2400);
});

test("Play: audio of a URL is heard, digits take their time", async () => {
  double.on("/clip", { type: "audio/basic", body: Buffer.from(tone(100)) });
  const samples = Int16Array.from({ length: 3200 }, (_, i) => (i % 8 < 4 ? 9000 : -9000));
  double.on("/clip.wav", { type: "audio/wav", body: Buffer.from(writeWav([samples], 16_000)) });
  double.on("/broken.wav", { type: "audio/x-wav", body: "RIFF" });
  double.on("/gone", { status: 404 });
  double.on(
    "/voice",
    xml(
      '<Play>/clip</Play><Play>/clip.wav</Play><Play>/broken.wav</Play><Play>/gone</Play><Play digits="1w"/><Hangup/>',
    ),
  );
  const result = await double.call().done;
  expect(double.at("/clip")[0]).toMatchObject({ method: "GET", params: {} });
  expect(entriesOf(result.timeline, "play")).toMatchObject([
    { url: `${double.url}/clip`, ms: 100 },
    { url: `${double.url}/clip.wav`, ms: 200 },
    { digits: "1w", ms: 1000 },
  ]);
  const loud = result.heard.filter((byte) => byte !== 0xff).length;
  expect(loud).toBeGreaterThan(800 + 1500);
  expect(loud).toBeLessThanOrEqual(800 + 1600);
  expect(result.debugger).toMatchObject([
    { level: "error", code: 12300 },
    { level: "error", code: 11200 },
  ]);
  expect(result.endedBy).toBe("hangup-verb");
});

test("Pause: the call lasts as long", async () => {
  double.on("/voice", xml('<Say>a</Say><Pause length="3"/><Pause/>'));
  const result = await double.call().done;
  expect(result.lengthMs).toBeGreaterThanOrEqual(4000);
  expect(result.durationS).toBeGreaterThanOrEqual(4);
});

test("Pause as the first verb delays the answer", async () => {
  double.on("/voice", xml('<Pause length="2"/><Hangup/>'));
  const result = await double.call().done;
  expect(entriesOf(result.timeline, "answered")[0]!.atMs).toBeGreaterThanOrEqual(2000);
});

test("Redirect: the next document comes from there, by its method, relative to this one", async () => {
  double.on("/voice", xml('<Redirect method="GET">next?a=1&amp;b=2</Redirect><Say>never</Say>'));
  double.on("/next", xml("<Say>there</Say>"));
  const result = await double.call().done;
  expect(result.says).toEqual(["there"]);
  expect(double.at("/next")[0]).toMatchObject({
    method: "GET",
    valid: true,
    params: { a: "1", b: "2", CallStatus: "ringing" },
  });
});

test("Hangup ends the call, and nothing behind it runs", async () => {
  double.on("/voice", xml("<Hangup/><Say>never</Say>"));
  const result = await double.call().done;
  expect(result).toMatchObject({ endedBy: "hangup-verb", status: "completed", says: [] });
});

test.each([
  ["busy", ' reason="busy"', "busy"],
  ["rejected", "", "no-answer"],
])("Reject (%s) as the first verb: the call is never answered", async (_name, attribute, status) => {
  double.on("/voice", xml(`<Reject${attribute}/><Say>never</Say>`));
  double.on("/status", { body: "" });
  const result = await double.call({ statusCallback: "/status" }).done;
  expect(result).toMatchObject({ endedBy: "rejected", status, answered: false, durationS: 0, says: [] });
  expect(double.at("/status")[0]!.params).toMatchObject({ CallStatus: status, CallDuration: "0" });
});

test("Reject behind another verb does nothing but warn", async () => {
  double.on("/voice", xml("<Say>hello</Say><Reject/><Say>on</Say>"));
  const result = await double.call().done;
  expect(result.says).toEqual(["hello", "on"]);
  expect(result.debugger).toMatchObject([{ level: "warning", code: 12200 }]);
});

test("an empty document ends the call", async () => {
  double.on("/voice", xml(""));
  expect(await double.call().done).toMatchObject({ endedBy: "end-of-document", status: "completed" });
});

test("a misspelt verb is skipped with a warning and the rest runs", async () => {
  double.on("/voice", xml("<Sey>x</Sey><Say>y</Say>"));
  const result = await double.call().done;
  expect(result.says).toEqual(["y"]);
  expect(result.debugger).toMatchObject([{ level: "warning", code: 12200 }]);
});

test("a verb the simulation cannot play ends the call aloud, not silently", async () => {
  double.on("/voice", xml("<Record/><Say>never</Say>"));
  const result = await double.call().done;
  expect(result).toMatchObject({ endedBy: "unsupported-verb", says: [] });
  expect(result.debugger[0]!.message).toContain("<Record>");
});

test("Gather: keys until the finishing one go to the action", async () => {
  double.on("/voice", xml('<Gather action="/keys" timeout="20"><Say>Enter your number please, slowly</Say></Gather>'));
  double.on("/keys", xml("<Hangup/>"));
  const call = double.call({
    caller: [
      { do: "pause", ms: 300 },
      { do: "press", digits: "42#" },
    ],
  });
  const result = await call.done;
  expect(double.at("/keys")[0]).toMatchObject({ valid: true, params: { Digits: "42" } });
  expect(entriesOf(result.timeline, "key").map(({ heardBy }) => heardBy)).toEqual(["gather", "gather", "gather"]);
});

test("Gather: enough digits finish it; without any, the next verb runs; without an action the document is asked again", async () => {
  let asked = 0;
  double.on("/voice", () =>
    xml(asked++ === 0 ? '<Gather numDigits="2" timeout="1"/>' : '<Gather timeout="1"/><Say>nothing</Say>'),
  );
  const result = await double.call({ caller: [{ do: "press", digits: "12" }] }).done;
  expect(double.at("/voice")[1]!.params).toMatchObject({ Digits: "12", CallStatus: "in-progress" });
  expect(result.says).toEqual(["nothing"]);
});

test("an endless circle of documents is cut", async () => {
  double.on("/voice", xml("<Redirect>/voice</Redirect>"));
  const result = await double.call().done;
  expect(result.endedBy).toBe("application-error");
  expect(double.at("/voice").length).toBe(200);
});

describe("Connect", () => {
  test("without an action the next verb runs when the server closes the socket", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, "", "", "<Say>afterwards</Say>"));
    double.onStream(
      (stream) => void stream.next((m) => m.event === "media").then(() => stream.socket.close(1000, "done")),
    );
    const result = await double.call().done;
    expect(verbs(result)).toEqual(["Connect", "Say"]);
    expect(result).toMatchObject({
      says: ["afterwards"],
      streamCloseCode: 1000,
      stopReason: "done",
      endedBy: "end-of-document",
    });
    expect(result.streams[0]!.end).toEqual({ by: "server", code: 1000, reason: "done" });
    expect(result.debugger).toMatchObject([{ level: "warning", code: 31921 }]);
    // The server closed: no stop is sent.
    expect(double.streams[0]!.messages.some(({ event }) => event === "stop")).toBe(false);
  });

  test("with an action its document runs instead of the verbs behind", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, ' action="/after?x=1"', "", "<Say>never</Say>"));
    double.on("/after", xml("<Say>instead</Say>"));
    double.onStream((stream) => void stream.next((m) => m.event === "start").then(() => stream.socket.close(1000)));
    const result = await double.call().done;
    expect(result.says).toEqual(["instead"]);
    expect(double.at("/after")[0]).toMatchObject({
      method: "POST",
      valid: true,
      params: { CallStatus: "in-progress", CallSid: result.callSid },
    });
  });

  test("the action can open another stream: new sid, same call", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, ' action="/after" method="GET"'));
    let round = 0;
    double.on("/after", () => (round++ === 0 ? connectTwiml(double.publicUrl) : xml("<Hangup/>")));
    double.onStream((stream) => void stream.next((m) => m.event === "start").then(() => stream.socket.close(1000)));
    const result = await double.call().done;
    expect(double.at("/after")[0]).toMatchObject({ method: "GET", valid: true });
    expect(result.streams).toHaveLength(2);
    expect(result.streams[0]!.streamSid).not.toBe(result.streams[1]!.streamSid);
    const sids = double.streams.map(({ messages }) => (messages[1]!["start"] as { callSid: string }).callSid);
    expect(sids).toEqual([result.callSid, result.callSid]);
  });

  test("when the caller hangs up: stop, close, the action is told and its document ignored, the callback comes", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, ' action="/after"', "", "<Say>never</Say>"));
    double.on("/after", xml("<Say>not this either</Say>"));
    double.on("/status", { body: "" });
    const result = await double.call({
      statusCallback: "/status",
      caller: [{ do: "pause", ms: 500 }, { do: "hang-up" }],
    }).done;
    const closed = await double.streams[0]!.closed;
    expect(closed.code).toBe(1005);
    expect(double.streams[0]!.messages.at(-1)!.event).toBe("stop");
    expect(result).toMatchObject({ endedBy: "caller", says: [], status: "completed" });
    expect(result.streams[0]!.end!.by).toBe("network");
    expect(double.at("/after")[0]!.params).toMatchObject({ CallStatus: "completed" });
    expect(double.at("/status")).toHaveLength(1);
    expect(double.at("/status")[0]).toMatchObject({
      valid: true,
      params: { CallStatus: "completed", SequenceNumber: "0" },
    });
  });

  test("what is still queued when the server closes is never heard", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, "", "", '<Pause length="5"/>'));
    double.onStream((stream) => {
      void stream
        .next((m) => m.event === "start")
        .then(() => {
          stream.play(tone(10_000));
          stream.mark("begun");
          stream.clear();
          stream.play(tone(20_000));
          stream.socket.close(1000);
        });
    });
    const result = await double.call().done;
    const [report] = result.streams;
    expect(report!.playedBytes).toBeLessThan(8 * 5000);
    expect(result.heard.filter((byte) => byte !== 0xff)).toHaveLength(report!.playedBytes);
  });

  test("stream callbacks: started and stopped, with all their parameters, signed", async () => {
    const url = double.publicUrl.replace("http", "ws");
    double.on(
      "/voice",
      xml(`<Connect><Stream name="main" url="${url}/media-stream" statusCallback="${double.publicUrl}/s"/></Connect>`),
    );
    double.on("/s", { body: "" });
    double.onStream((stream) => void stream.next((m) => m.event === "start").then(() => stream.socket.close(1000)));
    const result = await double.call().done;
    const [started, stopped] = double
      .at("/s")
      .sort((a, b) => (a.params["StreamEvent"]! > b.params["StreamEvent"]! ? 1 : -1));
    expect(started).toMatchObject({
      method: "POST",
      valid: true,
      params: {
        StreamEvent: "stream-started",
        StreamSid: result.streams[0]!.streamSid,
        StreamName: "main",
        CallSid: result.callSid,
        AccountSid: "AC00000000000000000000000000000001",
        Timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    });
    expect(stopped!.params).toMatchObject({ StreamEvent: "stream-stopped" });
    expect(stopped!.params).not.toHaveProperty("StreamError");
  });

  test.each([
    ["a query string", 31920, (ws: string) => `url="${ws}/media-stream?token=1"`],
    ["http", 31922, (ws: string) => `url="${ws.replace("ws", "http")}/media-stream"`],
    ["plain ws to another machine", 31922, () => 'url="ws://voice.example.com/media-stream"'],
    ["a blank in it", 31922, (ws: string) => `url="${ws}/media stream"`],
    ["no URL", 31922, () => 'url=""'],
    ["a foreign track", 31941, (ws: string) => `url="${ws}/media-stream" track="both_tracks"`],
  ])("a stream URL with %s is refused with %i and the call goes on", async (_name, code, attributes) => {
    const ws = double.publicUrl.replace("http", "ws");
    const callback = `statusCallback="${double.publicUrl}/s"`;
    double.on("/voice", xml(`<Connect><Stream ${attributes(ws)} ${callback}/></Connect><Say>on</Say>`));
    double.on("/s", { body: "" });
    const result = await double.call().done;
    expect(double.upgrades).toEqual([]);
    expect(result.says).toEqual(["on"]);
    expect(result.debugger).toMatchObject([{ level: "error", code }]);
    expect(double.at("/s")[0]!.params).toMatchObject({ StreamEvent: "stream-error", StreamError: String(code) });
  });

  test.each([
    ["403", 403, 31920],
    ["404", 404, 31920],
    ["nothing", "hang" as const, 31901],
  ])("a handshake answered with %s: error, stream-error, then the action", async (_name, refusal, code) => {
    double.on("/voice", connectTwiml(double.publicUrl, ' action="/after"'));
    double.on("/after", xml("<Say>sorry</Say>"));
    double.refuseUpgrades(refusal);
    const result = await double.call({ connectTimeoutMs: refusal === "hang" ? 500 : 20_000 }).done;
    expect(result.debugger).toMatchObject([{ level: "error", code }]);
    expect(result.says).toEqual(["sorry"]);
    expect(result.streams).toEqual([]);
  });

  test("a parameter of more than 500 characters is left out with a warning", async () => {
    const inner = `<Parameter name="a" value="${"x".repeat(500)}"/><Parameter name="b" value="ok"/>`;
    double.on("/voice", connectTwiml(double.publicUrl, "", inner));
    double.onStream((stream) => void stream.next((m) => m.event === "start").then(() => stream.socket.close()));
    const result = await double.call().done;
    const start = double.streams[0]!.messages[1]!["start"] as { customParameters: object };
    expect(start.customParameters).toEqual({ b: "ok" });
    expect(result.debugger[0]).toMatchObject({ level: "warning", code: 12200 });
  });

  test("a key during the stream is a message, without a stream nobody hears it", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, "", "", "<Say>a bit more to hear</Say>"));
    double.onStream((stream) => void stream.next((m) => m.event === "dtmf").then(() => stream.socket.close(1000)));
    const call: SimCall = double.call({
      caller: [
        { do: "wait-for", condition: () => call.streams.length > 0 },
        { do: "press", digits: "9" },
      ],
    });
    await call.waitFor((entry) => entry.kind === "say");
    call.press("1");
    const result = await call.done;
    expect(entriesOf(result.timeline, "key").map(({ digit, heardBy }) => digit + heardBy)).toEqual([
      "9stream",
      "1nobody",
    ]);
  });
});
