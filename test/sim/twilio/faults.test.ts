// Every fault switch does what it says, as the server sees it; and whatever happens, the call ends and lets go.
import type { Socket } from "node:net";
import { connectTwiml, startDouble, tone, until, xml, type Double, type DoubleStream, type Message } from "./double.ts";
import {
  entriesOf,
  type CallerScript,
  type CallFaults,
  type CallOptions,
  type SimCall,
} from "../../../src/sim/twilio/index.ts";

let double: Double;
beforeEach(async () => {
  double = await startDouble({ speed: 20 });
  double.on("/voice", connectTwiml(double.publicUrl, "", '<Parameter name="token" value="t1"/>'));
});
afterEach(() => double.close());

const firstStream = () => new Promise<DoubleStream>((resolve) => double.onStream(resolve));
const media = (messages: Message[]) =>
  messages.filter(({ event }) => event === "media").map((message) => message["media"] as Record<string, string>);
const numbers = (messages: Message[]) =>
  messages.flatMap((m) => (m.event === "media" ? [Number(m["sequenceNumber"])] : []));

/** A caller who hangs up when the stream has lasted `ms`. */
const untilStreamed = (call: () => SimCall, ms: number): CallerScript => [
  { do: "wait-for", condition: (nowMs) => nowMs >= (call().streams[0]?.startedMs ?? Infinity) + ms },
  { do: "hang-up" },
];

/** A call whose stream lasts about `ms`, until the caller hangs up. */
async function run(faults: CallFaults, ms = 4000, more: Partial<CallOptions> = {}) {
  const call: SimCall = double.call({ faults, caller: untilStreamed(() => call, ms), ...more });
  const result = await call.done;
  await Promise.all(double.streams.map(({ closed }) => closed));
  return result;
}

describe("signatures and addresses", () => {
  test.each([
    ["none", "none" as const],
    ["forged", "forged" as const],
    ["another account's", { token: "another" }],
  ])("%s: webhooks, callbacks and the upgrade do not validate", async (_name, signature) => {
    double.on("/status", { body: "" });
    await run({ signature, streamSignature: signature }, 200, { statusCallback: "/status" });
    expect(double.seen.map(({ path, valid }) => [path, valid])).toEqual([
      ["/voice", false],
      ["/status", false],
    ]);
    expect(double.upgrades).toMatchObject([{ valid: false, validWithSlash: false }]);
    const headers = [double.seen[0]!.headers, double.upgrades[0]!.headers];
    expect(headers.every((one) => "x-twilio-signature" in one)).toBe(signature !== "none");
  });

  test("the upgrade can be signed with a slash behind its address", async () => {
    await run({ streamSignature: "slash" }, 200);
    expect(double.upgrades).toMatchObject([{ valid: false, validWithSlash: true }]);
  });

  test.each(["evil.example.com", "a b", "[::1"])("the Host header can be anything: %s", async (host) => {
    await run({ host }, 200);
    expect(double.seen[0]).toMatchObject({ valid: true, headers: { host } });
    expect(double.upgrades[0]).toMatchObject({ valid: true, headers: { host } });
  });

  test("the stream's address can be dialled with something behind it", async () => {
    await run({ streamUrlSuffix: "?token=1" }, 200);
    expect(double.streams[0]!.url).toBe("/media-stream?token=1");
  });
});

describe("start", () => {
  test("custom parameters, call and account can be others' than the TwiML's", async () => {
    await run({ customParameters: { token: "stolen" }, startCallSid: "CAother", startAccountSid: "ACother" }, 200);
    expect(double.streams[0]!.messages[1]!["start"]).toMatchObject({
      customParameters: { token: "stolen" },
      callSid: "CAother",
      accountSid: "ACother",
    });
  });

  test("no start: nothing follows connected, and the call can still be ended", async () => {
    const result = await run({ noStart: true }, 1000);
    expect(double.streams[0]!.messages.map(({ event }) => event)).toEqual(["connected", "stop"]);
    expect(entriesOf(result.timeline, "fault")).toMatchObject([{ name: "noStart" }]);
  });

  test("media before start", async () => {
    await run({ mediaBeforeStart: 3 }, 400);
    const events = double.streams[0]!.messages.slice(0, 6).map(({ event }) => event);
    expect(events).toEqual(["connected", "media", "media", "media", "start", "media"]);
  });

  test.each(["same", "other"] as const)("a second start for the %s stream", async (streamSid) => {
    const result = await run({ duplicateStart: { atMs: 400, streamSid } }, 1000);
    const starts = double.streams[0]!.messages.filter(({ event }) => event === "start");
    expect(starts).toHaveLength(2);
    expect(starts[1]!["streamSid"] === result.streams[0]!.streamSid).toBe(streamSid === "same");
    expect((starts[1]!["start"] as { streamSid: string }).streamSid).toBe(starts[1]!["streamSid"]);
  });

  test("webhooks and callbacks more than once: the first answer counts", async () => {
    double.on("/status", { body: "" });
    await run({ duplicateWebhooks: 2 }, 200, { statusCallback: "/status" });
    expect(double.at("/voice")).toHaveLength(3);
    expect(double.at("/status").map(({ params }) => params["SequenceNumber"])).toEqual(["0", "0", "0"]);
    expect(new Set(double.at("/voice").map(({ params }) => params["CallSid"])).size).toBe(1);
    expect(double.streams).toHaveLength(1);
  });
});

describe("frames", () => {
  test("dropped: holes in the sequence, the chunks and the timestamps", async () => {
    await run({ frames: { drop: 0.3 } });
    const got = media(double.streams[0]!.messages);
    expect(got.length).toBeGreaterThan(90);
    expect(got.length).toBeLessThan(190);
    const chunks = got.map(({ chunk }) => Number(chunk));
    expect(chunks.at(-1)! - chunks[0]! + 1).toBeGreaterThan(got.length);
    expect(chunks).toEqual(chunks.toSorted((a, b) => a - b));
  });

  test("lost: the stream's books tell how much of the call the others span", async () => {
    const { streams } = await run({ frames: { drop: 0.3, shuffle: 0.3 } });
    const stamps = media(double.streams[0]!.messages).map(({ timestamp }) => Number(timestamp));
    expect(streams[0]?.callerMs).toBe(Math.max(...stamps) - stamps[0]! + 20);
  });

  test("duplicated: the same frame twice in a row", async () => {
    await run({ frames: { duplicate: 0.3 } });
    const sent = numbers(double.streams[0]!.messages);
    const repeats = sent.filter((n, i) => n === sent[i - 1]).length;
    expect(repeats).toBeGreaterThan(20);
    expect(new Set(sent).size).toBe(sent.length - repeats);
  });

  test("shuffled: neighbours swap, none is lost", async () => {
    await run({ frames: { shuffle: 0.3 } });
    const sent = numbers(double.streams[0]!.messages);
    const swaps = sent.filter((n, i) => n < (sent[i - 1] ?? 0)).length;
    expect(swaps).toBeGreaterThan(20);
    const sorted = sent.toSorted((a, b) => a - b);
    // A swap pending at the end is never made up for.
    expect(sorted.at(-1)! - sorted[0]! + 1 - sent.length).toBeLessThanOrEqual(1);
  });

  test("gaps: nothing arrives meanwhile, and the timestamps jump", async () => {
    await run({ frames: { gaps: [{ atMs: 1000, ms: 500 }] } });
    const stamps = media(double.streams[0]!.messages).map(({ timestamp }) => Number(timestamp));
    expect(stamps.filter((ms) => ms >= 1000 && ms < 1500)).toEqual([]);
    const jumps = stamps.map((ms, i) => ms - (stamps[i - 1] ?? ms)).filter((step) => step > 21);
    expect(jumps).toHaveLength(1);
    expect(jumps[0]).toBeGreaterThanOrEqual(500);
  });

  test("an oversize frame, once", async () => {
    await run({ frames: { oversize: { atMs: 500, bytes: 1600 } } }, 1500);
    const sizes = media(double.streams[0]!.messages).map(({ payload }) => Buffer.from(payload!, "base64").length);
    expect(sizes.filter((size) => size !== 160)).toEqual([1600]);
  });

  test("one too large for the server's limit is closed with 1009, and the call goes on", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, "", "", "<Say>still here</Say>"));
    const result = await double.call({ faults: { frames: { oversize: { atMs: 200, bytes: 100_000 } } } }).done;
    expect(result.streams[0]!.end).toMatchObject({ by: "server", code: 1009 });
    expect(result.says).toEqual(["still here"]);
  });
});

describe("endings", () => {
  test.each([
    [true, true, true],
    [true, true, false],
    [true, false, true],
    [true, false, false],
    [false, true, true],
    [false, true, false],
    [false, false, true],
  ])("stop %s, close %s, status callback %s", async (stop, close, statusCallback) => {
    double.on("/status", { body: "" });
    const opened = firstStream();
    const call = double.call({ faults: { ending: { stop, close, statusCallback } }, statusCallback: "/status" });
    const stream = await opened;
    await stream.next(({ event }) => event === "media");
    call.hangUp();
    expect(await call.done).toMatchObject({ endedBy: "caller", status: "completed" });
    if (stop) await stream.next(({ event }) => event === "stop");
    if (close) await stream.closed;
    expect(stream.messages.some(({ event }) => event === "stop")).toBe(stop);
    expect(stream.socket.readyState === stream.socket.OPEN).toBe(!close);
    expect(double.at("/status")).toHaveLength(statusCallback ? 1 : 0);
    const frames = stream.messages.length;
    stream.socket.close();
    expect((await stream.closed).code).toBe(1005);
    expect(stream.messages).toHaveLength(frames);
  });

  test("an abrupt close instead of a close frame", async () => {
    await run({ ending: { close: "abrupt" } }, 400);
    expect((await double.streams[0]!.closed).code).toBe(1006);
  });

  test("the socket dies mid-call: no stop, stream-error 31903, and the action is asked", async () => {
    const url = double.publicUrl.replace("http", "ws");
    const noun = `<Stream url="${url}/media-stream" statusCallback="${double.publicUrl}/s"/>`;
    double.on("/voice", xml(`<Connect action="/after">${noun}</Connect>`));
    double.on("/after", xml("<Say>we are back</Say>"));
    double.on("/s", { body: "" });
    const result = await double.call({ faults: { abruptCloseAtMs: 500 } }).done;
    expect((await double.streams[0]!.closed).code).toBe(1006);
    expect(double.streams[0]!.messages.some(({ event }) => event === "stop")).toBe(false);
    expect(result.says).toEqual(["we are back"]);
    expect(result.debugger).toMatchObject([{ level: "error", code: 31903 }]);
    const told = double.at("/s").map(({ params }) => params["StreamEvent"]);
    expect(new Set(told)).toEqual(new Set(["stream-error", "stream-started"]));
    expect(entriesOf(result.timeline, "fault")).toMatchObject([{ name: "abruptCloseAtMs" }]);
  });

  test("the server dies mid-call: the same, from its side", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, ' action="/after"'));
    double.on("/after", xml("<Say>another instance</Say>"));
    double.onStream((stream) => void stream.next((m) => m.event === "media").then(() => stream.socket.terminate()));
    const result = await double.call().done;
    expect(result.says).toEqual(["another instance"]);
    expect(result.debugger).toMatchObject([{ level: "error", code: 31903 }]);
    expect(result.streams[0]!.end).toMatchObject({ by: "server", code: 1006 });
  });

  test("bytes that are no WebSocket frame: stream-error 31924", async () => {
    double.onStream((stream) => {
      const socket = Reflect.get(stream.socket, "_socket") as Socket;
      void stream.next((m) => m.event === "media").then(() => socket.write(Buffer.from([0xff, 0xff, 0xff])));
    });
    const result = await double.call().done;
    expect(result.debugger).toMatchObject([{ level: "error", code: 31924 }]);
  });

  test("the action can be left untold when the caller hangs up", async () => {
    double.on("/voice", connectTwiml(double.publicUrl, ' action="/after"'));
    await run({ skipActionAfterHangUp: true }, 200);
    expect(double.seen.map(({ path }) => path)).toEqual(["/voice"]);
  });

  test("a caller who hangs up during the handshake calls it off at once", async () => {
    double.refuseUpgrades("hang");
    const call = double.call();
    await until(() => double.upgrades.length === 1);
    call.hangUp();
    const result = await call.done;
    expect(result).toMatchObject({ endedBy: "caller", debugger: [], streams: [] });
  });

  test("a test can cut the socket itself", async () => {
    const opened = firstStream();
    const call = double.call();
    const stream = await opened;
    await stream.next(({ event }) => event === "start");
    call.abort();
    expect((await stream.closed).code).toBe(1006);
    expect((await call.done).endedBy).toBe("end-of-document");
  });
});

describe("half-open and slow", () => {
  test.each([
    ["at its time", { vanishAtMs: 400 }],
    ["by hand", {}],
  ] as [string, CallFaults][])(
    "vanished %s: no more frames, pings go unanswered, the socket stays until the call ends",
    async (_name, faults) => {
      const opened = firstStream();
      const call = double.call({ faults });
      const stream = await opened;
      await stream.next((m) => m.event === "media" && Number((m["media"] as { chunk: string }).chunk) > 5);
      if (faults.vanishAtMs === undefined) call.vanish();
      else await call.waitFor((entry) => entry.kind === "fault");
      let pongs = 0;
      stream.socket.on("pong", () => pongs++);
      stream.socket.ping();
      const at = call.nowMs();
      // Two seconds of the call: a hundred frames would have come.
      await until(() => call.nowMs() > at + 2000);
      const { timestamp } = media(stream.messages).at(-1)!;
      expect(call.streams[0]!.startedMs + Number(timestamp)).toBeLessThanOrEqual(at);
      expect(pongs).toBe(0);
      expect(stream.socket.readyState).toBe(stream.socket.OPEN);
      call.hangUp();
      await call.done;
      expect((await stream.closed).code).toBe(1006);
      expect(stream.messages.some(({ event }) => event === "stop")).toBe(false);
    },
  );

  test("a reader that pauses hears nothing until it resumes; its own frames still come", async () => {
    const opened = firstStream();
    const call = double.call({ faults: { pauseReadingAtMs: 200 } });
    const stream = await opened;
    await call.waitFor((entry) => entry.kind === "fault");
    stream.play(tone(100));
    stream.mark("late");
    const seen = stream.messages.length;
    await stream.next((m) => numbers([m])[0]! > seen + 20);
    expect(entriesOf(call.timeline, "mark")).toEqual([]);
    call.resume();
    await stream.next(({ event }) => event === "mark");
    call.hangUp();
    expect((await call.done).streams[0]!.playedBytes).toBe(800);
  });

  test("a server that does not read: frames are dropped with warning 31930, memory is bounded", async () => {
    const opened = firstStream();
    // Large frames fill the kernel's buffers quickly.
    const call = double.call({ frameMs: 1000, speed: 400 });
    const stream = await opened;
    stream.socket.pause();
    await call.waitFor((entry) => entry.kind === "debugger" && entry.code === 31930, { timeoutMs: 20_000 });
    stream.socket.resume();
    call.hangUp();
    const result = await call.done;
    expect(result.debugger.filter(({ code }) => code === 31930)).toHaveLength(1);
  });

  test("late marks come back late, cleared ones too", async () => {
    const opened = firstStream();
    const call = double.call({ faults: { lateMarksMs: 3000 } });
    const stream = await opened;
    await stream.next(({ event }) => event === "start");
    stream.mark("at once");
    await stream.next(({ event }) => event === "mark");
    stream.play(tone(60_000));
    stream.mark("cleared");
    stream.clear();
    await stream.next((m) => m.event === "mark" && (m["mark"] as { name: string }).name === "cleared");
    call.hangUp();
    const [first, second] = (await call.done).streams[0]!.marks;
    expect(first!.returnedMs! - first!.atMs).toBeGreaterThanOrEqual(3000);
    expect(second!.returnedMs! - second!.atMs).toBeGreaterThanOrEqual(3000);
    expect(second!.cleared).toBe(true);
  });

  test("anything can be sent by hand", async () => {
    const opened = firstStream();
    const call = double.call();
    const stream = await opened;
    await stream.next(({ event }) => event === "start");
    const raw: string[] = [];
    stream.socket.removeAllListeners("message");
    stream.socket.on("message", (data: Buffer, binary) => {
      if (binary || !data.toString().startsWith("{")) raw.push(`${String(binary)} ${data.toString()}`);
    });
    call.sendRaw("not json");
    call.sendRaw(Buffer.from("binary"));
    await until(() => raw.length === 2);
    call.hangUp();
    await call.done;
    expect(raw).toEqual(["false not json", "true binary"]);
  });
});

test("with the same seed the same frames are lost", async () => {
  const lost = async () => {
    const other = await startDouble({ speed: 20, sim: { seed: 42 } });
    other.on("/voice", connectTwiml(other.publicUrl));
    const faults = { frames: { drop: 0.2, shuffle: 0.1, duplicate: 0.1 } };
    const call: SimCall = other.call({ faults, caller: untilStreamed(() => call, 3000) });
    const result = await call.done;
    await other.streams[0]!.closed;
    const chunks = media(other.streams[0]!.messages).map(({ chunk }) => chunk);
    await other.close();
    return { callSid: result.callSid, chunks: chunks.slice(0, 80) };
  };
  expect(await lost()).toEqual(await lost());
});
