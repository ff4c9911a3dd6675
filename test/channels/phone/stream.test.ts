// One media socket without a network, on a clock set by hand: start and token, the order of frames, bad frames, silence, ends.
import { jest } from "@jest/globals";
import * as fc from "fast-check";
import { DEFAULT_TIMING } from "../../../src/channels/phone/settings.ts";
import { openStream, type StreamOptions } from "../../../src/channels/phone/stream.ts";
import type { Line, LineEvent } from "../../../src/core/line.ts";
import type { StreamGrant, StreamState } from "../../../src/core/state.ts";
import { createMemoryState } from "../../../src/state/memory.ts";
import { keptLog } from "../../http/support.ts";
import { ACCOUNT, fakeSocket, keptMeter, manualClock, newCallSid, STREAM, twilioSide } from "./support.ts";

/** Lets everything that waits for promises alone go on. */
const settle = () => new Promise(setImmediate);

function setup(options: Partial<StreamOptions> = {}) {
  const clock = manualClock();
  const meter = keptMeter();
  const log = keptLog();
  const socket = fakeSocket();
  const state = options.state ?? createMemoryState({ clock });
  const callSid = newCallSid();
  const twilio = twilioSide({ callSid, token: "tok" });
  const lines: Line[] = [];
  const events: LineEvent[] = [];
  const disowned: StreamGrant[] = [];
  let ended = 0;
  const tally = { received: 0, sent: 0 };
  const stream = openStream(socket, {
    clock,
    meter,
    log,
    timing: DEFAULT_TIMING,
    claim: async () => "ok",
    disown: (grant) => void disowned.push(grant),
    distrust: () => undefined,
    enter(line) {
      lines.push(line);
      line.attach((event) => void events.push(event));
    },
    onEnded: () => void ended++,
    tally,
    ...options,
    state,
  });
  const grant: StreamGrant = {
    party: {
      callId: "call-1",
      carrierId: callSid,
      from: "+1",
      to: "+2",
      channel: "phone",
      direction: "inbound",
      orgId: "default",
    },
    accountId: ACCOUNT,
  };
  return {
    clock,
    meter,
    log,
    socket,
    state,
    callSid,
    twilio,
    stream,
    lines,
    events,
    disowned,
    tally,
    grant,
    ended: () => ended,
    /** To the point where the bridge has the line. */
    async live() {
      await state.putToken("tok", grant, 60_000);
      socket.receive(twilio.connected());
      socket.receive(twilio.start());
      await settle();
      expect(lines).toHaveLength(1);
    },
    audio: () => events.filter(({ type }) => type === "line.audio").length,
    tick(times = 1) {
      for (let n = 0; n < times; n++) {
        clock.advance(1000);
        stream.tick();
      }
    },
  };
}
const closedBy = (cause: string) => ({ type: "line.closed", cause });

describe("start", () => {
  test("brings the line, with what was said while the token was being checked", async () => {
    let answer: (grant: StreamGrant | undefined) => void = () => undefined;
    const state = {
      takeToken: () => new Promise<StreamGrant | undefined>((resolve) => (answer = resolve)),
    } as unknown as StreamState;
    const t = setup({ state });
    t.socket.receive(t.twilio.connected());
    t.socket.receive(t.twilio.start());
    for (let n = 0; n < 100; n++) t.socket.receive(t.twilio.media());
    t.socket.receive(t.twilio.digit("7"));
    await settle();
    expect(t.lines).toHaveLength(0);
    answer(t.grant);
    await settle();
    expect(t.lines[0]?.id).toBe(STREAM);
    expect(t.audio()).toBe(100);
    expect(t.events.at(-1)).toEqual({ type: "line.digit", digit: "7" });
    expect(t.stream.callSid).toBe(t.callSid);
    expect(t.stream.streamSid).toBe(STREAM);
  });

  test("is waited for 5 s, and then costs nothing more", async () => {
    const t = setup();
    t.socket.receive(t.twilio.connected());
    t.clock.advance(4999);
    expect(t.socket.closes).toEqual([]);
    t.clock.advance(1);
    expect(t.socket.closes).toMatchObject([{ code: 1008 }]);
    expect(t.meter.total("voice_start_timeouts_total")).toBe(1);
    expect(t.ended()).toBe(1);
    expect(t.clock.waiting()).toBe(0);
    t.socket.receive(t.twilio.start());
    await settle();
    expect(t.lines).toHaveLength(0);
  });

  test.each<readonly [string, (callSid: string) => Record<string, unknown>, number]>([
    ["no token", (callSid) => twilioSide({ callSid }).start(), 0],
    ["an empty token", (callSid) => twilioSide({ callSid, token: "" }).start(), 0],
    ["an unknown token", (callSid) => twilioSide({ callSid, token: "other" }).start(), 0],
    ["the token of another call", () => twilioSide({ callSid: "CAother", token: "tok" }).start(), 1],
    ["another account", (callSid) => twilioSide({ callSid, token: "tok", accountSid: "ACother" }).start(), 1],
  ])("with %s is refused with 1008", async (_, start, disowned) => {
    const t = setup();
    await t.state.putToken("tok", t.grant, 60_000);
    t.socket.receive(start(t.callSid));
    t.socket.receive(t.twilio.media());
    await settle();
    expect(t.lines).toHaveLength(0);
    expect(t.socket.closes).toMatchObject([{ code: 1008 }]);
    expect(t.meter.total("voice_auth_failures_total", { surface: "stream-token" })).toBe(1);
    expect(t.disowned).toHaveLength(disowned);
    expect(t.clock.waiting()).toBe(0);
  });

  test("with a token that has expired or been spent is refused", async () => {
    for (const spoil of ["expire", "spend"] as const) {
      const t = setup();
      await t.state.putToken("tok", t.grant, 60_000);
      t.clock.advance(4000);
      if (spoil === "spend") await t.state.takeToken("tok");
      else {
        await t.state.takeToken("tok");
        await t.state.putToken("tok", t.grant, 500);
        t.clock.advance(500);
      }
      t.socket.receive(t.twilio.start());
      await settle();
      expect(t.lines).toHaveLength(0);
      expect(t.socket.closes).toMatchObject([{ code: 1008 }]);
    }
  });

  test.each(["busy", "draining"] as const)(
    "when there is no room any more (%s) is closed with 1013",
    async (verdict) => {
      const t = setup({ claim: async () => verdict });
      await t.state.putToken("tok", t.grant, 60_000);
      t.socket.receive(t.twilio.start());
      await settle();
      expect(t.socket.closes).toEqual([{ code: 1013, reason: verdict }]);
      expect(t.lines).toHaveLength(0);
    },
  );

  test("of another audio format is closed with 1003 before anything is spent", async () => {
    const t = setup();
    await t.state.putToken("tok", t.grant, 60_000);
    const start = t.twilio.start();
    start.start.mediaFormat.sampleRate = 16_000;
    t.socket.receive(start);
    await settle();
    expect(t.socket.closes).toMatchObject([{ code: 1003 }]);
    expect(await t.state.unspentToken(t.callSid)).toBe("tok");
  });

  test("whose token cannot be checked is closed with 1011: at once, or after 5 s", async () => {
    const failing = setup({
      state: { takeToken: () => Promise.reject(new Error("no state")) } as unknown as StreamState,
    });
    failing.socket.receive(failing.twilio.start());
    await settle();
    expect(failing.socket.closes).toMatchObject([{ code: 1011 }]);
    expect(failing.log.lines.some(({ level }) => level === "error")).toBe(true);

    const hanging = setup({ state: { takeToken: () => new Promise(() => undefined) } as unknown as StreamState });
    hanging.clock.advance(3000);
    hanging.socket.receive(hanging.twilio.start());
    hanging.clock.advance(4999);
    expect(hanging.socket.closes).toEqual([]);
    hanging.clock.advance(1);
    expect(hanging.socket.closes).toMatchObject([{ code: 1011 }]);
    expect(hanging.clock.waiting()).toBe(0);
  });

  test("with a bridge that fails gives the call back", async () => {
    const t = setup({
      enter() {
        throw new Error("fault of ours");
      },
    });
    await t.state.putToken("tok", t.grant, 60_000);
    t.socket.receive(t.twilio.start());
    await settle();
    expect(t.socket.closes).toMatchObject([{ code: 1011 }]);
    expect(t.disowned).toEqual([t.grant]);
  });

  test("a second time for the same stream changes nothing; for another one it closes 1008", async () => {
    const t = setup();
    await t.live();
    t.socket.receive(t.twilio.start());
    await settle();
    expect(t.lines).toHaveLength(1);
    expect(t.socket.closes).toEqual([]);
    expect(t.meter.total("voice_protocol_violations_total", { kind: "second-start" })).toBe(1);
    t.socket.receive(twilioSide({ callSid: t.callSid, token: "tok", streamSid: "MZother" }).start());
    expect(t.socket.closes).toMatchObject([{ code: 1008 }]);
    expect(t.events.at(-1)).toEqual(closedBy("protocol"));
    expect(t.stream.streamSid).toBe(STREAM);
  });
});

describe("frames", () => {
  test("one is timed after each report, and not every one; so is the token", async () => {
    const t = setup();
    await t.live();
    for (let n = 0; n < 50; n++) t.socket.receive(t.twilio.media());
    const timed = (metric: string) => t.meter.observed.filter(({ name }) => name === metric).length;
    expect(timed("voice_relay_delay_seconds")).toBe(1);
    t.tally.received = 0;
    for (let n = 0; n < 50; n++) t.socket.receive(t.twilio.media());
    expect(timed("voice_relay_delay_seconds")).toBe(2);
    expect(timed("voice_call_setup_seconds")).toBe(1);
  });

  test("500 before start are dropped and counted, and the start still works", async () => {
    const t = setup();
    for (let n = 0; n < 500; n++) t.socket.receive(t.twilio.media());
    t.socket.receive(t.twilio.digit("1"));
    await t.live();
    expect(t.events).toEqual([]);
    expect(t.meter.total("voice_protocol_violations_total", { kind: "before-start" })).toBe(501);
  });

  test("come out as they came in, untouched", async () => {
    const t = setup();
    await t.live();
    const sent = Array.from({ length: 50 }, () => t.twilio.media());
    for (const message of sent) t.socket.receive(message);
    expect(t.events).toEqual(sent.map(({ media }) => ({ type: "line.audio", payload: media.payload })));
    expect(t.tally.received).toBe(50);
  });

  test("a gap is filled with silence, in front of the frame behind it", async () => {
    const t = setup();
    await t.live();
    t.socket.receive(t.twilio.media({ timestamp: "0" }));
    t.socket.receive(t.twilio.media({ timestamp: "1520" }));
    const bytes = t.events.map((event) => (event.type === "line.audio" ? Buffer.from(event.payload, "base64") : []));
    expect(bytes.map(({ length }) => length)).toEqual([160, 8000, 4000, 160]);
    expect(Buffer.concat(bytes.slice(1, 3) as Buffer[]).every((byte) => byte === 0xff)).toBe(true);
    expect(t.meter.total("voice_media_gap_ms_total")).toBe(1500);
  });

  test.each([
    [9_020, 9000],
    [60_020, 10_000],
  ])("a jump to %d ms is a gap of %d ms", async (timestamp, gapMs) => {
    const t = setup();
    await t.live();
    t.socket.receive(t.twilio.media({ timestamp: "0" }));
    t.socket.receive(t.twilio.media({ timestamp: String(timestamp) }));
    t.socket.receive(t.twilio.media({ timestamp: String(timestamp + 20) }));
    expect(t.meter.total("voice_media_gap_ms_total")).toBe(gapMs);
    expect(t.audio()).toBe(gapMs / 1000 + 3);
  });

  test.each<readonly [string, string, (t: ReturnType<typeof setup>) => unknown]>([
    ["the same chunk twice", "duplicate", (t) => t.twilio.media({ chunk: "1" })],
    ["an older chunk", "late", (t) => t.twilio.media({ chunk: "0" })],
    ["another track", "other-track", (t) => t.twilio.media({ track: "outbound" })],
    ["another stream", "other-stream", (t) => ({ ...t.twilio.media(), streamSid: "MZother" })],
    ["another stream's stop", "other-stream", (t) => ({ ...t.twilio.stop(), streamSid: "MZother" })],
  ])("%s is dropped and counted", async (_, kind, message) => {
    const t = setup();
    await t.live();
    t.socket.receive(t.twilio.media());
    t.socket.receive(message(t));
    expect(t.audio()).toBe(1);
    expect(t.ended()).toBe(0);
    expect(t.meter.total("voice_protocol_violations_total", { kind })).toBe(1);
  });

  test("a clock set back is counted and the caller stays heard", async () => {
    const t = setup();
    await t.live();
    t.socket.receive(t.twilio.media({ timestamp: "10000" }));
    for (let n = 0; n < 50; n++) t.socket.receive(t.twilio.media({ timestamp: String(n * 20) }));
    expect(t.audio()).toBe(51);
    expect(t.meter.total("voice_protocol_violations_total", { kind: "clock-back" })).toBe(1);
  });

  test("keys and marks come once each, even if Twilio repeats a message", async () => {
    const t = setup();
    await t.live();
    const digit = t.twilio.digit("5");
    const mark = t.twilio.mark("g1:1");
    for (const message of [digit, digit, mark, mark, t.twilio.digit("5")]) t.socket.receive(message);
    expect(t.events).toEqual([
      { type: "line.digit", digit: "5" },
      { type: "line.mark", name: "g1:1" },
      { type: "line.digit", digit: "5" },
    ]);
  });

  test("an unknown event is counted and ignored", async () => {
    const t = setup();
    await t.live();
    t.socket.receive({ event: "sentiment", sequenceNumber: "9", streamSid: STREAM });
    expect(t.meter.total("voice_unknown_events_total", { leg: "phone" })).toBe(1);
    expect(t.events).toEqual([]);
  });
});

describe("bad frames", () => {
  test("49 in 10 s are ignored, the 50th closes this stream with 1007", async () => {
    const t = setup();
    await t.live();
    for (let n = 0; n < 49; n++) t.socket.receive("{");
    expect(t.socket.closes).toEqual([]);
    t.socket.receive("{", true);
    expect(t.socket.closes).toMatchObject([{ code: 1007 }]);
    expect(t.events).toEqual([closedBy("bad-frames")]);
    expect(t.meter.total("voice_bad_frames_total", { kind: "json" })).toBe(49);
    expect(t.meter.total("voice_bad_frames_total", { kind: "binary" })).toBe(1);
  });

  test("50 in a little more than 10 s do not, however long it goes on", async () => {
    const t = setup();
    await t.live();
    for (let n = 0; n < 1000; n++) {
      t.socket.receive({ event: "media" });
      t.clock.advance(210);
      t.socket.receive(t.twilio.media());
    }
    expect(t.socket.closes).toEqual([]);
    expect(t.meter.total("voice_bad_frames_total", { kind: "shape" })).toBe(1000);
  });

  test("count before start as well", () => {
    const t = setup();
    for (let n = 0; n < 50; n++) t.socket.receive(Buffer.from([0xff, 0xfe]));
    expect(t.socket.closes).toMatchObject([{ code: 1007 }]);
  });

  test("10 000 mutated frames neither throw nor get through as anything but audio, keys and marks", async () => {
    const t = setup({ timing: { ...DEFAULT_TIMING, badFrames: Number.MAX_SAFE_INTEGER } });
    await t.live();
    const kinds = [t.twilio.media(), t.twilio.digit("1"), t.twilio.mark("m")];
    const seeds = kinds.map((message) => [...Buffer.from(JSON.stringify(message))]);
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(2000),
        fc.boolean(),
        (seed, changes, length, isBinary) => {
          const data = [...seed];
          for (const [at, byte] of changes) data[at % data.length] = byte;
          t.socket.receive(Buffer.from(length < 400 ? data.slice(0, length) : data), isBinary && length < 100);
        },
      ),
      { numRuns: 10_000, seed: 3 },
    );
    const types = new Set(t.events.map(({ type }) => type));
    for (const type of types) expect(["line.audio", "line.digit", "line.mark"]).toContain(type);
    expect(t.meter.total("voice_bad_frames_total")).toBeGreaterThan(1000);
    expect(t.ended()).toBe(0);
  });
});

describe("a quiet line", () => {
  test("is pinged after 5 s and cut after 10 s", async () => {
    const t = setup();
    await t.live();
    t.socket.receive(t.twilio.media());
    t.tick(); // The one in which the frame came.
    t.tick(4);
    expect(t.socket.pings).toBe(0);
    t.tick(1);
    expect(t.socket.pings).toBe(1);
    t.tick(4);
    expect(t.socket.terminated).toBe(0);
    t.tick(1);
    expect(t.socket.pings).toBe(1);
    expect(t.socket.terminated).toBe(1);
    expect(t.events.at(-1)).toEqual(closedBy("no-media"));
    expect(t.meter.total("voice_half_open_total")).toBe(1);
    expect(t.clock.waiting()).toBe(0);
  });

  test("that carries silence is not quiet, and one that comes back is not cut", async () => {
    const t = setup();
    await t.live();
    const silence = Buffer.alloc(160, 0xff).toString("base64");
    for (let n = 0; n < 30; n++) {
      t.socket.receive(t.twilio.media({ payload: silence, timestamp: String(n * 1000) }));
      t.tick();
    }
    t.tick(9);
    t.socket.receive(t.twilio.media({ timestamp: "40000" }));
    t.tick(9);
    expect(t.socket.terminated).toBe(0);
    expect(t.socket.pings).toBe(2);
  });

  test("is not kept by marks, keys or bad frames", async () => {
    const t = setup();
    await t.live();
    for (let n = 0; n < 11; n++) {
      t.socket.receive(t.twilio.mark(`m${n}`));
      t.socket.receive(t.twilio.digit("1"));
      t.socket.receive("{");
      t.tick();
    }
    expect(t.socket.terminated).toBe(1);
  });
});

describe("the end", () => {
  test.each<readonly [string, string, (t: ReturnType<typeof setup>) => void]>([
    ["stop", "hangup", (t) => t.socket.receive(t.twilio.stop())],
    ["a close without stop", "hangup", (t) => t.socket.gone(1000)],
    ["a close without a code", "hangup", (t) => t.socket.gone(1005)],
    ["a broken connection", "network", (t) => t.socket.gone(1006)],
    ["a message that was too large", "protocol", (t) => t.socket.gone(1009)],
    ["text that was none", "bad-frames", (t) => t.socket.gone(1007)],
    ["our own close", "closed-by-us", (t) => t.lines[0]?.close()],
    ["the carrier's word", "hangup", (t) => t.stream.end("hangup", 1000, "")],
  ])("%s is told as %s, once, and leaves nothing behind", async (_, cause, bring) => {
    const t = setup();
    await t.live();
    bring(t);
    // Everything else that can come, comes afterwards.
    t.socket.receive(t.twilio.media());
    t.socket.receive(t.twilio.stop());
    t.socket.receive(t.twilio.start());
    t.socket.gone(1006);
    t.stream.end("hangup", 1000, "");
    t.lines[0]?.close();
    t.lines[0]?.play("AAAA");
    t.tick(20);
    await settle();
    expect(t.events).toEqual([closedBy(cause)]);
    expect(t.ended()).toBe(1);
    expect(t.lines).toHaveLength(1);
    expect(t.socket.sent).toEqual([]);
    expect(t.socket.closes.length).toBeLessThanOrEqual(1);
    expect(t.clock.waiting()).toBe(0);
    expect(t.meter.total("voice_ws_close_total")).toBe(1);
  });

  test("our close is 1000, and a far side that ignores it is counted", async () => {
    const t = setup();
    await t.live();
    t.lines[0]?.close();
    expect(t.socket.closes).toMatchObject([{ code: 1000 }]);
    expect(t.meter.total("voice_calls_not_torn_down_total")).toBe(0);
    t.socket.gone(1006);
    expect(t.meter.total("voice_calls_not_torn_down_total", { leg: "phone" })).toBe(1);
  });

  test("a far side that takes nothing is cut at once", async () => {
    const t = setup();
    await t.live();
    t.socket.bufferedBytes = (1 << 20) + 1;
    t.lines[0]?.play("AAAA");
    expect(t.socket.terminated).toBe(1);
    expect(t.events).toEqual([closedBy("slow-consumer")]);
  });

  test("before start needs no line", () => {
    const t = setup();
    t.socket.receive(t.twilio.stop());
    expect(t.socket.closes).toMatchObject([{ code: 1000 }]);
    expect(t.ended()).toBe(1);
    expect(t.clock.waiting()).toBe(0);
  });

  test("while the token is checked: the bridge gets the line and its end in one go", async () => {
    const t = setup();
    await t.state.putToken("tok", t.grant, 60_000);
    t.socket.receive(t.twilio.start());
    t.socket.receive(t.twilio.media());
    t.socket.receive(t.twilio.stop());
    await settle();
    expect(t.lines).toHaveLength(1);
    expect(t.events.map(({ type }) => type)).toEqual(["line.audio", "line.closed"]);
    expect(t.ended()).toBe(1);
  });
});

test("a frame costs no timer and no promise", async () => {
  const t = setup();
  await t.live();
  const after = jest.spyOn(t.clock, "after");
  t.socket.receive(t.twilio.media()); // The first one after a report is timed.
  const now = jest.spyOn(t.clock, "now");
  for (let n = 1; n < 1000; n++) t.socket.receive(t.twilio.media());
  expect(after).not.toHaveBeenCalled();
  expect(now).not.toHaveBeenCalled();
  expect(t.log.lines).toEqual([]);
  expect(t.audio()).toBe(1000); // Delivered within the message, not in a later tick.
});
