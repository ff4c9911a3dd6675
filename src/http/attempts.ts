// Keys that are tried. An address that has tried too many bad ones is turned away, good key or not, or trying would tell; only the
// keys it came with before go on working, so that nobody can lock out their neighbours behind the same address.
import type { Clock } from "../core/clock.ts";
import type { Meter } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import { sha256, type KeyHolder, type KeyRing } from "./key-ring.ts";
import type { RateLimit } from "./rate-limit.ts";

export interface AttemptParts {
  readonly keys: Pick<KeyRing, "find">;
  /** Of failures of one address. */
  readonly limit: RateLimit;
  readonly clock: Clock;
  readonly meter: Meter;
}

const MOST_REMEMBERED = 10_000;

export function createAttempts({ keys, limit, clock, meter }: AttemptParts) {
  const shutUntil = new Map<string, number>();
  const seenGood = new Set<string>();

  function remember<Key>(kept: { readonly size: number; keys(): Iterable<Key>; delete(key: Key): unknown }): void {
    for (const oldest of kept.keys()) {
      if (kept.size < MOST_REMEMBERED) break;
      kept.delete(oldest);
    }
  }

  function tooMany(waitMs: number): Problem {
    meter.count("voice_rate_limited_total", { surface: "login" });
    return new Problem(429, "Too many keys that are not good came from this address", {
      "Retry-After": String(Math.max(1, Math.ceil(waitMs / 1000))),
    });
  }

  return {
    /** The holder of a good key, undefined for another. @throws Problem 429. */
    async find(key: string, address: string): Promise<KeyHolder | undefined> {
      const hash = sha256(key);
      const mark = `${address} ${hash}`;
      const wait = (shutUntil.get(address) ?? 0) - clock.now();
      if (wait > 0 && !seenGood.has(mark)) throw tooMany(wait);
      const holder = await keys.find(hash);
      if (holder) {
        remember(seenGood);
        seenGood.delete(mark);
        seenGood.add(mark);
        return holder;
      }
      seenGood.delete(mark);
      const over = await limit.take(address);
      if (over === undefined) return undefined;
      remember(shutUntil);
      shutUntil.set(address, clock.now() + over);
      throw tooMany(over);
    },
  };
}
