// The caller's telephone: one clock that plays what arrived, listens to it, lets the script act and picks up the caller's
// voice, a frame at a time without drift. It knows no network: frames and due marks go to whoever listens.
import { MULAW_BYTES_PER_MS as SAMPLES_PER_MS } from "../../audio/mulaw.ts";
import type { CallClock } from "./clock.ts";
import { createHearing, type Hearing } from "./hearing.ts";
import { createMouth, type Frame, type Mouth } from "./mouth.ts";
import { Playback, type Cleared, type PieceOutcome } from "./playback.ts";
import { createRecording, type Recording } from "./recording.ts";
import type { Chance } from "./sids.ts";

export interface HandsetOptions {
  clock: CallClock;
  chance: Chance;
  frameMs: number;
  noiseFloor: number;
  /** ms of queued audio still heard after it is cleared. */
  clearTailMs: number;
  /** A frame of the caller's voice that ended at `endMs` of call time. */
  onFrame: (frame: Frame, endMs: number) => void;
  /** Marks whose audio has now been played. */
  onMarks: (names: string[]) => void;
  /** Once per frame, after the ear heard it and before the mouth speaks. */
  onTick: (endMs: number) => void;
  onAgentStart: (atMs: number) => void;
  onAgentEnd: (atMs: number, spokeMs: number) => void;
}

export interface Handset {
  readonly hearing: Hearing;
  readonly mouth: Mouth;
  readonly heard: Recording;
  readonly spoken: Recording;
  /** Call ms at which the caller was last loud; -Infinity before the first word. */
  readonly callerLoudMs: number;
  /** Lifts the receiver: frames flow from now on. */
  lift(): void;
  /** Puts it down: what was waiting is never heard, and nothing happens afterwards. */
  drop(): void;
  /** Bytes played so far, up to this moment. */
  playedBytes(): number;
  /** Queues audio to be heard; undefined when ten minutes are waiting already. */
  play(audio: Uint8Array): PieceOutcome | undefined;
  /** Puts a mark behind what is queued; it comes through `onMarks`, at once when nothing is. */
  mark(name: string): void;
  clear(): Cleared;
}

/**
 * A timer of the wall clock is not finer than 1 ms, and waking for every frame of a fast call costs more than the frame.
 * Calls faster than real time therefore send what came due in the last few ms together.
 */
const MIN_SLEEP_FAST_MS = 2;

export function createHandset(options: HandsetOptions): Handset {
  const { clock, frameMs } = options;
  const frameSamples = frameMs * SAMPLES_PER_MS;
  const heard = createRecording();
  const spoken = createRecording();
  const playback = new Playback((played) => heard.write(played.at, played.bytes));
  const hearing = createHearing({ onStart: options.onAgentStart, onEnd: options.onAgentEnd });
  const mouth = createMouth(frameMs, options.noiseFloor, options.chance);
  const nowSample = () => Math.floor(clock.nowMs() * SAMPLES_PER_MS);
  let frameStart = 0;
  let callerLoudMs = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  let wakeAt = Infinity;
  let live = false;

  const advance = (sample: number) => {
    const due = playback.advance(sample);
    if (due.length > 0) options.onMarks(due);
  };

  const oneFrame = () => {
    const end = frameStart + frameSamples;
    const endMs = end / SAMPLES_PER_MS;
    advance(end);
    hearing.hear(heard.view(frameStart, end), endMs);
    options.onTick(endMs);
    // The script may have hung up.
    if (!live) return;
    const frame = mouth.next(frameStart / SAMPLES_PER_MS);
    if (frame.loud) callerLoudMs = endMs;
    spoken.write(frameStart, frame.mulaw);
    frameStart = end;
    options.onFrame(frame, endMs);
  };

  const pump = () => {
    wakeAt = Infinity;
    // After a stall the frames missed are made up for at once, as a network delivers them.
    const now = nowSample();
    const frameDue = () => live && frameStart + frameSamples <= now;
    while (frameDue()) oneFrame();
    if (!live) return;
    advance(nowSample());
    sleep();
  };

  const sleep = () => {
    if (!live) return;
    const next = Math.min(frameStart + frameSamples, playback.nextMark ?? Infinity);
    if (next >= wakeAt) return;
    clearTimeout(timer);
    wakeAt = next;
    const wallMs = Math.ceil((next / SAMPLES_PER_MS - clock.nowMs()) / clock.speed);
    timer = setTimeout(pump, Math.max(clock.speed > 1 ? MIN_SLEEP_FAST_MS : 1, wallMs));
  };

  return {
    hearing,
    mouth,
    heard,
    spoken,
    get callerLoudMs() {
      return callerLoudMs;
    },
    lift() {
      if (live) return;
      live = true;
      frameStart = nowSample();
      sleep();
    },
    drop() {
      if (!live) return;
      const now = nowSample();
      advance(now);
      playback.clear(now);
      live = false;
      clearTimeout(timer);
    },
    playedBytes() {
      if (live) advance(nowSample());
      return playback.played;
    },
    play(audio) {
      const now = nowSample();
      if (!live) return { bytes: audio.length, queuedAt: now, startsAt: now, played: 0 };
      advance(now);
      return playback.enqueue(audio, now);
    },
    mark(name) {
      const now = nowSample();
      advance(now);
      if (playback.mark(name, now)) options.onMarks([name]);
      sleep();
    },
    clear() {
      const now = nowSample();
      advance(now);
      return playback.clear(now, Math.round(options.clearTailMs * SAMPLES_PER_MS));
    },
  };
}
