/** G.711 A-law, the other telephone companding: 8000 Hz, one byte per sample. Whole buffers in, whole buffers out. */
import { createRequire } from "node:module";
import type * as Package from "alawmulaw";

// The package is CommonJS whose names Node cannot see from an ES module, whatever its type definitions say.
const { alaw } = createRequire(import.meta.url)("alawmulaw") as typeof Package;

/** The byte of the smallest positive A-law level, which stands for silence. */
export const ALAW_SILENCE = 0xd5;

const DECODED = Int16Array.from({ length: 256 }, (_, byte) => alaw.decodeSample(byte));

/** Decodes A-law bytes to signed 16-bit linear samples, one for each byte. */
export function decodeAlaw(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = DECODED[bytes[i] as number] as number;
  return samples;
}

/** Encodes signed 16-bit linear samples to A-law, one byte for each sample. */
export function encodeAlaw(samples: Int16Array): Uint8Array {
  return alaw.encode(samples);
}
