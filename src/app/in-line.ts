// Work on one thing that may be asked for at any instance, done one after the other in the order of coming. A line in the shared
// state keeps the order; whoever dies in it loses the place.
import type { Clock, Ids } from "../core/clock.ts";
import { Problem } from "../core/problem.ts";
import type { State } from "../core/state.ts";

export interface InLineParts {
  readonly state: Pick<State, "stand" | "leave">;
  readonly clock: Clock;
  readonly ids: Ids;
}

export type InLine = <Result>(
  line: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
) => Promise<Result>;

/** A place that nobody has asked to keep for so long is lost. ms. */
const PLACE_MS = 6000;
const KEEP_MS = PLACE_MS / 3;
const LOOK_AGAIN_MS = 20;
/** Waiting at once for the same thing. */
const MOST_WAITING = 10;

/** @throws Problem 429 when too many wait, 503 when the place was lost; what the signal aborts with. */
export function createInLine({ state, clock, ids }: InLineParts): InLine {
  return async (line, signal, work) => {
    const who = ids.token();
    const ended = new AbortController();
    const give = (): void => ended.abort(signal.reason);
    signal.addEventListener("abort", give, { once: true });
    let cancel = (): void => undefined;
    let isDone = false;

    /** Place by place to the front. */
    async function come(): Promise<void> {
      for (;;) {
        signal.throwIfAborted();
        const before = await state.stand(line, who, PLACE_MS);
        if (before === 0) return;
        if (before > MOST_WAITING) throw new Problem(429, "Too much at once", { "Retry-After": "1" });
        await pause(clock, LOOK_AGAIN_MS, signal);
      }
    }

    function keep(): void {
      cancel = clock.after(KEEP_MS, () => {
        state.stand(line, who, PLACE_MS).then(
          (before) => {
            if (isDone) return;
            // Somebody else is at it by now: what we come to must not be kept.
            if (before > 0) ended.abort(new Problem(503, "The place in line was lost", { "Retry-After": "1" }));
            else keep();
          },
          () => !isDone && keep(),
        );
      });
    }

    try {
      await come();
      keep();
      return await work(ended.signal);
    } finally {
      isDone = true;
      cancel();
      signal.removeEventListener("abort", give);
      // What cannot be taken back is lost by itself.
      await state.leave(line, who).catch(() => undefined);
    }
  };
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", give);
      resolve();
    });
    signal.addEventListener("abort", give, { once: true });
  });
}
