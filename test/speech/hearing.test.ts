import { createSpeechTimes } from "../../src/speech/hearing.ts";

const server = { type: "server_vad", threshold: 0.5, prefixMs: 300, silenceMs: 500 } as const;

test("padding and closing silence are not speech", () => {
  const times = createSpeechTimes(server);
  expect(times.started(1700)).toBe(2000);
  expect(times.stopped(3700)).toEqual({ audioMs: 3200, speechMs: 1200 });
});

test("padding that reaches back to the start, or to the turn before, is of unknown length and counts as speech", () => {
  const times = createSpeechTimes(server);
  expect(times.started(0)).toBe(0);
  expect(times.stopped(1500)).toEqual({ audioMs: 1000, speechMs: 1000 });
  expect(times.started(1500)).toBe(1500);
  expect(times.stopped(2600)).toEqual({ audioMs: 2100, speechMs: 600 });
  expect(times.started(2601)).toBe(2901);
});

test("a click shorter than what is taken off is no speech, not less than none", () => {
  const times = createSpeechTimes(server);
  times.started(1000);
  expect(times.stopped(1700)).toEqual({ audioMs: 1200, speechMs: 0 });
});

test("an end without a beginning has no length", () => {
  expect(createSpeechTimes(server).stopped(2000)).toEqual({ audioMs: 1500, speechMs: 0 });
});

test("semantic turn detection has neither setting: its times stand", () => {
  const times = createSpeechTimes({ type: "semantic_vad", eagerness: "auto" });
  expect(times.started(1700)).toBe(1700);
  expect(times.stopped(5700)).toEqual({ audioMs: 5700, speechMs: 4000 });
});
