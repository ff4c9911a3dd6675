// The line of a phone call: what goes out, what is kept until somebody listens, and its one end.
import { createPhoneLine, type PhoneLine, type Tally } from "../../../src/channels/phone/line.ts";
import type { LineCloseCause, LineEvent } from "../../../src/core/line.ts";
import { fakeSocket, keptMeter, STREAM } from "./support.ts";

function setup() {
  const socket = fakeSocket();
  const meter = keptMeter();
  const tally: Tally = { received: 0, sent: 0 };
  const done: LineCloseCause[] = [];
  const phone: PhoneLine = createPhoneLine({
    streamSid: STREAM,
    socket,
    meter,
    tally,
    onDone(cause) {
      done.push(cause);
      phone.end(cause);
    },
  });
  const events: LineEvent[] = [];
  return { socket, meter, tally, done, phone, line: phone.line, events, listen: (e: LineEvent) => void events.push(e) };
}
const audio = (n: number, bytes = 160): LineEvent => ({
  type: "line.audio",
  payload: Buffer.alloc(bytes, n).toString("base64"),
});

describe("outwards", () => {
  test("audio, marks and clear, in order", () => {
    const { line, socket, tally } = setup();
    line.play("AAAA");
    line.mark("g1:1");
    line.clear();
    expect(socket.sent).toEqual([
      { event: "media", streamSid: STREAM, media: { payload: "AAAA" } },
      { event: "mark", streamSid: STREAM, mark: { name: "g1:1" } },
      { event: "clear", streamSid: STREAM },
    ]);
    expect(tally.sent).toBe(1);
    expect(line.id).toBe(STREAM);
  });

  test("audio with a mark right behind it, however many messages it takes", () => {
    const { line, socket, tally } = setup();
    line.play("AAAA", "g1:m1");
    line.play(Buffer.alloc(50_000).toString("base64"), "g1:m2");
    expect(socket.sent.map(({ event, mark }) => (mark as { name: string } | undefined)?.name ?? event)).toEqual([
      "media",
      "g1:m1",
      "media",
      "media",
      "g1:m2",
    ]);
    expect(tally.sent).toBe(3);
  });

  test("a long clip goes in messages below 64 KiB which together are the same audio", () => {
    const { line, socket } = setup();
    const clip = Buffer.from(Array.from({ length: 100_001 }, (_, n) => n % 251));
    line.play(clip.toString("base64"));
    const payloads = socket.sent.map(({ media }) => (media as { payload: string }).payload);
    expect(payloads.length).toBeGreaterThan(1);
    expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThan(60_000);
    expect(Buffer.concat(payloads.map((payload) => Buffer.from(payload, "base64"))).equals(clip)).toBe(true);
  });

  test("nothing at all is not sent", () => {
    const { line, socket } = setup();
    line.play("");
    expect(socket.sent).toEqual([]);
  });

  test("a far side that takes nothing ends the line", () => {
    const { line, socket, done, listen, events } = setup();
    line.attach(listen);
    socket.bufferedBytes = 1 << 20;
    line.play("AAAA");
    expect(done).toEqual([]);
    expect(line.bufferedBytes()).toBe(1 << 20);
    socket.bufferedBytes++;
    line.play("AAAA");
    line.play("AAAA");
    expect(done).toEqual(["slow-consumer"]);
    expect(events).toEqual([{ type: "line.closed", cause: "slow-consumer" }]);
    expect(socket.sent).toHaveLength(2);
  });

  test("nothing goes out after the end", () => {
    const { line, socket, phone } = setup();
    phone.end("hangup");
    line.play("AAAA");
    line.mark("x");
    line.clear();
    line.close();
    expect(socket.sent).toEqual([]);
  });
});

describe("inwards", () => {
  test("what came before attaching is delivered first, in order, within the call", () => {
    const { line, phone, events, listen } = setup();
    phone.deliver(audio(1));
    phone.deliver({ type: "line.digit", digit: "5" });
    phone.deliver(audio(2));
    line.attach(listen);
    phone.deliver({ type: "line.mark", name: "m" });
    expect(events).toEqual([audio(1), { type: "line.digit", digit: "5" }, audio(2), { type: "line.mark", name: "m" }]);
  });

  test("what comes while the past is handed over waits its turn", () => {
    const { line, phone, events } = setup();
    phone.deliver(audio(1));
    phone.deliver(audio(2));
    line.attach((event) => {
      events.push(event);
      if (events.length === 1) phone.deliver(audio(3));
      if (events.length === 2) line.close();
    });
    expect(events).toEqual([audio(1), audio(2), audio(3), { type: "line.closed", cause: "closed-by-us" }]);
  });

  test("30 s are kept, then the oldest audio goes and is counted; keys are not lost with it", () => {
    const { line, phone, events, listen, meter } = setup();
    phone.deliver({ type: "line.digit", digit: "1" });
    for (let n = 0; n < 1510; n++) phone.deliver(audio(n % 100));
    line.attach(listen);
    const heard = events.filter(({ type }) => type === "line.audio");
    const chars = heard.reduce((sum, event) => sum + (event.type === "line.audio" ? event.payload.length : 0), 0);
    expect(chars).toBeLessThanOrEqual(320_000);
    expect(chars).toBeGreaterThan(319_000);
    expect(events[0]).toEqual({ type: "line.digit", digit: "1" });
    expect(events.at(-1)).toEqual(audio(1509 % 100));
    expect(meter.total("voice_frames_dropped_total", { cause: "before-answer" })).toBe(1510 - heard.length);
  });

  test("a flood of keys before attaching is bounded, and the end still comes", () => {
    const { line, phone, events, listen, meter } = setup();
    for (let n = 0; n < 10_000; n++) phone.deliver({ type: "line.digit", digit: "1" });
    phone.end("hangup");
    line.attach(listen);
    expect(events.length).toBe(201);
    expect(events.at(-1)).toEqual({ type: "line.closed", cause: "hangup" });
    expect(meter.total("voice_frames_dropped_total")).toBe(9800);
  });

  test("a second listener is a mistake", () => {
    const { line, listen } = setup();
    line.attach(listen);
    expect(() => line.attach(listen)).toThrow(/one listener/);
  });
});

describe("the end", () => {
  const ended: LineEvent = { type: "line.closed", cause: "closed-by-us" };

  test("by us: once, and nothing after it", () => {
    const { line, phone, events, listen, done } = setup();
    line.attach(listen);
    line.close();
    line.close();
    phone.end("network");
    phone.deliver(audio(1));
    expect(events).toEqual([ended]);
    expect(done).toEqual(["closed-by-us"]);
  });

  test("by the other side, then by us", () => {
    const { line, phone, events, listen, done } = setup();
    line.attach(listen);
    phone.end("network");
    phone.end("hangup");
    line.close();
    expect(events).toEqual([{ type: "line.closed", cause: "network" }]);
    expect(done).toEqual([]);
  });

  test("before anybody listens: told when somebody does", () => {
    const { line, phone, events, listen } = setup();
    phone.deliver(audio(1));
    phone.end("hangup");
    line.attach(listen);
    expect(events).toEqual([audio(1), { type: "line.closed", cause: "hangup" }]);
  });
});
