// The telephone's sound as numbers: G.711 mu-law both ways and the loudness of a stretch of it. It is the simulators' own
// codec, written apart from the production one on purpose: a mistake in either shows as a difference, not as agreement.

/** Samples, and with mu-law also bytes, per second on a telephone line. */
export const SAMPLE_RATE = 8000;
/** Samples, and with mu-law also bytes, per millisecond. */
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;
/** The mu-law byte of digital silence (+0). A buffer filled with 0x00 would be a full-scale buzz. */
export const SILENCE = 0xff;

const BIAS = 0x84;
const CLIP = 32635;

function decodeByte(byte: number): number {
  const bits = ~byte & 0xff;
  const exponent = (bits >> 4) & 7;
  const magnitude = (((bits & 15) << 3) + BIAS) << exponent;
  return bits & 0x80 ? BIAS - magnitude : magnitude - BIAS;
}

/** Linear 16-bit value of every mu-law byte (ITU-T G.711). */
const LINEAR = Int16Array.from({ length: 256 }, (_, byte) => decodeByte(byte));
const POWER = Float64Array.from(LINEAR, (value) => value * value);

/** Mu-law bytes to 16-bit linear samples, one for one. */
export function decodeMulaw(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = LINEAR[bytes[i] ?? SILENCE] ?? 0;
  return samples;
}

/** 16-bit linear samples to mu-law bytes, one for one; values beyond the codec's range are clipped. */
export function encodeMulaw(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] ?? 0;
    const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
    const exponent = 24 - Math.clz32(magnitude);
    const mantissa = (magnitude >> (exponent + 3)) & 15;
    bytes[i] = ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
  }
  return bytes;
}

/** Root mean square of `bytes[from, to)` in 16-bit linear units (0 to 32124); 0 for an empty range. */
export function loudness(bytes: Uint8Array, from = 0, to = bytes.length): number {
  if (to <= from) return 0;
  let sum = 0;
  for (let i = from; i < to; i++) sum += POWER[bytes[i] ?? SILENCE] ?? 0;
  return Math.sqrt(sum / (to - from));
}
