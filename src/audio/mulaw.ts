/**
 * G.711 mu-law as a telephone line carries it: 8000 Hz, one byte per sample, 8 bytes per millisecond.
 * Whole buffers in, whole buffers out; base64 and framing are not its business.
 */
import { createRequire } from "node:module";
import type * as Package from "alawmulaw";

// The package is CommonJS whose names Node cannot see from an ES module, whatever its type definitions say.
const { mulaw } = createRequire(import.meta.url)("alawmulaw") as typeof Package;

/** The byte of digital silence (+0). A zero-filled buffer is not silent: 0x00 decodes to -32124, full scale. */
export const MULAW_SILENCE = 0xff;

/** Bytes of mu-law per millisecond of line audio. */
export const MULAW_BYTES_PER_MS = 8;

// alawmulaw decodes sample by sample; a table built once from it makes a whole-buffer decode one lookup per byte.
const DECODED = Int16Array.from({ length: 256 }, (_, byte) => mulaw.decodeSample(byte));

/** Decodes mu-law bytes to signed 16-bit linear samples, one for each byte: into the front of `room`, where there is one. */
export function decodeMulaw(bytes: Uint8Array, room: Int16Array = new Int16Array(bytes.length)): Int16Array {
  for (let i = 0; i < bytes.length; i++) room[i] = DECODED[bytes[i] as number] as number;
  return room.length === bytes.length ? room : room.subarray(0, bytes.length);
}

/** Encodes signed 16-bit linear samples to mu-law, one byte for each sample. */
export function encodeMulaw(samples: Int16Array): Uint8Array {
  // encodeSample returns signed numbers (-1 for silence); storing them in a Uint8Array keeps the low eight bits.
  return mulaw.encode(samples);
}

/** A buffer of `ms` milliseconds of mu-law silence. */
export function mulawSilence(ms: number): Uint8Array {
  return new Uint8Array(Math.round(ms * MULAW_BYTES_PER_MS)).fill(MULAW_SILENCE);
}
