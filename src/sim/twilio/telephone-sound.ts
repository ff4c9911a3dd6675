// A recording as a telephone carries it: one channel, low-passed to 8000 Hz, mu-law.
import { encodeMulaw } from "../../audio/mulaw.ts";
import { resample } from "../../audio/resample.ts";
import type { Wav } from "../../audio/wav.ts";

const LINE_HZ = 8000;

/** The channels are averaged; the result is mu-law at 8000 Hz. */
export function telephoneSound({ rate, channels }: Wav): Uint8Array {
  const [first = new Int16Array(0)] = channels;
  const mono = first.map((_, i) => channels.reduce((sum, channel) => sum + (channel[i] ?? 0), 0) / channels.length);
  return encodeMulaw(resample(mono, rate, LINE_HZ));
}
