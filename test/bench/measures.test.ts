// What the bench reads its figures from: the stamp in the audio, the phone's playback, the percentiles.
import { median, percentile, spread, spreadText } from "../../scripts/bench/numbers.ts";
import { createPlayback } from "../../scripts/bench/playback.ts";
import { speechNoise } from "../../scripts/bench/speech-noise.ts";
import {
  AGENT_HEADER,
  ageOf,
  agentHeader,
  CALLER_HEADER,
  callerHeader,
  hasAgentHeader,
  numberIn,
} from "../../scripts/bench/stamp.ts";
import { addTo, agesOf, bytesIn, missingMs, newTrail } from "../../scripts/bench/trail.ts";
import { PcmDetector } from "../../src/speech/audio-check.ts";

describe("a stamp", () => {
  test.each([0, 1, 16_777.215, 16_777.216, 123_456_789.012])("made at %d ms tells its age", (madeAt) => {
    const frame = Buffer.from(`xx${callerHeader(madeAt, 7)}`);
    for (const age of [0, 0.25, 20, 4000]) expect(ageOf(frame, 2, madeAt + age)).toBeCloseTo(age, 2);
    // Two clocks are never quite one: a frame may seem to come before it was sent.
    expect(ageOf(frame, 2, madeAt - 0.1)).toBeCloseTo(-0.1, 2);
  });
  test.each([0, 1, 63, 64, 4095])("carries the number %d", (number) => {
    expect(numberIn(Buffer.from(callerHeader(1, number)), 0)).toBe(number);
    expect(numberIn(Buffer.from(agentHeader(1, number)), 0)).toBe(number);
  });
  test("is base64, and tells an agent's audio from what has none", () => {
    expect(callerHeader(99_999.999, 4095)).toMatch(/^[A-Za-z0-9+/]+$/);
    expect(callerHeader(1, 1)).toHaveLength(CALLER_HEADER);
    expect(agentHeader(1, 1)).toHaveLength(AGENT_HEADER);
    expect(hasAgentHeader(Buffer.from(agentHeader(5, 6)), 0)).toBe(true);
    expect(hasAgentHeader(Buffer.from("/".repeat(20)), 0)).toBe(false);
  });
});

describe("sound that is counted", () => {
  /** A frame of 20 ms every 20 ms from 1000 on. */
  function sent(frames: number) {
    const trail = newTrail();
    for (let n = 0; n < frames; n++) addTo(trail, 1000 + n * 20, 160);
    return trail;
  }
  test("is as old as its newest sample: what a filter holds back counts", () => {
    const received = newTrail();
    for (let n = 0; n < 10; n++) addTo(received, 1003 + n * 20, n === 0 ? 144 : 160);
    expect(agesOf(sent(10), received, 0, Infinity)).toEqual(Array(10).fill(5));
    expect(missingMs(sent(10), received)).toBe(2);
    // Of frames sent in this time only.
    expect(agesOf(sent(10), received, 1020, 1060)).toEqual([5, 5]);
  });
  test("is all the older once a frame was lost, and the frame is missed", () => {
    const received = newTrail();
    for (let n = 0; n < 10; n++) if (n !== 4) addTo(received, 1003 + n * 20, 160);
    expect(agesOf(sent(10), received, 0, Infinity)).toEqual([3, 3, 3, 3, 23, 23, 23, 23, 23]);
    expect(missingMs(sent(10), received)).toBe(20);
  });
  test.each([0, 1, 2, 3, 864])("has its length told by its base64: %d bytes", (length) => {
    const data = Buffer.from(`x${Buffer.alloc(length).toString("base64")}"`);
    expect(bytesIn(data, 1, data.length - 1)).toBe(length);
  });
});

describe("a phone's playback", () => {
  test("drains at 8 bytes a ms, and returns a mark when what stands before it was played", () => {
    const playback = createPlayback();
    playback.play(1000, 800, 1);
    playback.mark(1000, "a");
    playback.play(1010, 800, 2);
    playback.mark(1010, "b");
    expect(playback.dueMark(1099)).toBeUndefined();
    expect(playback.dueMark(1100)).toBe("a");
    expect(playback.dueMark(1100)).toBeUndefined();
    expect(playback.playedMs(1, 1050)).toBe(50);
    expect(playback.playedMs(2, 1150)).toBe(50);
    expect(playback.leftMs(1150)).toBe(50);
    expect(playback.dueMark(1200)).toBe("b");
  });
  test("a clear drops the rest and returns every mark", () => {
    const playback = createPlayback();
    playback.play(0, 8000, 3);
    playback.mark(0, "a");
    expect(playback.clear(250)).toEqual({ marks: ["a"], droppedMs: 750 });
    expect(playback.playedMs(3, 5000)).toBe(250);
    playback.play(6000, 80, 3);
    expect(playback.playedMs(3, 7000)).toBe(260);
  });
  test("a pause is not played time, and long calls are not forgotten", () => {
    const playback = createPlayback();
    for (let at = 0; at < 200; at++) playback.play(at * 40, 160, at % 2);
    expect(playback.playedMs(0, 1e6) + playback.playedMs(1, 1e6)).toBe(200 * 20);
    expect(playback.playedMs(0, 1e6)).toBe(100 * 20);
  });
});

test("percentiles are of the nearest rank", () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect([0.5, 0.95, 0.99, 1].map((share) => percentile(values, share))).toEqual([50, 95, 99, 100]);
  expect(percentile([7], 0.01)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  expect(spreadText(spread([1, 3, 2]), 1)).toBe("2.0 (1.0 to 3.0)");
});

test("the bench's voice passes for mu-law speech", () => {
  const detector = new PcmDetector();
  const voice = Buffer.from(speechNoise(4000));
  for (let at = 0; at < voice.length; at += 1600)
    expect(detector.isPcm(voice.toString("base64", at, at + 1600))).toBe(false);
});
