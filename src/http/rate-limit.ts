// How often somebody may ask. Counted in the shared state, so that the limit holds over all instances; in this process alone while
// that is away. Windows are those of the wall clock, the same on every instance.
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Clock } from "../core/clock.ts";
import type { State } from "../core/state.ts";

export interface RateLimit {
  /** Counts one more. Undefined, or the ms to wait for when it was one too many. Never rejects. */
  take(key: string): Promise<number | undefined>;
}

export interface RateLimitOptions {
  readonly state: Pick<State, "hit">;
  readonly clock: Clock;
  /** Apart from those of other limits. */
  readonly name: string;
  /** In one window. */
  readonly points: number;
  readonly windowMs: number;
}

export function createRateLimit({ state, clock, name, points, windowMs }: RateLimitOptions): RateLimit {
  const alone = new RateLimiterMemory({ keyPrefix: name, points, duration: windowMs / 1000 });

  async function countAlone(key: string): Promise<number | undefined> {
    try {
      await alone.consume(key);
      return undefined;
    } catch (error) {
      // The package rejects with its result when it was too much.
      return error instanceof RateLimiterRes ? Math.max(1, error.msBeforeNext) : undefined;
    }
  }

  return {
    async take(key) {
      const now = +clock.date();
      const window = Math.floor(now / windowMs);
      try {
        const count = await state.hit(`limit:${name}:${key}:${window}`, windowMs);
        return count > points ? (window + 1) * windowMs - now : undefined;
      } catch {
        return countAlone(key);
      }
    },
  };
}
