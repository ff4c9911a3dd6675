import { rmsDbfs } from "../../src/audio/pcm.ts";
import { createResampler, resample } from "../../src/audio/resample.ts";

function tone(hz: number, rate: number, ms: number, amplitude = 16000): Int16Array {
  return Int16Array.from({ length: (rate * ms) / 1000 }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rate));
}

/** Level of the middle half, away from the ends of the recording. */
function level(samples: Int16Array): number {
  return rmsDbfs(samples, samples.length >> 2, (samples.length * 3) >> 2);
}

function join(parts: Int16Array[]): Int16Array {
  return Int16Array.from(parts.flatMap((part) => [...part]));
}

describe("one shot", () => {
  test.each([
    [24000, 8000],
    [8000, 24000],
    [22050, 8000],
    [44100, 48000],
    [16000, 8000],
  ])("%d to %d Hz keeps a 1 kHz tone sample for sample", (from, to) => {
    const got = resample(tone(1000, from, 400), from, to);
    const want = tone(1000, to, 400);
    expect(got.length).toBe(Math.ceil((((from * 400) / 1000) * to) / from));
    let worst = 0;
    for (let i = got.length >> 2; i < (got.length * 3) >> 2; i++) {
      worst = Math.max(worst, Math.abs((got[i] as number) - (want[i] as number)));
    }
    expect(worst).toBeLessThan(30);
  });

  test("a phone-band tone passes and one above the new Nyquist rate is gone", () => {
    // The tone stands at -9.2 dBFS; the filter takes a third of a decibel at 3.2 kHz.
    expect(level(resample(tone(3200, 24000, 400), 24000, 8000))).toBeGreaterThan(-9.7);
    for (const hz of [4400, 5000, 7000, 9000, 11000]) {
      expect(level(resample(tone(hz, 24000, 400), 24000, 8000))).toBeLessThan(-65);
    }
  });

  test("going up adds no image above the old Nyquist rate", () => {
    const up = resample(tone(1000, 8000, 400), 8000, 24000);
    // What is left after taking the wanted tone away is the images.
    const want = tone(1000, 24000, 400);
    expect(level(up.map((sample, i) => sample - (want[i] as number)))).toBeLessThan(-60);
  });

  test("equal rates copy", () => {
    const input = tone(440, 8000, 20);
    const output = resample(input, 8000, 8000);
    expect(output).toEqual(input);
    expect(output.buffer).not.toBe(input.buffer);
  });
});

describe("stream", () => {
  test.each([
    [24000, 8000],
    [8000, 24000],
    [22050, 8000],
  ])("%d to %d Hz in odd chunks equals the one shot", (from, to) => {
    const input = tone(700, from, 300);
    const resampler = createResampler(from, to);
    const parts: Int16Array[] = [];
    for (let at = 0, size = 1; at < input.length; at += size, size = ((size * 7) % 211) + 1) {
      parts.push(resampler.push(input.subarray(at, at + size)));
    }
    parts.push(resampler.flush());
    expect(join(parts)).toEqual(resample(input, from, to));
  });

  test("holds back no more than its look-ahead, and starts afresh after a flush", () => {
    const resampler = createResampler(24000, 8000);
    const input = tone(700, 24000, 100);
    const first = resampler.push(input);
    expect(800 - first.length).toBeLessThanOrEqual(17);
    const once = join([first, resampler.flush()]);
    expect(join([resampler.push(input), resampler.flush()])).toEqual(once);
  });

  test("full scale does not wrap around", () => {
    const square = Int16Array.from({ length: 2400 }, (_, i) => (i % 40 < 20 ? 32767 : -32768));
    const output = resample(square, 24000, 8000);
    for (let i = 100; i < 700; i++) {
      const source = Math.round(i * 3) % 40;
      if (source > 5 && source < 15) expect(output[i]).toBeGreaterThan(15000);
      if (source > 25 && source < 35) expect(output[i]).toBeLessThan(-15000);
    }
  });

  test.each([0, -8000, 8000.5, Number.NaN])("refuses the rate %p", (rate) => {
    expect(() => createResampler(rate, 8000)).toThrow(RangeError);
    expect(() => createResampler(8000, rate)).toThrow(RangeError);
  });
});
