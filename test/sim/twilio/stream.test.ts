// The media stream as a server sees it: message forms, timing of playback and marks, clear, keys, and every ending.
import { connectTwiml, startDouble, tone, type Double, type DoubleStream } from "./double.ts";
import { entriesOf, type SimCall } from "../../../src/sim/twilio/index.ts";

/** Wall ms between two looks at what the machine is held up for, and what such a look may be late without being a hold-up. */
const LOOK_MS = 2;
const LATE_MS = 5;
let looks: NodeJS.Timeout;
let lookedAt = 0;
let heldUpMs = 0;
function look(): void {
  const now = performance.now();
  heldUpMs += Math.max(0, now - lookedAt - LOOK_MS - LATE_MS);
  lookedAt = now;
}
/** Call ms at speed 10 that a timer may be late: 100 ms of the wall clock, and what the machine was seen to hold us up for. */
function slackMs(): number {
  look();
  return 1000 + heldUpMs * 10;
}

let double: Double;

beforeEach(async () => {
  lookedAt = performance.now();
  heldUpMs = 0;
  looks = setInterval(look, LOOK_MS);
  double = await startDouble();
  double.on("/voice", connectTwiml(double.publicUrl, "", '<Parameter name="token" value="a&amp;b"/>'));
});
afterEach(() => {
  clearInterval(looks);
  return double.close();
});

const firstStream = () => new Promise<DoubleStream>((resolve) => double.onStream(resolve));
const isEvent = (event: string) => (message: { event: string }) => message.event === event;

describe("the messages of a stream", () => {
  test("connected, start, media and stop have Twilio's exact forms", async () => {
    const opened = firstStream();
    const call = double.call();
    const stream = await opened;
    const media = await stream.next((message) => message.event === "media" && message["sequenceNumber"] === "4");
    call.press("5");
    await stream.next(isEvent("dtmf"));
    call.hangUp();
    const result = await call.done;
    await stream.closed;

    const { streamSid } = result.streams[0]!;
    expect(streamSid).toMatch(/^MZ[0-9a-f]{32}$/);
    expect(stream.messages[0]).toEqual({ event: "connected", protocol: "Call", version: "1.0.0" });
    expect(stream.messages[1]).toEqual({
      event: "start",
      sequenceNumber: "1",
      streamSid,
      start: {
        streamSid,
        accountSid: "AC00000000000000000000000000000001",
        callSid: call.callSid,
        tracks: ["inbound"],
        customParameters: { token: "a&b" },
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      },
    });
    expect(media).toEqual({
      event: "media",
      sequenceNumber: "4",
      streamSid,
      media: {
        track: "inbound",
        chunk: "3",
        timestamp: expect.stringMatching(/^\d+$/),
        payload: Buffer.alloc(160, 0xff).toString("base64"),
      },
    });
    const dtmf = stream.messages.find(isEvent("dtmf"));
    expect(dtmf).toEqual({
      event: "dtmf",
      streamSid,
      sequenceNumber: expect.stringMatching(/^\d+$/),
      dtmf: { track: "inbound_track", digit: "5" },
    });
    expect(stream.messages.at(-1)).toEqual({
      event: "stop",
      sequenceNumber: String(stream.messages.length - 1),
      streamSid,
      stop: { accountSid: "AC00000000000000000000000000000001", callSid: call.callSid },
    });
    expect(result).toMatchObject({ endedBy: "caller", status: "completed", answered: true });
  });

  test("sequence numbers, chunks and timestamps run without a hole, one frame per 20 ms of call time", async () => {
    const opened = firstStream();
    const call = double.call({ caller: [{ do: "pause", ms: 3000 }, { do: "hang-up" }] });
    const stream = await opened;
    await call.done;
    await stream.closed;
    const numbered = stream.messages.slice(1).map((message) => Number(message["sequenceNumber"]));
    expect(numbered).toEqual(numbered.map((_, i) => i + 1));
    const media = stream.messages.filter(isEvent("media")).map((message) => message["media"] as Record<string, string>);
    expect(media.map(({ chunk }) => Number(chunk))).toEqual(media.map((_, i) => i + 1));
    const first = Number(media[0]!["timestamp"]);
    expect(first).toBeLessThanOrEqual(21);
    media.forEach(({ timestamp }, i) => expect(Math.abs(Number(timestamp) - first - i * 20)).toBeLessThanOrEqual(1));
    const { timeline, streams } = await call.done;
    const lengthMs = entriesOf(timeline, "hang-up")[0]!.atMs - streams[0]!.startedMs;
    expect(Math.abs(Number(media.at(-1)!["timestamp"]) - lengthMs)).toBeLessThan(slackMs());
  });

  test("what the caller says arrives byte for byte, and is on the recording at its time", async () => {
    const opened = firstStream();
    const words = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 255);
    const call: SimCall = double.call({
      caller: [
        { do: "wait-for", condition: (nowMs) => nowMs >= (call.streams[0]?.startedMs ?? Infinity) + 200 },
        { do: "say", audio: words, text: "hello" },
        { do: "pause", ms: 100 },
        { do: "hang-up" },
      ],
    });
    const stream = await opened;
    const result = await call.done;
    await stream.closed;
    const sent = Buffer.concat(
      stream.messages
        .filter(isEvent("media"))
        .map((m) => Buffer.from((m["media"] as { payload: string }).payload, "base64")),
    );
    const at = sent.indexOf(Buffer.from(words));
    expect(at).toBeGreaterThan(0);
    expect(at % 160).toBe(0);
    const start = entriesOf(result.timeline, "caller-speaking")[0]!;
    expect(start).toMatchObject({ text: "hello", ms: 125 });
    const onRecord = Buffer.from(result.spoken).indexOf(Buffer.from(words));
    expect(onRecord).toBeGreaterThan(0);
    expect(result.spoken.length).toBe(Math.round(result.lengthMs * 8));
    expect(result.heard.length).toBe(result.spoken.length);
    expect(entriesOf(result.timeline, "caller-silent")).toHaveLength(1);
  });
});

describe("playback", () => {
  test("is drained at 8000 bytes a second of call time, and marks come back when it is played", async () => {
    const opened = firstStream();
    const call = double.call();
    const stream = await opened;
    await stream.next(isEvent("start"));
    stream.play(tone(1000));
    stream.mark("one");
    stream.play(tone(500, 0x1f));
    stream.mark("two");
    await stream.next((m) => m.event === "mark" && (m["mark"] as { name: string }).name === "two");
    expect(call.playedMs()).toBe(1500);
    call.hangUp();
    const result = await call.done;
    const report = result.streams[0]!;
    const [one, two] = report.marks;
    const startMs = report.media[0]!.startsAt / 8;
    expect(one!.returnedMs! - startMs).toBeGreaterThanOrEqual(1000);
    expect(one!.returnedMs! - startMs).toBeLessThan(1000 + slackMs());
    expect(two!.returnedMs! - startMs).toBeGreaterThanOrEqual(1500);
    expect(two!.returnedMs! - startMs).toBeLessThan(1500 + slackMs());
    expect(report.playedBytes).toBe(12_000);
    expect(report.media.map(({ played }) => played)).toEqual([8000, 4000]);
    // Sample exact on the recording, with nothing before, between or after.
    const at = report.media[0]!.startsAt;
    expect(Buffer.from(result.heard.subarray(at, at + 8000)).equals(Buffer.from(tone(1000)))).toBe(true);
    expect(Buffer.from(result.heard.subarray(at + 8000, at + 12_000)).equals(Buffer.from(tone(500, 0x1f)))).toBe(true);
    expect(result.heard.subarray(0, at).every((byte) => byte === 0xff)).toBe(true);
    expect(result.heard.subarray(at + 12_000).every((byte) => byte === 0xff)).toBe(true);
  });

  test("in real time a mark comes back when its audio has been played, and soon after", async () => {
    const opened = firstStream();
    const call = double.call({ speed: 1 });
    const stream = await opened;
    await stream.next(isEvent("start"));
    stream.play(tone(250));
    stream.mark("m");
    await stream.next(isEvent("mark"));
    call.hangUp();
    const report = (await call.done).streams[0]!;
    const lateMs = report.marks[0]!.returnedMs! - (report.media[0]!.startsAt + 2000) / 8;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(slackMs());
  });

  test("a mark with nothing before it comes back at once, with the same name", async () => {
    const opened = firstStream();
    const call = double.call({ speed: 1 });
    const stream = await opened;
    await stream.next(isEvent("start"));
    stream.mark('g3:"m" 12');
    const back = await stream.next(isEvent("mark"));
    expect(back["mark"]).toEqual({ name: 'g3:"m" 12' });
    expect(typeof back["sequenceNumber"]).toBe("string");
    call.hangUp();
    const { marks } = (await call.done).streams[0]!;
    expect(marks[0]!.returnedMs! - marks[0]!.atMs).toBeLessThan(slackMs());
    expect(marks[0]!.cleared).toBe(false);
  });

  test("clear drops what waits, gives all marks back at once, and later audio plays at once", async () => {
    const opened = firstStream();
    const call = double.call();
    const stream = await opened;
    await stream.next(isEvent("start"));
    stream.play(tone(400));
    stream.mark("heard");
    stream.play(tone(30_000, 0x1f));
    stream.mark("a");
    stream.mark("b");
    await stream.next(isEvent("mark"));
    stream.clear();
    await stream.next((m) => m.event === "mark" && (m["mark"] as { name: string }).name === "b");
    stream.play(tone(100, 0x2f));
    stream.mark("after");
    await stream.next((m) => m.event === "mark" && (m["mark"] as { name: string }).name === "after");
    call.hangUp();
    const result = await call.done;
    const report = result.streams[0]!;
    expect(report.marks.map(({ name, cleared }) => [name, cleared])).toEqual([
      ["heard", false],
      ["a", true],
      ["b", true],
      ["after", false],
    ]);
    const [clear] = report.clears;
    expect(clear!.marks).toEqual(["a", "b"]);
    expect(clear!.droppedBytes).toBe(240_000 - report.media[1]!.played);
    expect(clear!.playedBytes).toBe(3200 + report.media[1]!.played);
    expect(report.playedBytes).toBe(clear!.playedBytes + 800);
    // The recording has exactly what was played: count the loud bytes.
    expect(result.heard.filter((byte) => byte !== 0xff).length).toBe(report.playedBytes);
    expect(report.media[2]!.startsAt).toBeGreaterThanOrEqual(Math.floor(clear!.atMs * 8));
  });

  test("with a jitter buffer the first part of cleared audio is still heard", async () => {
    const opened = firstStream();
    const call = double.call({ clearTailMs: 200 });
    const stream = await opened;
    await stream.next(isEvent("start"));
    stream.play(tone(10_000));
    await call.waitFor((entry) => entry.kind === "agent-speaking");
    stream.clear();
    const clear = await call.waitFor((entry) => entry.kind === "clear");
    await call.waitFor((entry) => entry.kind === "agent-silent");
    call.hangUp();
    const { streams } = await call.done;
    expect(clear).toMatchObject({ kind: "clear" });
    expect(streams[0]!.playedBytes - streams[0]!.clears[0]!.playedBytes).toBe(1600);
  });

  test("more than ten minutes waiting is discarded with warning 31931, told once", async () => {
    const opened = firstStream();
    const call = double.call({ speed: 1 });
    const stream = await opened;
    await stream.next(isEvent("start"));
    for (let i = 0; i < 62; i++) stream.play(new Uint8Array(80_000).fill(0x20));
    stream.mark("end");
    await call.waitFor((entry) => entry.kind === "mark");
    call.hangUp();
    const result = await call.done;
    expect(result.streams[0]!.media.length).toBe(60);
    expect(result.debugger.filter(({ code }) => code === 31931)).toHaveLength(1);
    expect(result.streams[0]!.largestMessage).toBeGreaterThan(80_000);
  });
});

describe("messages Twilio does not take", () => {
  const bad: [string, number, (stream: DoubleStream) => void][] = [
    ["a binary frame", 31950, (s) => s.socket.send(Buffer.from("{}"))],
    ["no JSON", 31950, (s) => s.socket.send("{nonsense")],
    ["an array", 31951, (s) => s.send([])],
    ["an unknown event", 31951, (s) => s.send({ event: "ping", streamSid: s.streamSid })],
    ["no event", 31951, (s) => s.send({ streamSid: s.streamSid })],
    ["another stream's sid", 31951, (s) => s.send({ event: "clear", streamSid: "MZ00" })],
    ["no streamSid", 31951, (s) => s.send({ event: "clear" })],
    ["an extra field", 31951, (s) => s.send({ event: "clear", streamSid: s.streamSid, sequenceNumber: "1" })],
    [
      "media with a track",
      31951,
      (s) => s.send({ event: "media", streamSid: s.streamSid, media: { payload: "/w==", track: "outbound" } }),
    ],
    ["media without payload", 31951, (s) => s.send({ event: "media", streamSid: s.streamSid, media: {} })],
    [
      "a payload that is no base64",
      31951,
      (s) => s.send({ event: "media", streamSid: s.streamSid, media: { payload: "a!c=" } }),
    ],
    [
      "a payload cut short",
      31951,
      (s) => s.send({ event: "media", streamSid: s.streamSid, media: { payload: "abc" } }),
    ],
    [
      "a payload of two base64 texts",
      31951,
      (s) => s.send({ event: "media", streamSid: s.streamSid, media: { payload: "/w==/w==" } }),
    ],
    [
      "a payload in the URL alphabet",
      31951,
      (s) => s.send({ event: "media", streamSid: s.streamSid, media: { payload: "__8=" } }),
    ],
    ["an empty payload", 31951, (s) => s.send({ event: "media", streamSid: s.streamSid, media: { payload: "" } })],
    ["a mark without name", 31951, (s) => s.send({ event: "mark", streamSid: s.streamSid })],
    ["a mark with an empty name", 31951, (s) => s.send({ event: "mark", streamSid: s.streamSid, mark: { name: "" } })],
    [
      "a mark with more than a name",
      31951,
      (s) => s.send({ event: "mark", streamSid: s.streamSid, mark: { name: "a", at: 1 } }),
    ],
  ];

  test.each(bad)("%s is ignored with warning %i", async (_name, code, act) => {
    const opened = firstStream();
    const call = double.call();
    const stream = await opened;
    await stream.next(isEvent("start"));
    act(stream);
    act(stream);
    stream.mark("still works");
    const mark = await stream.next(isEvent("mark"));
    expect(mark["mark"]).toEqual({ name: "still works" });
    call.hangUp();
    const result = await call.done;
    const report = result.streams[0]!;
    expect(report.invalid.map((one) => one.code)).toEqual([code, code]);
    // Told once per stream.
    expect(result.debugger.filter((line) => line.code === code)).toHaveLength(1);
    expect(report.media).toEqual([]);
    expect(report.clears).toEqual([]);
    expect(report.marks).toHaveLength(1);
  });
});
