// The timers of one call: each fires inside the call's mailbox, and all of them end with the call.
import type { Clock } from "../core/clock.ts";

export interface Timers {
  /** Runs `fn` in the mailbox after `ms`; returns the cancel, which may be called any number of times. */
  after(ms: number, fn: () => void): () => void;
  /** Cancels everything; timers asked for afterwards never fire. */
  close(): void;
}

export function createTimers(clock: Clock, post: (what: () => void) => void): Timers {
  const open = new Set<() => void>();
  let closed = false;

  return {
    after(ms, fn) {
      if (closed) return () => {};
      let live = true;
      const cancel = (): void => {
        live = false;
        open.delete(cancel);
        stop();
      };
      const stop = clock.after(Math.max(0, ms), () => {
        // Between its firing and its place in the mailbox a timer can still be cancelled.
        post(() => {
          if (!live) return;
          live = false;
          open.delete(cancel);
          fn();
        });
      });
      open.add(cancel);
      return cancel;
    },
    close() {
      closed = true;
      for (const cancel of open) cancel();
    },
  };
}
