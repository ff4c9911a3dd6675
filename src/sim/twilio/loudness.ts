// How loud a stretch of mu-law is, straight from its bytes: the ear listens to every frame of every call.
import { decodeMulaw } from "../../audio/mulaw.ts";

const POWER = Float64Array.from(
  decodeMulaw(Uint8Array.from({ length: 256 }, (_, byte) => byte)),
  (sample) => sample * sample,
);

/** Loudness from which a frame counts as speech: 260 is about -42 dB of full scale. */
export const SPEECH_LOUDNESS = 260;

/** Root mean square in 16-bit linear units, 0 to 32124; 0 for no bytes. */
export function loudness(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += POWER[byte] ?? 0;
  return bytes.length === 0 ? 0 : Math.sqrt(sum / bytes.length);
}
