// A wait with a limit, for what is good to know and not worth a standstill: a store that hangs or fails is one that says nothing.
import type { Clock } from "../core/clock.ts";

const SOON_MS = 1000;

/** Undefined where it takes too long or fails. */
export type Soon = <Value>(work: Promise<Value>) => Promise<Value | undefined>;

export function createSoon(clock: Pick<Clock, "after">): Soon {
  return async (work) => {
    let cancel = (): void => {};
    const tooLong = new Promise<undefined>((resolve) => (cancel = clock.after(SOON_MS, () => resolve(undefined))));
    try {
      return await Promise.race([work, tooLong]);
    } catch {
      return undefined;
    } finally {
      cancel();
    }
  };
}
