// Keeps the call supplied with a voice: takes the one opened early or opens one, opens another when it is lost, and says when
// the wait has become one the caller should hear of, and when it has become hopeless.
import type { SpokenLine, Voice, VoiceEngine, VoiceEvent } from "../core/voice.ts";

/** The caller is told to hold on after this long without a voice, ms (faults F1). */
const TELL_AFTER_MS = 1500;
/** The stream is given up after this long without a voice, ms. */
const GIVE_UP_AFTER_MS = 4000;
/** A voice that served this long, ms, has earned another reconnect. */
const SERVED_MS = 20_000;
/** Frames kept from before the speech that may be running: a lost voice had heard them, its successor has not. */
const LEAD_FRAMES = 25;
/** 15 s of 20 ms frames. */
const MOST_FRAMES = 750;

export interface VoiceKeeperParts {
  readonly engine: VoiceEngine;
  readonly callId: string;
  readonly early: Voice | undefined;
  readonly history: () => readonly SpokenLine[];
  readonly now: () => number;
  readonly after: (ms: number, fn: () => void) => () => void;
  /** Posts into the call's mailbox. */
  readonly post: (event: VoiceEvent) => void;
  /** The caller is speaking, or their words are on the way: their audio is worth keeping. */
  readonly isListening: () => boolean;
  readonly onReady: (voice: Voice, again: boolean) => void;
  readonly onLost: (code: string) => void;
  /** Without a voice for long enough that the caller should hear something. */
  readonly onWaiting: () => void;
  readonly onHopeless: (code: string) => void;
}

export type VoiceKeeper = ReturnType<typeof createVoiceKeeper>;

export function createVoiceKeeper(parts: VoiceKeeperParts) {
  const { engine, callId, after, now } = parts;
  let voice: Voice | undefined;
  let ready = false;
  let readyAt = 0;
  let losses = 0;
  let closed = false;
  let recent: string[] = [];
  let cancelTell = (): void => {};
  let cancelGiveUp = (): void => {};

  function take(next: Voice): void {
    voice = next;
    ready = false;
    cancelTell = after(TELL_AFTER_MS, parts.onWaiting);
    cancelGiveUp = after(GIVE_UP_AFTER_MS, () => giveUp("voice-timeout"));
    // Events of a voice that was replaced mean nothing any more.
    next.attach((event) => {
      if (voice === next && !closed) parts.post(event);
    });
  }

  function giveUp(code: string): void {
    close();
    parts.onHopeless(code);
  }

  function close(): void {
    if (closed) return;
    closed = true;
    cancelTell();
    cancelGiveUp();
    recent = [];
    voice?.close();
    voice = undefined;
  }

  return {
    start(): void {
      take(parts.early ?? engine.open({ callId, history: parts.history() }));
    },
    /** Caller audio, base64 mu-law: the one path of every frame. */
    hear(payload: string): void {
      voice?.hear(payload);
      recent.push(payload);
      if (recent.length <= LEAD_FRAMES * 2) return;
      if (!parts.isListening()) recent = recent.slice(-LEAD_FRAMES);
      else if (recent.length > MOST_FRAMES + LEAD_FRAMES) recent = recent.slice(-MOST_FRAMES);
    },
    /** Looks at the events that concern the connection; all others are the bridge's. */
    take(event: Extract<VoiceEvent, { type: "voice.ready" | "voice.closed" }>): void {
      if (closed) return;
      if (event.type === "voice.ready") {
        if (ready || !voice) return;
        ready = true;
        readyAt = now();
        cancelTell();
        cancelGiveUp();
        return parts.onReady(voice, losses > 0);
      }
      const served = ready && now() - readyAt >= SERVED_MS;
      cancelTell();
      cancelGiveUp();
      losses = served ? 1 : losses + 1;
      voice = undefined;
      ready = false;
      if (event.fatal || losses > 1) return giveUp(event.code);
      // Asked before the loss is told: telling it makes the bridge forget what it was listening to.
      const replay = parts.isListening() ? recent : [];
      parts.onLost(event.code);
      if (closed) return;
      const next = engine.open({ callId, history: parts.history() });
      take(next);
      for (const payload of replay) next.hear(payload);
    },
    voice: (): Voice | undefined => voice,
    isReady: () => ready,
    close,
  };
}
