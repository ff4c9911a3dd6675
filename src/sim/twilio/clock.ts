// The time of one simulated call. Call time starts when the call is placed and runs `speed` times faster than the wall
// clock; it is monotonic, so that a stepped system clock never moves a frame.
import { setMaxListeners } from "node:events";
import { performance } from "node:perf_hooks";

export interface CallClock {
  /** Call time in ms, with fractions. */
  nowMs(): number;
  /** How many ms of call time pass in one ms of the wall clock. */
  readonly speed: number;
  /** Resolves after `ms` of call time, or as soon as `signal` aborts; tells whether the time passed in full. */
  wait(ms: number, signal?: AbortSignal): Promise<boolean>;
}

/** @throws RangeError when `speed` is not a positive number. */
export function createCallClock(speed = 1): CallClock {
  if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`speed must be a positive number, not ${speed}`);
  const origin = performance.now();
  return {
    speed,
    nowMs: () => (performance.now() - origin) * speed,
    wait: (ms, signal) => waitWallMs(ms / speed, signal),
  };
}

/** Resolves after `ms` of wall time, never sooner, or as soon as `signal` aborts; tells whether the time passed in full. */
export function waitWallMs(ms: number, signal?: AbortSignal): Promise<boolean> {
  const until = performance.now() + ms;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = (elapsed: boolean) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(elapsed);
    };
    const onAbort = () => finish(false);
    // Node's timers look at a clock of whole ms and can fire a fraction of one early.
    const onTimer = () => {
      const left = until - performance.now();
      if (left <= 0) finish(true);
      else timer = setTimeout(onTimer, Math.ceil(left));
    };
    // Everything that waits on a call's leg waits on one signal: marks that are held back are many.
    if (signal) setMaxListeners(0, signal);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    else onTimer();
  });
}
