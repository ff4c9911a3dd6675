/**
 * Voice activity by energy, in the time of the audio itself: a minute pushed in a millisecond gives the same answer as a
 * minute pushed in a minute. It finds where speech starts and stops and knows nothing of turns or sockets.
 */
import { rmsDbfs } from "../../../audio/pcm.ts";

export interface VadSettings {
  /** Samples per second. */
  rate: number;
  /** 0 to 1, as in the session; 0.5 is -40 dBFS, each tenth is 4 dB. */
  threshold: number;
  prefixMs: number;
  silenceMs: number;
}

export type VadEvent =
  /** `atMs` is where the turn's audio begins, prefix padding included. */
  | { type: "started"; atMs: number }
  /** `atMs` is where the turn's audio ends, the silence that ended it included. */
  | { type: "stopped"; atMs: number };

export interface Vad {
  readonly speaking: boolean;
  push(samples: Int16Array): VadEvent[];
  /** Forgets speech in progress without an event, as after a clear or a manual commit at `nowMs`. */
  reset(nowMs: number): void;
}

const WINDOW_MS = 10;
/** Voiced windows in a row that make a start: a click or a key tone's edge is shorter than 50 ms. */
const VOICED_TO_START = 5;

/** @param startMs position of the first pushed sample on the session's clock of audio received */
export function createVad(settings: VadSettings, startMs: number): Vad {
  const windowSize = (settings.rate * WINDOW_MS) / 1000;
  const level = -60 + 40 * settings.threshold;
  const window = new Int16Array(windowSize);
  let filled = 0;
  let atMs = startMs;
  /** No turn reaches back before this: the end of the turn before it. */
  let floorMs = startMs;
  let speaking = false;
  let voiced = 0;
  let quietMs = 0;

  function windowDone(): VadEvent | undefined {
    const loud = rmsDbfs(window) > level;
    atMs += WINDOW_MS;
    if (!speaking) {
      voiced = loud ? voiced + 1 : 0;
      if (voiced < VOICED_TO_START) return undefined;
      speaking = true;
      quietMs = 0;
      return { type: "started", atMs: Math.max(floorMs, atMs - voiced * WINDOW_MS - settings.prefixMs) };
    }
    quietMs = loud ? 0 : quietMs + WINDOW_MS;
    if (quietMs < Math.max(WINDOW_MS, settings.silenceMs)) return undefined;
    speaking = false;
    voiced = 0;
    floorMs = atMs;
    return { type: "stopped", atMs };
  }

  return {
    get speaking() {
      return speaking;
    },
    push(samples) {
      const events: VadEvent[] = [];
      for (let at = 0; at < samples.length;) {
        const take = Math.min(windowSize - filled, samples.length - at);
        window.set(samples.subarray(at, at + take), filled);
        filled += take;
        at += take;
        if (filled < windowSize) continue;
        const event = windowDone();
        if (event) events.push(event);
        filled = 0;
      }
      return events;
    },
    reset(nowMs) {
      speaking = false;
      voiced = 0;
      quietMs = 0;
      floorMs = nowMs;
    },
  };
}
