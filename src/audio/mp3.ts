/**
 * MP3 by LAME (wasm-media-encoders) and mpg123 (mpg123-decoder), both as WebAssembly, piece by piece. The only file that knows the
 * two packages. Each stream has a machine of its own; the encoder's code is compiled once.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { MPEGDecoder } from "mpg123-decoder";
import { createEncoder as createWasmEncoder } from "wasm-media-encoders";
import { toFloat } from "./pcm.ts";

const RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];
/** Speech of one channel at 24 kHz: LAME's own bound for good is 48. */
const KBPS = 64;
/** Samples given to the encoder at once, so that it never holds up the thread for long: 7 ms of work. */
const AT_ONCE = 12_000;

type Code = Parameters<typeof createWasmEncoder>[1];
let compiled: Promise<Code> | undefined;

async function compile(): Promise<Code> {
  let code: Code = await readFile(createRequire(import.meta.url).resolve("wasm-media-encoders/wasm/mp3"));
  await createWasmEncoder("audio/mpeg", code, (module) => void (code = module));
  return code;
}

export interface Mp3Encoder {
  push(samples: Int16Array): Uint8Array;
  /** What was held back. Nothing may be pushed afterwards. */
  end(): Uint8Array;
}

/** One channel. @throws RangeError for a rate that MP3 does not have. */
export async function createMp3Encoder(rate: number): Promise<Mp3Encoder> {
  if (!RATES.includes(rate)) throw new RangeError(`MP3 has no sample rate of ${rate} Hz`);
  compiled ??= compile();
  const encoder = await createWasmEncoder("audio/mpeg", await compiled);
  encoder.configure({ sampleRate: rate, channels: 1, bitrate: KBPS });
  return {
    push(samples) {
      const parts: Uint8Array[] = [];
      for (let at = 0; at < samples.length; at += AT_ONCE) {
        // What it returns is its own memory, which the next call writes over.
        parts.push(encoder.encode([toFloat(samples.subarray(at, at + AT_ONCE))]).slice());
      }
      return Buffer.concat(parts);
    },
    end: () => encoder.finalize().slice(),
  };
}

export interface DecodedPiece {
  readonly rate: number;
  /** All of one length. */
  readonly channels: readonly Float32Array[];
  /** The bytes are no MP3. */
  readonly isDamaged: boolean;
}

export interface Mp3Decoder {
  push(bytes: Uint8Array): DecodedPiece;
  close(): void;
}

export async function createMp3Decoder(): Promise<Mp3Decoder> {
  const decoder = new MPEGDecoder({ enableGapless: true });
  await decoder.ready;
  return {
    push(bytes) {
      const { channelData, sampleRate, errors } = decoder.decode(bytes);
      return { rate: sampleRate, channels: channelData, isDamaged: errors.length > 0 };
    },
    close: () => decoder.free(),
  };
}
