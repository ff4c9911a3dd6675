// Sound into files and out of them again: every format that is written, every format that is read, in pieces of any size.
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { DecodeError, createDecoder, decodeStream, type DecodableKind } from "../../src/audio/decode.ts";
import { SPEECH_RATE, encodeStream } from "../../src/audio/encode.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { pcmSamples, rmsDbfs } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { readWav, writeWav } from "../../src/audio/wav.ts";
import { createWebmReader } from "../../src/audio/webm.ts";
import type { SpeechFormat } from "../../src/core/speech.ts";
import { oggOpus } from "../support/ogg.ts";
import { words } from "../support/recordings.ts";

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/files/${name}`, import.meta.url));
const line = decodeMulaw(words("book-oil-change").audio);
const spoken = resample(line, 8000, SPEECH_RATE);

async function* pieces<Piece extends { readonly length: number; subarray(from: number, to: number): Piece }>(
  whole: Piece,
  size: number,
): AsyncIterable<Piece> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

async function encode(format: SpeechFormat, size = 4800): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of encodeStream(format, pieces(spoken, size))) parts.push(part);
  return Buffer.concat(parts);
}

async function decode(kind: DecodableKind, bytes: Uint8Array, rate: number, size = 1000): Promise<Int16Array> {
  const parts: number[] = [];
  for await (const part of decodeStream(kind, pieces(bytes, size), rate)) parts.push(...part);
  return Int16Array.from(parts);
}

/** How loud it is in each 20 ms, and so where its syllables are. */
const envelope = (samples: Int16Array, rate: number): number[] =>
  Array.from({ length: Math.floor(samples.length / (rate / 50)) }, (_, at) =>
    Math.max(-60, rmsDbfs(samples, at * (rate / 50), (at + 1) * (rate / 50))),
  );

/** 1: the same loudness curve, wherever in time the second begins within 200 ms. */
function likeness(one: readonly number[], other: readonly number[]): number {
  const at = (shift: number): number => {
    const pairs = one.map((value, index) => [value, other[index + shift] ?? -60] as const);
    const mean = (which: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[which], 0) / pairs.length;
    const [a, b] = [mean(0), mean(1)];
    const dot = (f: (pair: readonly [number, number]) => number) => pairs.reduce((sum, pair) => sum + f(pair), 0);
    return dot(([x, y]) => (x - a) * (y - b)) / Math.sqrt(dot(([x]) => (x - a) ** 2) * dot(([, y]) => (y - b) ** 2));
  };
  return Math.max(...Array.from({ length: 21 }, (_, index) => at(index - 10)));
}

const sounds = (samples: Int16Array, rate: number): number => likeness(envelope(line, 8000), envelope(samples, rate));

describe("what is written", () => {
  test("mp3 is read by another program as the same words, 64 kbit/s", async () => {
    const mp3 = await encode("mp3");
    expect(mp3[0]).toBe(0xff);
    expect(Math.abs(mp3.length - (spoken.length / SPEECH_RATE) * 8000)).toBeLessThan(1500);
    const heard = await decode("mp3", mp3, SPEECH_RATE);
    expect(heard.length - spoken.length).toBeLessThan(4000);
    expect(sounds(heard, SPEECH_RATE)).toBeGreaterThan(0.9);
  });

  test("wav, pcm and mulaw hold the samples themselves", async () => {
    expect(pcmSamples(await encode("pcm"))).toEqual(spoken);
    const wav = readWav(await encode("wav"));
    expect(wav).toMatchObject({ rate: SPEECH_RATE, encoding: "pcm16" });
    expect(wav.channels).toEqual([spoken]);
    const mulaw = await encode("mulaw");
    expect(mulaw.length).toBe(line.length);
    expect(sounds(decodeMulaw(mulaw), 8000)).toBeGreaterThan(0.95);
  });

  test.each(["mp3", "wav", "pcm", "mulaw"] as const)(
    "%s is the same file in whatever pieces it came",
    async (format) => {
      expect((await encode(format, 24_000)).equals(await encode(format, 777))).toBe(true);
    },
  );

  test("a text of which nothing is said is an empty file with a header", async () => {
    const empty = async (format: SpeechFormat) => {
      const parts: Uint8Array[] = [];
      for await (const part of encodeStream(format, pieces(new Int16Array(0), 1))) parts.push(part);
      return Buffer.concat(parts);
    };
    expect((await empty("wav")).length).toBe(44);
    expect((await empty("pcm")).length).toBe(0);
  });
});

/** Opus packets of 60 ms, as Chromium made them. */
const opusPackets = createWebmReader().push(file("book-oil-change.webm"));

describe("what is read", () => {
  const sources: Readonly<Record<string, () => { kind: DecodableKind; bytes: Uint8Array }>> = {
    "wav of 8 kHz": () => ({ kind: "wav", bytes: writeWav([line], 8000) }),
    "wav of 44.1 kHz stereo": () => {
      const samples = resample(line, 8000, 44_100);
      return { kind: "wav", bytes: writeWav([samples, samples], 44_100) };
    },
    "wav of floats": () => ({
      kind: "wav",
      bytes: wavOf(3, 32, (view, at, value) => view.setFloat32(at, value / 32768, true)),
    }),
    "wav of 24 bits": () => ({
      kind: "wav",
      bytes: wavOf(1, 24, (view, at, value) => {
        view.setInt16(at + 1, value, true);
      }),
    }),
    "wav of 8 bits": () => ({
      kind: "wav",
      bytes: wavOf(1, 8, (view, at, value) => view.setUint8(at, (value >> 8) + 128)),
    }),
    "wav of mu-law": () => ({
      kind: "wav",
      bytes: wavOf(7, 8, (view, at, _value, index) =>
        view.setUint8(at, words("book-oil-change").audio[index] as number),
      ),
    }),
    "webm as Chromium records it": () => ({ kind: "webm", bytes: file("book-oil-change.webm") }),
    "ogg with Opus": () => ({ kind: "ogg", bytes: oggOpus(opusPackets, 2880) }),
  };

  test.each(Object.entries(sources))("%s", async (_name, make) => {
    const { kind, bytes } = make();
    const heard = await decode(kind, bytes, 8000);
    expect(Math.abs(heard.length / 8000 - line.length / 8000)).toBeLessThan(0.5);
    expect(sounds(heard, 8000)).toBeGreaterThan(0.85);
    // In any other pieces, byte for byte the same.
    expect(await decode(kind, bytes, 8000, 97)).toEqual(heard);
  });

  test("an mp3 with tags around its sound", async () => {
    const id3 = Buffer.concat([Buffer.from("ID3\x04\0\0\0\0\x02\0", "latin1"), Buffer.alloc(256)]);
    const heard = await decode(
      "mp3",
      Buffer.concat([id3, await encode("mp3"), Buffer.from("TAG".padEnd(128, " "))]),
      8000,
    );
    expect(sounds(heard, 8000)).toBeGreaterThan(0.9);
  });

  test("a wav whose header lies about its length, as streams do", async () => {
    for (const size of [0, 0xffffffff, 0x7fffffff]) {
      const wav = Buffer.from(writeWav([line], 8000));
      wav.writeUInt32LE(size, 40);
      expect((await decode("wav", wav, 8000)).length).toBe(line.length);
    }
  });

  test("what is behind the sound of a wav is no sound", async () => {
    const wav = Buffer.concat([writeWav([line], 8000), Buffer.from("LIST\x04\0\0\0abcd", "latin1")]);
    expect(await decode("wav", wav, 8000)).toEqual(line);
  });
});

describe("what cannot be read", () => {
  const kinds: readonly DecodableKind[] = ["wav", "mp3", "ogg", "webm"];

  test.each(kinds)("nothing, and text, as %s", async (kind) => {
    await expect(decode(kind, new Uint8Array(0), 8000)).rejects.toThrow(DecodeError);
    await expect(decode(kind, Buffer.from("This is no sound. ".repeat(500)), 8000)).rejects.toThrow(DecodeError);
  });

  test("other codecs in a container that is known", async () => {
    await expect(decode("ogg", file("vorbis.ogg"), 8000)).rejects.toThrow("there is no Opus in it");
  });

  test("any bytes: an error of ours, or sound, and never anything else", async () => {
    const starts = [
      Buffer.alloc(0),
      file("book-oil-change.webm").subarray(0, 900),
      Buffer.from(writeWav([line], 8000).subarray(0, 60)),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<DecodableKind>("wav", "ogg", "webm"),
        fc.constantFrom(...starts, oggOpus(opusPackets.slice(0, 20), 2880).subarray(0, 400)),
        fc.uint8Array({ maxLength: 400 }),
        async (kind, start, noise) => {
          const decoder = await createDecoder(kind, 8000);
          try {
            decoder.push(start);
            decoder.push(noise);
            decoder.end();
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          } finally {
            decoder.close();
            decoder.close();
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

function wavOf(
  code: number,
  bits: number,
  write: (view: DataView, at: number, value: number, index: number) => void,
): Uint8Array {
  const bytes = bits / 8;
  const file = Buffer.alloc(44 + line.length * bytes);
  file.write("RIFF", 0, "latin1");
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(code, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(8000 * bytes, 28);
  file.writeUInt16LE(bytes, 32);
  file.writeUInt16LE(bits, 34);
  file.write("data", 36, "latin1");
  file.writeUInt32LE(line.length * bytes, 40);
  const view = new DataView(file.buffer, file.byteOffset);
  line.forEach((value, index) => write(view, 44 + index * bytes, value, index));
  return file;
}
