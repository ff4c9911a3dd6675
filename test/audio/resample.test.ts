import { rmsDbfs } from "../../src/audio/pcm.ts";
import { createResampler, FINE, LINE, resample } from "../../src/audio/resample.ts";

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

/** The full-scale share of a tone that is left, in decibels of what went in; without the tone itself where one is given. */
function left(hz: number, from: number, to: number, without?: number): number {
  const got = resample(tone(hz, from, 400), from, to, LINE);
  const wanted = without === undefined ? new Int16Array(got.length) : tone(without, to, 400);
  return level(got.map((sample, i) => sample - (wanted[i] as number))) - level(tone(hz, from, 400));
}

describe("the line's filter, which is behind by little more than a millisecond", () => {
  test("passes the telephone's band flat, both ways", () => {
    for (const [from, to] of [
      [24000, 8000],
      [8000, 24000],
    ] as const) {
      for (const hz of [300, 1000, 2000, 3000, 3200]) expect(Math.abs(left(hz, from, to))).toBeLessThan(0.15);
      expect(left(3400, from, to)).toBeGreaterThan(-0.9);
    }
  });

  test("going down, what would alias is gone: 14 dB at 4 kHz, 48 dB from 4.4 kHz on", () => {
    expect(left(4000, 24000, 8000)).toBeLessThan(-14);
    for (let hz = 4400; hz < 12_000; hz += 190) expect(left(hz, 24000, 8000)).toBeLessThan(-48);
  });

  test("going up, the images of what the telephone passes are 45 dB below it", () => {
    for (const hz of [300, 1000, 2000, 3000]) expect(left(hz, 8000, 24000, hz)).toBeLessThan(-45);
  });

  test("holds back a millisecond and a quarter", () => {
    expect(800 - createResampler(24000, 8000, LINE).push(tone(700, 24000, 100)).length).toBe(10);
    expect(2400 - createResampler(8000, 24000, LINE).push(tone(700, 8000, 100)).length).toBe(30);
  });
});

describe("stream", () => {
  test("writes into an array what it would have made one for, and no further", () => {
    const [one, other] = [createResampler(8000, 24000, LINE), createResampler(8000, 24000, LINE)];
    const room = new Int16Array(600).fill(77);
    for (const ms of [20, 1, 20]) {
      const piece = tone(440, 8000, ms);
      const made = one.push(piece);
      expect(other.into(piece, room)).toBe(made.length);
      expect(room.subarray(0, made.length)).toEqual(made);
      expect(room.subarray(made.length).every((sample) => sample === 77)).toBe(true);
      room.fill(77);
    }
    expect(other.flush()).toEqual(one.flush());
  });

  test("two at once do not hear each other", () => {
    const alone = createResampler(24000, 8000, LINE);
    const [one, other] = [createResampler(24000, 8000, LINE), createResampler(8000, 24000, FINE)];
    for (let at = 0; at < 2400; at += 480) {
      const piece = tone(600, 24000, 100).subarray(at, at + 480);
      const beside = one.push(piece);
      other.push(tone(3000, 8000, 7));
      expect(beside).toEqual(alone.push(piece));
    }
  });

  test.each([
    [24000, 8000],
    [8000, 24000],
    [22050, 8000],
    [48000, 22050],
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
