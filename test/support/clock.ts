// Clocks for tests: the real one with its pending timers counted, and one whose time passes only by hand.
import type { Clock } from "../../src/core/clock.ts";

export interface CountedClock extends Clock {
  /** Timers that are set and have neither fired nor been cancelled. */
  readonly pending: number;
}

/** Real timers. `speed` makes every wait that many times shorter, and `now` run that many times faster. */
export function countedClock(speed = 1): CountedClock {
  const timers = new Set<NodeJS.Timeout>();
  return {
    get pending() {
      return timers.size;
    },
    now: () => performance.now() * speed,
    date: () => new Date(),
    after(ms, fn) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        fn();
      }, ms / speed);
      timers.add(timer);
      return () => {
        timers.delete(timer);
        clearTimeout(timer);
      };
    },
  };
}

export interface ManualClock extends CountedClock {
  /** Lets this much time pass; what falls due runs in order, each at its own time. */
  advance(ms: number): void;
}

export function manualClock(): ManualClock {
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  let now = 0;
  return {
    get pending() {
      return timers.size;
    },
    now: () => now,
    date: () => new Date(now),
    after(ms, fn) {
      const timer = { at: now + ms, fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const due = [...timers].filter((timer) => timer.at <= until).sort((one, other) => one.at - other.at)[0];
        if (!due) break;
        timers.delete(due);
        now = Math.max(now, due.at);
        due.fn();
      }
      now = until;
    },
  };
}
