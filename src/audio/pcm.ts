/**
 * Signed 16-bit little-endian PCM: bytes to samples and back, and how loud a run of samples is.
 * Bytes are copied, so an odd offset cannot turn speech into noise; where the host's own order is another, they are turned round.
 */

const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Samples of s16le bytes. A trailing odd byte is left out; a caller that reads a stream carries it to the next chunk. */
export function pcmSamples(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.byteLength >> 1);
  const copy = new Uint8Array(samples.buffer);
  copy.set(bytes.subarray(0, copy.length));
  if (!IS_LITTLE) Buffer.from(copy.buffer).swap16();
  return samples;
}

/** The same without a copy, where the bytes lie as samples do here; undefined where they do not. */
export function pcmView({ buffer, byteOffset, byteLength }: Uint8Array): Int16Array | undefined {
  return IS_LITTLE && byteOffset % 2 === 0 ? new Int16Array(buffer, byteOffset, byteLength >> 1) : undefined;
}

/** The s16le bytes of samples. */
export function pcmBytes(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.slice().buffer);
  if (!IS_LITTLE) Buffer.from(bytes.buffer).swap16();
  return bytes;
}

/** The same as base64, without the copy where none is needed. */
export function pcmBase64(samples: Int16Array): string {
  const { buffer, byteOffset, byteLength } = IS_LITTLE ? samples : pcmBytes(samples);
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** Samples as most of the world's code has them, -1 to 1. */
export function toFloat(samples: Int16Array): Float32Array {
  const floats = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) floats[i] = (samples[i] as number) / 32768;
  return floats;
}

/** Channels of floats as one channel of 16-bit samples; beyond full scale they are clipped. */
export function mixDown(channels: readonly Float32Array[]): Int16Array {
  const [first = new Float32Array(0)] = channels;
  const samples = new Int16Array(first.length);
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i] as number;
    samples[i] = Math.max(-32768, Math.min(32767, Math.round((sum / channels.length) * 32768)));
  }
  return samples;
}

/** Root-mean-square level in dBFS (0 = a full-scale square wave); -Infinity for silence or no samples. */
export function rmsDbfs(samples: Int16Array, from = 0, to = samples.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (samples[i] as number) ** 2;
  return to > from ? 20 * Math.log10(Math.sqrt(sum / (to - from)) / 32768) : -Infinity;
}

/** Highest sample in dBFS; -Infinity for silence or no samples. */
export function peakDbfs(samples: Int16Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return 20 * Math.log10(peak / 32768);
}

/** A copy scaled so that its highest sample stands at `dbfs`. Silence stays silence. */
export function normalizePeak(samples: Int16Array, dbfs: number): Int16Array {
  const peak = peakDbfs(samples);
  if (peak === -Infinity) return samples.slice();
  const gain = 10 ** ((dbfs - peak) / 20);
  return samples.map((sample) => Math.max(-32768, Math.min(32767, Math.round(sample * gain))));
}

/**
 * Cuts leading and trailing quiet: windows of 10 ms below `dbfs`, keeping `keepMs` milliseconds on either side so that soft
 * consonants survive. All-quiet input gives no samples.
 */
export function trimSilence(samples: Int16Array, rate: number, dbfs = -50, keepMs = 20): Int16Array {
  const window = Math.round(rate / 100);
  const keep = Math.round((rate * keepMs) / 1000);
  let first = -1;
  let last = -1;
  for (let at = 0; at < samples.length; at += window) {
    if (rmsDbfs(samples, at, Math.min(samples.length, at + window)) < dbfs) continue;
    if (first < 0) first = at;
    last = at + window;
  }
  return first < 0 ? new Int16Array(0) : samples.slice(Math.max(0, first - keep), last + keep);
}
