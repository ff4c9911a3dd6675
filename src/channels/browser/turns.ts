// The turns of a client that waits for whole replies: each is given to the call when the one before was answered, so that what is sent
// in one breath is answered one after the other.
import type { Clock } from "../../core/clock.ts";

export interface Turns {
  /** False where too much waits already. */
  add(bytes: number, begin: () => void): boolean;
  /** The turn was answered, or there is nothing to be answered. */
  answered(): void;
  close(): void;
}

/** Nobody is kept waiting for an answer that does not come. */
const LONGEST_MS = 30_000;
const MOST_WAITING = 20;
const MOST_BYTES = 16 << 20;

export function createTurns({ clock }: { readonly clock: Pick<Clock, "after"> }): Turns {
  let waiting: { readonly bytes: number; readonly begin: () => void }[] = [];
  let busy = false;
  let cancel = (): void => {};

  function next(): void {
    cancel();
    const turn = waiting.shift();
    busy = turn !== undefined;
    if (!turn) return;
    cancel = clock.after(LONGEST_MS, next);
    turn.begin();
  }

  return {
    add(bytes, begin) {
      const sum = waiting.reduce((all, one) => all + one.bytes, bytes);
      if (waiting.length >= MOST_WAITING || sum > MOST_BYTES) return false;
      waiting.push({ bytes, begin });
      if (!busy) next();
      return true;
    },
    answered() {
      if (busy) next();
    },
    close() {
      cancel();
      waiting = [];
    },
  };
}
