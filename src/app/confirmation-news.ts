// Word that one confirmation is settled, from whichever instance: listened for until it comes, or for a while.
import type { Clock } from "../core/clock.ts";
import type { State } from "../core/state.ts";

export interface NewsParts {
  readonly state: Pick<State, "subscribe">;
  readonly clock: Pick<Clock, "after">;
  readonly signal: AbortSignal;
}

export const CONFIRMATION_NEWS = "confirmations";

export function listenFor(id: string, { state, clock, signal }: NewsParts) {
  let isTold = false;
  let wake = (): void => {};
  const unsubscribe = state.subscribe(CONFIRMATION_NEWS, (message) => {
    if ((message as { readonly id?: string }).id !== id) return;
    isTold = true;
    wake();
  });
  return {
    /** Until something is told that was not waited for before, or `ms` are over, or the signal fires. */
    async next(ms: number): Promise<void> {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          cancel();
          signal.removeEventListener("abort", done);
          wake = () => {};
          resolve();
        };
        const cancel = clock.after(ms, done);
        signal.addEventListener("abort", done, { once: true });
        wake = done;
        if (isTold || signal.aborted) done();
      });
      isTold = false;
    },
    close: unsubscribe,
  };
}
