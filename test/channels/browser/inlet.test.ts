// The caller's sound on its way in, in every form it can have: the words arrive undamaged, in order and without clicks, nothing is held
// without end, and after the last of it comes the silence that ends a turn.
import { readFileSync } from "node:fs";
import { decodeMulaw } from "../../../src/audio/mulaw.ts";
import { createEncoder } from "../../../src/audio/encode.ts";
import { pcmBytes, rmsDbfs } from "../../../src/audio/pcm.ts";
import { writeWav } from "../../../src/audio/wav.ts";
import { createInlet, type Inlet } from "../../../src/channels/browser/inlet.ts";
import { createVirtualTime, type VirtualTime } from "../../support/virtual-time.ts";
import { snrOf, sine } from "../../support/sine.ts";

let time: VirtualTime;
let inlet: Inlet;
let frames: string[];
let refused: string[];
let silent: number;

beforeEach(() => {
  time = createVirtualTime();
  frames = [];
  refused = [];
  silent = 0;
  inlet = createInlet({
    clock: time.clock,
    timing: { gapMs: 1500 },
    deliver: (payload) => void frames.push(payload),
    refuse: (code) => void refused.push(code),
    onNoSpeech: () => void silent++,
  });
});
afterEach(() => inlet.close());

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const heard = (): Int16Array => decodeMulaw(Buffer.concat(frames.map((frame) => Buffer.from(frame, "base64"))));
const heardMs = (): number => heard().length / 8;
/** Decoders come up in their own time, which is no time of the clock. */
async function run(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await time.run(100);
  }
}
async function untilHeard(ms: number): Promise<void> {
  for (let tries = 0; heardMs() < ms && tries < 2000; tries++) await run(100);
  expect(heardMs()).toBeGreaterThanOrEqual(ms);
}

test("telephone sound is passed on as it came, at once", () => {
  const payload = base64(new Uint8Array(160).fill(0x55));
  inlet.chunk(payload, "mulaw");
  expect(frames).toEqual([payload]);
});

test("a stream of odd pieces of pcm has no clicks at its seams", async () => {
  const bytes = pcmBytes(sine(440, 24_000, 24_000));
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const next = at + [961, 1440, 37, 4800][n % 4]!;
    inlet.chunk(base64(bytes.subarray(at, next)), "pcm");
    at = next;
    await time.run(20);
  }
  // What mu-law itself leaves is 37 dB; a click at every seam is far below that.
  expect(snrOf(heard().subarray(400, 7600), 440, 8000)).toBeGreaterThan(33);
});

test.each(["wav", "mp3"] as const)("a whole utterance in %s is spread, and silence ends it", async (kind) => {
  const samples = sine(440, 24_000, 48_000);
  const encoder = await createEncoder("mp3");
  const file = kind === "wav" ? writeWav([samples], 24_000) : Buffer.concat([encoder.push(samples), encoder.end()]);
  inlet.chunk(base64(file), kind);
  expect(frames).toEqual([]);
  await untilHeard(3000);
  expect(snrOf(heard().subarray(2000, 14_000), 440, 8000)).toBeGreaterThan(30);
  expect(rmsDbfs(heard().subarray(17_000, 23_000))).toBe(-Infinity);
  inlet.speech("started");
  inlet.speech("stopped");
  const before = heardMs();
  await run(5000);
  expect(heardMs()).toBe(before);
  expect([refused, silent]).toEqual([[], 0]);
});

test("a stream that a browser recorded, in pieces, is decoded as it comes", async () => {
  const file = readFileSync(new URL("../../fixtures/files/book-oil-change.webm", import.meta.url));
  for (let at = 0; at < file.length; at += 1000) {
    inlet.chunk(base64(file.subarray(at, at + 1000)), "audio/webm;codecs=opus");
    await run(100);
  }
  await untilHeard(500);
  expect(refused).toEqual([]);
});

test("a stream ends by itself when no piece comes for a while, or when it is told to", async () => {
  for (const ends of [() => time.run(150), async () => inlet.end()]) {
    frames = [];
    inlet.chunk(base64(new Uint8Array(160).fill(0x55)), "mulaw");
    await time.run(1400);
    expect(heardMs()).toBe(20);
    await ends();
    expect(heardMs()).toBe(1020);
    inlet.speech("stopped");
  }
});

test("where nobody speaks it is said so, once, after three seconds of silence", async () => {
  inlet.chunk(base64(new Uint8Array(160).fill(0xff)), "mulaw");
  inlet.end();
  await time.run(10_000);
  expect(silent).toBe(1);
  expect(heardMs()).toBe(3020);
});

test("what comes faster than anybody can speak is dropped and said so; what comes in time is not", async () => {
  const second = base64(new Uint8Array(8000).fill(0x55));
  for (let n = 0; n < 40; n++) inlet.chunk(second, "mulaw");
  expect(refused.length).toBe(10);
  await time.run(60_000);
  refused = [];
  for (let n = 0; n < 300; n++) {
    inlet.chunk(second, "mulaw");
    await time.run(1000);
  }
  expect(refused).toEqual([]);
});

test.each([
  ["a header and nothing behind it", Buffer.from("RIFF\0\0\0\0WAVE"), "wav", "bad_audio"],
  ["noise that says it is WAV", Buffer.from("RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", "latin1"), "wav", "bad_audio"],
  ["a WAV without its header", Buffer.from("something"), "wav", "unsupported_format"],
  ["a piece of WebM without a beginning", Buffer.from("something"), "webm", "unsupported_format"],
  ["a format nobody knows", Buffer.from("something"), "flac", "unsupported_format"],
  ["more than two minutes", Buffer.from(writeWav([new Int16Array(130 * 8000)], 8000)), "wav", "audio_too_long"],
])("%s is refused", async (_what, bytes, format, code) => {
  inlet.chunk(base64(bytes), format);
  for (let tries = 0; refused.length === 0 && tries < 500; tries++) await run(100);
  expect(refused).toEqual([code]);
});
