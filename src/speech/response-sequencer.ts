// Speech-to-speech: at most one response may write the session's conversation. This decides when `response.create` may be
// sent, whoever asked, and notices when the server owes an answer it did not begin by itself.
import type { Clock } from "../core/clock.ts";

/** How long the server has to begin the answer to a turn that ended while another answer was being made. */
const OWN_START_MS = 300;
const RETRY_MS = 300;
const TRIES = 3;

export interface ResponseSequencer {
  /** Somebody wants the conversation answered: now, or as soon as the answer in progress has ended. */
  want(): void;
  /** A turn of the caller was committed, so the server answers by itself, unless it is busy answering. */
  turnCommitted(): void;
  /** @param ours it answers a request of ours, not a turn the server heard. */
  started(responseId: string, ours: boolean): void;
  ended(responseId: string): void;
  /** An error named this request (or none). @returns whether it was ours to handle. */
  refused(eventId: string | undefined, code: string): boolean;
  owes(): boolean;
  close(): void;
}

export interface SequencerPorts {
  readonly clock: Clock;
  /** Sends a response.create; returns its event id. */
  readonly create: () => string;
  /** A wanted answer will not come. */
  readonly gaveUp: (code: string) => void;
}

export function createResponseSequencer({ clock, create, gaveUp }: SequencerPorts): ResponseSequencer {
  const active = new Set<string>();
  /** Event id of our request that was neither begun nor refused yet. */
  let asked: string | undefined;
  /** Somebody called `want` and no request was sent for it yet. */
  let wanted = false;
  /** A turn ended, and no answer has begun since. */
  let unanswered = false;
  /** The server could not answer that turn itself, because it was busy. */
  let missed = false;
  let tries = 0;
  let cancelTimer: (() => void) | undefined;

  function tryCreate(): void {
    if ((!wanted && !missed) || asked !== undefined || active.size > 0 || cancelTimer) return;
    wanted = false;
    missed = false;
    asked = create();
  }

  function later(ms: number): void {
    cancelTimer ??= clock.after(ms, () => {
      cancelTimer = undefined;
      tryCreate();
    });
  }

  function stopTimer(): void {
    cancelTimer?.();
    cancelTimer = undefined;
  }

  return {
    want() {
      wanted = true;
      tryCreate();
    },
    turnCommitted() {
      unanswered = true;
      // "This may fail to create a response if the model is already responding", says the API of create_response.
      missed = active.size > 0;
    },
    started(responseId, ours) {
      active.add(responseId);
      stopTimer();
      unanswered = false;
      missed = false;
      if (!ours) return;
      asked = undefined;
      tries = 0;
    },
    ended(responseId) {
      if (!active.delete(responseId) || active.size > 0) return;
      // The server may still begin by itself, now that it is free; two answers would be worse than a late one.
      if (missed) later(OWN_START_MS);
      else tryCreate();
    },
    refused(eventId, code) {
      const busy = code === "conversation_already_has_active_response";
      if (eventId === undefined) {
        // The server's own attempt after a turn.
        if (busy) missed = true;
        if (busy && active.size === 0) later(OWN_START_MS);
        return busy;
      }
      if (eventId !== asked) return false;
      asked = undefined;
      tries += 1;
      if (!busy || tries >= TRIES) {
        tries = 0;
        unanswered = false;
        gaveUp(code);
        return true;
      }
      wanted = true;
      // The end of the other answer asks again; if it is one we never heard of, or one that is over, time does.
      if (active.size === 0) later(RETRY_MS);
      return true;
    },
    owes: () => active.size > 0 || asked !== undefined || unanswered,
    close: stopTimer,
  };
}
