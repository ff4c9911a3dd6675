// Speech-to-speech: at most one response may write the session's conversation, so this decides when `response.create` may be
// sent, whoever asked for an answer meanwhile. Nothing here asks by itself.
import type { Clock } from "../core/clock.ts";

/** After a refusal for which no active response is known to us. */
const RETRY_MS = 300;
const TRIES = 3;
const ALREADY_ACTIVE = "conversation_already_has_active_response";

export interface ResponseSequencer {
  /** Somebody wants the conversation answered: now, or as soon as the answer in progress has ended. */
  want(): void;
  /** @param ours it answers a request of ours; a server may answer a turn by itself although it was told not to. */
  started(responseId: string, ours: boolean): void;
  /** @param isAnswer it is the one that is wanted, asked for by somebody before. */
  ended(responseId: string, isAnswer?: boolean): void;
  /** An error named this request. @returns whether it was ours to handle. */
  refused(eventId: string | undefined, code: string): boolean;
  /** Whether the server owes us something. */
  owes(): boolean;
  /** Wanted or asked for, and not begun: whether so, and the event's id if it was asked for. */
  open(): { readonly isOpen: boolean; readonly asked: string | undefined };
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
  let wanted = false;
  let tries = 0;
  let cancelRetry: (() => void) | undefined;
  /** An answer stood in the way whose begin was not told to us: its end may be. */
  let isBarred = false;

  function tryCreate(): void {
    if (!wanted || asked !== undefined || active.size > 0 || cancelRetry) return;
    wanted = false;
    // If it stands there still this is refused; if not, this is the answer, and the end that was waited for asks for nothing.
    isBarred = false;
    asked = create();
  }

  function stopRetry(): void {
    cancelRetry?.();
    cancelRetry = undefined;
  }

  return {
    want() {
      wanted = true;
      tryCreate();
    },
    started(responseId, ours) {
      active.add(responseId);
      isBarred = false;
      stopRetry();
      if (!ours) return;
      asked = undefined;
      tries = 0;
    },
    ended(responseId, isAnswer = false) {
      if (active.delete(responseId)) return tryCreate();
      if (!isBarred) return;
      isBarred = false;
      tries = 0;
      stopRetry();
      wanted = !isAnswer;
      tryCreate();
    },
    refused(eventId, code) {
      if (eventId === undefined || eventId !== asked) return false;
      asked = undefined;
      tries += 1;
      isBarred = code === ALREADY_ACTIVE && active.size === 0;
      if (code !== ALREADY_ACTIVE || tries >= TRIES) {
        tries = 0;
        gaveUp(code);
        return true;
      }
      wanted = true;
      // The end of the other answer asks again; if it is one we never heard of, or one that is over, time does.
      if (active.size > 0) return true;
      cancelRetry = clock.after(RETRY_MS, () => {
        cancelRetry = undefined;
        tryCreate();
      });
      return true;
    },
    owes: () => active.size > 0 || asked !== undefined,
    open: () => ({ isOpen: wanted || isBarred || asked !== undefined, asked }),
    close: stopRetry,
  };
}
