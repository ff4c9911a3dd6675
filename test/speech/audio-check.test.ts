import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { encodeMulaw, decodeMulaw } from "../../src/audio/mulaw.ts";
import { encodeAlaw } from "../../src/audio/alaw.ts";
import { pcmBytes } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { AudioCheck, PcmDetector, plausibleLength } from "../../src/speech/audio-check.ts";
import { keptLog } from "../support/observe.ts";

interface Recording {
  readonly text: string;
  readonly audio: Buffer;
}

function recordings(folder: string, list: string): Recording[] {
  const base = new URL(`../../${folder}/`, import.meta.url);
  const entries = JSON.parse(readFileSync(new URL(list, base), "utf8")) as { file: string; text: string }[];
  return entries.map(({ file, text }) => ({ text, audio: readFileSync(new URL(file, base)) }));
}

const SPEECH = [...recordings("assets/clips", "clips.json"), ...recordings("test/fixtures/caller", "utterances.json")];
const ALL = Buffer.concat(SPEECH.map(({ audio }) => audio));
const SAMPLES = decodeMulaw(ALL);

/** Fed in pieces of these sizes, as deltas come. */
function detect(audio: Uint8Array, sizes: readonly number[] = [1600]): boolean {
  const detector = new PcmDetector();
  const bytes = Buffer.from(audio);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1600;
    if (detector.isPcm(bytes.subarray(at, at + size).toString("base64"))) return true;
    at += size;
  }
  return false;
}

function louder(samples: Int16Array, gain: number): Int16Array {
  return samples.map((sample) => Math.max(-32768, Math.min(32767, Math.round(sample * gain))));
}

describe("telling PCM16 from mu-law", () => {
  test("no real recording in mu-law is taken for PCM16, at any loudness", () => {
    for (const { audio } of SPEECH) expect(detect(audio)).toBe(false);
    const some = SAMPLES.subarray(0, 80_000);
    for (const gain of [0.01, 0.3, 4, 50]) expect(detect(encodeMulaw(louder(some, gain)))).toBe(false);
  });

  test("A-law is not PCM16 either", () => {
    expect(detect(encodeAlaw(SAMPLES))).toBe(false);
  });

  test("every recording as PCM16 is found out within its first second, at the usual loudness of a voice", () => {
    for (const { audio } of SPEECH) {
      const samples = resample(decodeMulaw(audio.subarray(0, 8000)), 8000, 24_000);
      for (const gain of [0.25, 1, 2]) expect(detect(pcmBytes(louder(samples, gain)))).toBe(true);
    }
  });

  test.each([
    ["silence in mu-law", Buffer.alloc(80_000, 0xff)],
    ["silence in PCM16", Buffer.alloc(80_000)],
    [
      "the faintest hiss",
      Buffer.from(Array.from({ length: 80_000 }, (_, at) => ((at * 7919) % 3 === 0 ? 0xfe : 0xff))),
    ],
    ["both zeros of mu-law", Buffer.from(Array.from({ length: 80_000 }, (_, at) => (at % 2 ? 0x7f : 0xff)))],
    ["full scale", Buffer.from(Array.from({ length: 80_000 }, (_, at) => (at % 16 < 8 ? 0x80 : 0x00)))],
    ["nothing", Buffer.alloc(0)],
    ["too little to tell", pcmBytes(SAMPLES.subarray(0, 500))],
  ])("%s raises no alarm", (_, audio) => {
    expect(detect(audio)).toBe(false);
  });

  test("no cut, gain, tone or noise in mu-law raises an alarm, whatever the sizes of its deltas", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 });
    const piece = fc.record({
      from: fc.nat(SAMPLES.length - 1),
      gain: fc.double({ min: 0.001, max: 20, noNaN: true }),
      hz: fc.integer({ min: 20, max: 3900 }),
      tone: fc.integer({ min: 0, max: 20_000 }),
      noise: fc.integer({ min: 0, max: 20_000 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(piece, sizes, ({ from, gain, hz, tone, noise, seed }, deltas) => {
        let random = seed;
        const samples = louder(SAMPLES.subarray(from, from + 10_000), gain).map((sample, at) => {
          random = (Math.imul(random, 1_103_515_245) + 12_345) | 0;
          const mixed = sample + tone * Math.sin((2 * Math.PI * hz * at) / 8000) + (noise * (random >> 16)) / 32_768;
          return Math.max(-32_768, Math.min(32_767, mixed));
        });
        expect(detect(encodeMulaw(samples), deltas)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});

describe("the length of speech", () => {
  test("every real recording has the length of its words", () => {
    for (const { audio, text } of SPEECH) expect(plausibleLength(audio.length, text, 1)).toBe(true);
  });

  test.each([1, 0.25, 1.5])("PCM16 of a sentence, counted as mu-law, has not (speed %d)", (speed) => {
    const long = SPEECH.filter(({ text }) => text.length > 45);
    expect(long.length).toBeGreaterThan(5);
    for (const { audio, text } of long) {
      const bytes = audio.length / speed;
      expect(plausibleLength(bytes, text, speed)).toBe(true);
      expect(plausibleLength(bytes * 6, text, speed)).toBe(false);
      expect(plausibleLength(bytes / 8, text, speed)).toBe(false);
    }
  });

  test.each([
    ["short words", "Okay.", 80_000],
    ["digits, which take long", "Your code is 4815162342 and your number is 5550001111.", 200_000],
    ["Chinese", "我们从星期一到星期五早上九点到下午五点营业，欢迎光临，请随时来访，谢谢。", 80_000],
    ["nothing", "", 8000],
  ])("%s are not judged", (_, text, bytes) => {
    expect(plausibleLength(bytes, text, 1)).toBe(true);
  });

  test("doubts are told once", () => {
    const log = keptLog();
    const counted: string[] = [];
    const check = new AudioCheck({ speed: 1, log, countError: (code) => void counted.push(code) });
    const text = "This sentence has more than thirty letters in it.";
    check.measure(text.length * 70 * 8, text);
    expect(counted).toEqual([]);
    check.measure(text.length * 70 * 48, text);
    check.measure(text.length * 70 * 48, text);
    expect(counted).toEqual(["rate-suspect"]);
    expect(log.lines.map((line) => line.level)).toEqual(["error"]);
  });
});
