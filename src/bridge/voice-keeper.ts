// Keeps the call supplied with a voice: takes the one opened early or opens one, opens another when it is lost, and says when
// the wait has become one the caller should hear of, and when it has become hopeless.
import type { SpokenLine, Voice, VoiceEngine, VoiceEvent } from "../core/voice.ts";
import { BYTES_PER_MS } from "./playback.ts";
import { base64Bytes } from "./tape.ts";

/** The caller is told to hold on after this long without a voice, ms (faults F1). */
const TELL_AFTER_MS = 1500;
/** Something else was being heard then: look again after this, ms. */
const TELL_AGAIN_MS = 300;
/** The stream is given up after this long without a voice, ms. */
const GIVE_UP_AFTER_MS = 4000;
/** A voice that served this long, ms, has earned another reconnect. */
const SERVED_MS = 20_000;
/** Frames kept from before the speech that may be running: a lost voice had heard them, its successor has not. */
const LEAD_FRAMES = 25;
const LEAD_MS = LEAD_FRAMES * 20;
/** 15 s of 20 ms frames while words are open; twice as much until a voice was ready for the first of them. */
const MOST_FRAMES = 750;
const MOST_UNHEARD_FRAMES = 1500;

export interface VoiceKeeperParts {
  readonly engine: VoiceEngine;
  readonly callId: string;
  readonly carrierId: string;
  readonly early: Voice | undefined;
  readonly history: () => readonly SpokenLine[];
  readonly now: () => number;
  readonly after: (ms: number, fn: () => void) => () => void;
  /** Posts into the call's mailbox. */
  readonly post: (event: VoiceEvent) => unknown;
  /** Where the caller's words begin that were not understood yet, in ms of the audio the voice heard; undefined when none are. */
  readonly openSince: () => number | undefined;
  readonly onReady: (voice: Voice, again: boolean) => void;
  readonly onLost: (code: string) => void;
  /** Without a voice for long enough that the caller should hear something. False when it was not the moment. */
  readonly onWaiting: (again: boolean) => boolean;
  /** There will be no voice; `leftMs` until the caller has waited as long as they may. */
  readonly onHopeless: (code: string, leftMs: number) => void;
}

export type VoiceKeeper = ReturnType<typeof createVoiceKeeper>;

export function createVoiceKeeper(parts: VoiceKeeperParts) {
  const { engine, callId, carrierId, after, now } = parts;
  let voice: Voice | undefined;
  let ready = false;
  let readyAt = 0;
  /** Since when the caller has been without a voice. */
  let waitingSince = now();
  let losses = 0;
  let closed = false;
  let recent: string[] = [];
  /** Bytes of the present voice's audio that lie before `recent`. */
  let behind = 0;
  /** At this many frames it is looked which of them are needed: not at every frame. */
  let lookAt = MOST_UNHEARD_FRAMES + LEAD_FRAMES;
  let cancelTell = (): void => {};
  let cancelGiveUp = (): void => {};

  function take(next: Voice): void {
    voice = next;
    ready = false;
    // Events of a voice that was replaced mean nothing any more.
    next.attach((event) => {
      if (voice === next && !closed) parts.post(event);
    });
  }

  function wait(): void {
    waitingSince = now();
    cancelTell = after(TELL_AFTER_MS, tell);
    cancelGiveUp = after(GIVE_UP_AFTER_MS, () => giveUp("voice-timeout"));
  }

  function tell(): void {
    if (!parts.onWaiting(losses > 0)) cancelTell = after(TELL_AGAIN_MS, tell);
  }

  function stopWaiting(): void {
    cancelTell();
    cancelGiveUp();
  }

  function giveUp(code: string): void {
    const leftMs = Math.max(0, waitingSince + GIVE_UP_AFTER_MS - now());
    close();
    parts.onHopeless(code, leftMs);
  }

  function close(): void {
    if (closed) return;
    closed = true;
    stopWaiting();
    recent = [];
    voice?.close();
    voice = undefined;
  }

  /** Lets go of frames nobody will ask for again. */
  function trim(): void {
    const keep = !ready ? MOST_UNHEARD_FRAMES : parts.openSince() === undefined ? LEAD_FRAMES : MOST_FRAMES;
    const drop = Math.max(0, recent.length - keep);
    for (let index = 0; index < drop; index++) behind += base64Bytes(recent[index] as string);
    if (drop > 0) recent = recent.slice(drop);
    lookAt = recent.length + LEAD_FRAMES;
  }

  /** What a successor has to hear: everything if nobody heard it, else the open words, and the last moment in any case. */
  function framesToRepeat(): string[] {
    if (!ready) return recent;
    const since = parts.openSince();
    let from = Math.max(0, recent.length - LEAD_FRAMES);
    if (since !== undefined) {
      let at = behind;
      for (let index = 0; index < from; index++) {
        at += base64Bytes(recent[index] as string);
        if (at / BYTES_PER_MS > since - LEAD_MS) from = index;
      }
    }
    return recent.slice(from);
  }

  return {
    start(): void {
      wait();
      take(parts.early ?? engine.open({ callId, carrierId, history: parts.history() }));
    },
    /** Caller audio, base64 mu-law: the one path of every frame. */
    hear(payload: string): void {
      if (!voice) return;
      voice.hear(payload);
      if (recent.push(payload) >= lookAt) trim();
    },
    /** Looks at the events that concern the connection; all others are the bridge's. */
    take(event: Extract<VoiceEvent, { type: "voice.ready" | "voice.closed" }>): void {
      if (closed) return;
      if (event.type === "voice.ready") {
        if (ready || !voice) return;
        ready = true;
        readyAt = now();
        // What was kept for the voice is only now turned into speech events.
        lookAt = recent.length + 2 * LEAD_FRAMES;
        stopWaiting();
        return parts.onReady(voice, losses > 0);
      }
      // Asked before the loss is told: telling it makes the bridge forget what it was listening to.
      recent = framesToRepeat();
      behind = 0;
      lookAt = MOST_UNHEARD_FRAMES + LEAD_FRAMES;
      const served = ready && now() - readyAt >= SERVED_MS;
      losses = served ? 1 : losses + 1;
      voice = undefined;
      if (ready) wait();
      ready = false;
      if (event.fatal || losses > 1) return giveUp(event.code);
      parts.onLost(event.code);
      if (closed) return;
      const next = engine.open({ callId, carrierId, history: parts.history() });
      take(next);
      for (const payload of recent) next.hear(payload);
    },
    voice: (): Voice | undefined => voice,
    isReady: () => ready,
    close,
  };
}
