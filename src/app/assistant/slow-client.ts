// A reply is made faster than it is spoken, and a client may take it slower than it is made: then OpenAI is not read any further until the
// client has caught up, and a client that never does is given up.
import type { Clock } from "../../core/clock.ts";

export interface SlowClientParts {
  readonly clock: Clock;
  /** Bytes that wait for the client. */
  readonly waiting: () => number;
  readonly read: (on: boolean) => void;
  readonly giveUp: () => void;
}

/** A minute of audio as base64. */
const HIGH = 4_000_000;
const LOW = 1_000_000;
const LOOK_MS = 50;
const PATIENCE_MS = 20_000;

export function createSlowClient({ clock, waiting, read, giveUp }: SlowClientParts) {
  let cancel: (() => void) | undefined;

  function look(sinceMs: number): void {
    cancel = clock.after(LOOK_MS, () => {
      cancel = undefined;
      if (waiting() <= LOW) return read(true);
      if (clock.now() - sinceMs > PATIENCE_MS) return giveUp();
      look(sinceMs);
    });
  }

  return {
    /** Something was sent. */
    sent(): void {
      if (cancel || waiting() <= HIGH) return;
      read(false);
      look(clock.now());
    },
    close: (): void => cancel?.(),
  };
}
