// One breaker for all sessions of the process: while the API answers 429 at the door, at most one attempt a second knocks,
// so that a thousand waiting calls do not keep the limit exhausted. It counts nothing but rate limits.
import type { Clock } from "../core/clock.ts";

const LIMITS_TO_OPEN = 3;
const PROBE_EVERY_MS = 1000;

export interface ConnectBreaker {
  /** May an attempt be made now? Taking the one probe of this second counts as making it. */
  admit(): boolean;
  /** The API answered 429. */
  limited(): void;
  /** A session was created. */
  succeeded(): void;
  /** It was answered 429 again and again, and has not been answered better since. */
  isOpen(): boolean;
}

export function createConnectBreaker(clock: Clock, onChange: (open: boolean) => void): ConnectBreaker {
  let limits = 0;
  let lastAttempt = 0;
  return {
    admit() {
      const now = clock.now();
      if (limits >= LIMITS_TO_OPEN && now - lastAttempt < PROBE_EVERY_MS) return false;
      lastAttempt = now;
      return true;
    },
    limited() {
      limits += 1;
      if (limits === LIMITS_TO_OPEN) onChange(true);
    },
    succeeded() {
      if (limits >= LIMITS_TO_OPEN) onChange(false);
      limits = 0;
    },
    isOpen: () => limits >= LIMITS_TO_OPEN,
  };
}
