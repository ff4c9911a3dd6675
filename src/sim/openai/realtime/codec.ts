/** The three audio formats of a Realtime session: bytes on the wire to linear samples and back, and how long bytes last. */
import { decodeAlaw, encodeAlaw } from "../../../audio/alaw.ts";
import { decodeMulaw, encodeMulaw } from "../../../audio/mulaw.ts";
import { pcmBytes, pcmSamples } from "../../../audio/pcm.ts";
import type { FormatName } from "./config.ts";

interface Codec {
  /** Samples per second. */
  rate: 8000 | 24000;
  bytesPerSample: 1 | 2;
  decode(bytes: Uint8Array): Int16Array;
  encode(samples: Int16Array): Uint8Array;
}

export const CODECS: Record<FormatName, Codec> = {
  "audio/pcm": { rate: 24000, bytesPerSample: 2, decode: pcmSamples, encode: pcmBytes },
  "audio/pcmu": { rate: 8000, bytesPerSample: 1, decode: decodeMulaw, encode: encodeMulaw },
  "audio/pcma": { rate: 8000, bytesPerSample: 1, decode: decodeAlaw, encode: encodeAlaw },
};

/** Milliseconds that `bytes` of a format last. */
export function durationMs(format: FormatName, bytes: number): number {
  const { rate, bytesPerSample } = CODECS[format];
  return (bytes / bytesPerSample / rate) * 1000;
}
