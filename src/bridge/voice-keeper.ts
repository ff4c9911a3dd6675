// Keeps the call supplied with a voice: takes the one opened early or opens one, opens another when it is lost, and says when
// the wait has become one the caller should hear of, and when it has become hopeless.
import type { AudioWay, SpokenLine, Voice, VoiceEngine, VoiceEvent } from "../core/voice.ts";
import { CallerWay } from "./caller-way.ts";
import { BYTES_PER_MS } from "./playback.ts";
import { Tape } from "./tape.ts";

/** The caller is told to hold on after this long without a voice, ms (faults F1). */
const TELL_AFTER_MS = 1500;
/** Something else was being heard then: look again after this, ms. */
const TELL_AGAIN_MS = 300;
/** The stream is given up after this long without a voice, ms. */
const GIVE_UP_AFTER_MS = 4000;
/** A voice that served this long, ms, has earned another reconnect. */
const SERVED_MS = 20_000;
/** Audio kept from before the speech that may be running: a lost voice had heard it, its successor has not. */
const LEAD_BYTES = 500 * BYTES_PER_MS;
/** 15 s while words are open; twice as much until a voice was ready for the first of them. */
const MOST_BYTES = 15_000 * BYTES_PER_MS;
const MOST_UNHEARD_BYTES = 30_000 * BYTES_PER_MS;
const FRAME_BYTES = 20 * BYTES_PER_MS;

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
  /** Asked after each audio: where what follows may go without the mailbox. */
  readonly wayFor: (event: Extract<VoiceEvent, { type: "voice.audio" }>) => AudioWay | undefined;
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
  let ready = false;
  let readyAt = 0;
  /** Since when the caller has been without a voice. */
  let waitingSince = now();
  let losses = 0;
  let closed = false;
  const caller = new CallerWay(MOST_UNHEARD_BYTES + LEAD_BYTES, trim);
  let cancelTell = (): void => {};
  let cancelGiveUp = (): void => {};

  function take(next: Voice): void {
    caller.voice = next;
    ready = false;
    // Events of a voice that was replaced mean nothing any more.
    next.attach((event) => {
      if (caller.voice !== next || closed) return undefined;
      parts.post(event);
      return event.type === "voice.audio" ? parts.wayFor(event) : undefined;
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
    caller.tape.forget(caller.tape.length);
    caller.voice?.close();
    caller.voice = undefined;
  }

  /** Lets go of what nobody will ask for again. */
  function trim(): void {
    const keep = !ready ? MOST_UNHEARD_BYTES : parts.openSince() === undefined ? LEAD_BYTES : MOST_BYTES;
    caller.tape.forget(caller.tape.length - keep);
    caller.lookAt = caller.tape.length + LEAD_BYTES;
  }

  /** From where on a successor has to hear it: all if nobody heard it, else the open words, and the last moment in any case. */
  function repeatFrom(): number {
    if (!ready) return caller.tape.length - MOST_UNHEARD_BYTES;
    const lead = caller.tape.length - LEAD_BYTES;
    const since = parts.openSince();
    if (since === undefined) return lead;
    // Whole frames, as they came.
    return Math.min(lead, Math.floor((since * BYTES_PER_MS - LEAD_BYTES) / FRAME_BYTES) * FRAME_BYTES);
  }

  /** Gives the next voice what it has to hear, frame by frame. */
  function repeat(heard: Tape, from: number, next: Voice): void {
    for (let slice = heard.read(from, FRAME_BYTES); slice; slice = heard.read(slice.at + slice.bytes, FRAME_BYTES)) {
      caller.tape.append(slice.payload);
      next.hear(slice.payload);
    }
    heard.forget(heard.length);
  }

  return {
    start(): void {
      wait();
      take(parts.early ?? engine.open({ callId, carrierId, history: parts.history() }));
    },
    /** Caller audio, base64 mu-law. What follows may go the way that is returned, always. */
    hear(payload: string): AudioWay {
      caller.take(payload);
      return caller;
    },
    /** Looks at the events that concern the connection; all others are the bridge's. */
    take(event: Extract<VoiceEvent, { type: "voice.ready" | "voice.closed" }>): void {
      if (closed) return;
      if (event.type === "voice.ready") {
        if (ready || !caller.voice) return;
        ready = true;
        readyAt = now();
        // What was kept for the voice is only now turned into speech events.
        caller.lookAt = caller.tape.length + 2 * LEAD_BYTES;
        stopWaiting();
        return parts.onReady(caller.voice, losses > 0);
      }
      // Asked before the loss is told: telling it makes the bridge forget what it was listening to.
      const from = Math.max(0, repeatFrom());
      const heard = caller.tape;
      caller.tape = new Tape();
      caller.lookAt = MOST_UNHEARD_BYTES + LEAD_BYTES;
      const served = ready && now() - readyAt >= SERVED_MS;
      losses = served ? 1 : losses + 1;
      caller.voice = undefined;
      if (ready) wait();
      ready = false;
      if (event.fatal || losses > 1) return giveUp(event.code);
      parts.onLost(event.code);
      if (closed) return;
      const next = engine.open({ callId, carrierId, history: parts.history() });
      take(next);
      repeat(heard, from, next);
    },
    voice: (): Voice | undefined => caller.voice,
    isReady: () => ready,
    close,
  };
}
