// A long recording in parts that a transcription takes at once: each as long as allowed, cut where it is quietest, so that no word
// is cut through. Pure; it keeps one part.
import { rmsDbfs } from "../audio/pcm.ts";

export interface Utterances {
  /** @returns the parts that are complete by this, often none. */
  push(samples: Int16Array): Int16Array[];
  /** The rest; undefined when there is none. */
  end(): Int16Array | undefined;
}

/** A part is cut somewhere in its last third. */
const SEARCHED = 1 / 3;
const WINDOW_MS = 40;

/** @param longestMs of one part */
export function createUtterances(rate: number, longestMs: number): Utterances {
  const longest = Math.round((longestMs * rate) / 1000);
  const window = Math.round((WINDOW_MS * rate) / 1000);
  let held = new Int16Array(longest);
  let length = 0;

  function cut(): Int16Array {
    let quietest = length;
    let level = Infinity;
    for (let at = Math.floor(length * (1 - SEARCHED)); at + window <= length; at += window) {
      const here = rmsDbfs(held, at, at + window);
      // Of places as quiet as each other the last one.
      if (here <= level) [level, quietest] = [here, at + (window >> 1)];
    }
    const part = held.slice(0, quietest);
    held.copyWithin(0, quietest, length);
    length -= quietest;
    return part;
  }

  return {
    push(samples) {
      const parts: Int16Array[] = [];
      for (let at = 0; at < samples.length;) {
        const taken = samples.subarray(at, at + longest - length);
        held.set(taken, length);
        length += taken.length;
        at += taken.length;
        if (length === longest) parts.push(cut());
      }
      return parts;
    },
    end() {
      const rest = length > 0 ? held.slice(0, length) : undefined;
      length = 0;
      held = new Int16Array(0);
      return rest;
    },
  };
}
