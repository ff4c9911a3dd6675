/**
 * Hearing by comparison: a transcript source that knows a set of recordings and tells which of them an utterance is made of,
 * so that a call may take any course and still be heard right. It recognises those recordings, not speech.
 */
import { resample } from "../../audio/resample.ts";
import type { Transcript, Utterance } from "./script.ts";

export interface Recording {
  text: string;
  /** Linear samples at 8000 Hz. */
  samples: Int16Array;
}

/** Two curves over time, in steps of 10 ms: loudness, and loudness of the high sounds. */
interface Print {
  loud: Float32Array;
  bright: Float32Array;
}

const RATE = 8000;
const STEP = RATE / 100;
const WINDOW = 2 * STEP;
/** Quiet around a recording that must be there too, in steps: a syllable inside another sentence is no "Stop!". */
const MARGIN = 6;
/** How alike two curves must be, 1 being the same. */
const ENOUGH = 0.85;

/** A curve of the square root of energy, which is kind to soft sounds, over windows of 20 ms. */
function curve(samples: Int16Array, of: (at: number) => number): Float32Array {
  const steps = Math.max(0, Math.floor((samples.length - WINDOW) / STEP) + 1);
  return Float32Array.from({ length: steps }, (_, step) => {
    let sum = 0;
    for (let i = step * STEP; i < step * STEP + WINDOW; i++) sum += of(i) ** 2;
    return Math.sqrt(Math.sqrt(sum / WINDOW));
  });
}

function print(samples: Int16Array): Print {
  return {
    loud: curve(samples, (i) => samples[i] as number),
    bright: curve(samples, (i) => (samples[i] as number) - (samples[i - 1] ?? 0)),
  };
}

/** Correlation of a template with a stretch of a curve, both about their means. */
function likeness(template: Float32Array, within: Float32Array, at: number): number {
  const n = template.length;
  let sumA = 0;
  let sumB = 0;
  for (let i = 0; i < n; i++) {
    sumA += template[i] as number;
    sumB += within[at + i] ?? 0;
  }
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < n; i++) {
    const a = (template[i] as number) - sumA / n;
    const b = (within[at + i] ?? 0) - sumB / n;
    ab += a * b;
    aa += a * a;
    bb += b * b;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

function padded(samples: Int16Array, steps: number): Int16Array {
  const all = new Int16Array(samples.length + 2 * steps * STEP);
  all.set(samples, steps * STEP);
  return all;
}

/**
 * A `transcripts` function for a script. An utterance is heard as the texts of the recordings found in it, in their order; as
 * "" when there is none.
 */
export function hearing(recordings: readonly Recording[]): (session: unknown, utterance: Utterance) => Transcript {
  // Longest first, so that a short one is looked for only where no long one is.
  const known = recordings
    .map(({ text, samples }) => ({ text, print: print(padded(samples, MARGIN)) }))
    .toSorted((a, b) => b.print.loud.length - a.print.loud.length);

  return (_session, { audio, rate }) => {
    const heard = print(padded(resample(audio, rate, RATE), 2 * MARGIN));
    const taken: { text: string; from: number; to: number }[] = [];
    for (const { text, print: template } of known) {
      const length = template.loud.length;
      for (let from = 0; from + length <= heard.loud.length; from++) {
        const to = from + length;
        // The quiet margins of neighbours may overlap, their words may not.
        if (taken.some((one) => from + MARGIN < one.to - MARGIN && to - MARGIN > one.from + MARGIN)) continue;
        const score = (at: number) =>
          (likeness(template.loud, heard.loud, at) + likeness(template.bright, heard.bright, at)) / 2;
        if (score(from) < ENOUGH || score(from + 1) > score(from)) continue;
        taken.push({ text, from, to });
      }
    }
    return {
      text: taken
        .toSorted((a, b) => a.from - b.from)
        .map((one) => one.text)
        .join(" "),
    };
  };
}
