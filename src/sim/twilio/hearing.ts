// The caller's ear: decides from the sound that was really played, frame by frame, whether the other end is speaking. It
// never looks at messages, so that a script waits for what a person would wait for.
import { MULAW_BYTES_PER_MS } from "../../audio/mulaw.ts";
import { loudness, SPEECH_LOUDNESS } from "./loudness.ts";

export interface Hearing {
  /** Takes the next frame as played, ending at `endMs` of call time. */
  hear(frame: Uint8Array, endMs: number): void;
  /** True while the other end speaks; pauses shorter than `gapMs` do not end a speech. */
  readonly speaking: boolean;
  /** Call ms at which the present speech, or else the last one, began and was last loud; -Infinity before the first. */
  readonly startedMs: number;
  readonly lastLoudMs: number;
}

export interface HearingOptions {
  /** Loudness of a frame, in 16-bit linear units, from which it counts as speech. */
  threshold?: number;
  /** Quiet longer than this, in ms, ends a speech. */
  gapMs?: number;
  onStart?: (atMs: number) => void;
  onEnd?: (atMs: number, spokeMs: number) => void;
}

export function createHearing({ threshold = SPEECH_LOUDNESS, gapMs = 400, onStart, onEnd }: HearingOptions): Hearing {
  let speaking = false;
  let startedMs = -Infinity;
  let lastLoudMs = -Infinity;
  return {
    get speaking() {
      return speaking;
    },
    get startedMs() {
      return startedMs;
    },
    get lastLoudMs() {
      return lastLoudMs;
    },
    hear(frame, endMs) {
      if (loudness(frame) >= threshold) {
        if (!speaking) {
          speaking = true;
          startedMs = endMs - frame.length / MULAW_BYTES_PER_MS;
          onStart?.(startedMs);
        }
        lastLoudMs = endMs;
      } else if (speaking && endMs - lastLoudMs >= gapMs) {
        speaking = false;
        onEnd?.(lastLoudMs, lastLoudMs - startedMs);
      }
    },
  };
}
