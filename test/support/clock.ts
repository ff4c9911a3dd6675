// Clocks for tests: a real one that is fair to a slow machine, with its pending timers counted, and one whose time passes only by hand.
import type { Clock } from "../../src/core/clock.ts";

export interface CountedClock extends Clock {
  /** Timers that are set and have neither fired nor been cancelled. */
  readonly pending: number;
}

/** Wall ms between two looks at the time. */
const LOOK_MS = 2;
/** What a look counts for at most, ms of the clock: a connection that is set up within a second or two has some looks to do so. */
const MOST_MS = 100;

/**
 * Real time, `speed` times as fast, that stands still while the machine does: a hold-up of a second is to this clock one of a moment,
 * and between any two moments there is a turn of the event loop, in which what the far side has sent by then is read. So a timer fires
 * because nothing came, never because nobody could look.
 */
export function countedClock(speed = 1): CountedClock {
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  let counted = 0;
  let lookedAt = performance.now();
  let next: NodeJS.Timeout | undefined;
  const mostMs = Math.min(5, Math.max(0.5, MOST_MS / speed));

  function now(): number {
    const wall = performance.now();
    counted += (next ? Math.min(wall - lookedAt, mostMs) : wall - lookedAt) * speed;
    lookedAt = wall;
    return counted;
  }
  const first = () => [...timers].reduce((one, other) => (other.at < one.at ? other : one));

  function plan(): void {
    clearTimeout(next);
    next = timers.size > 0 ? setTimeout(look, Math.min(LOOK_MS, (first().at - counted) / speed)) : undefined;
  }
  /** One timer at a time, so that what it causes is done before the next. */
  function look(): void {
    const due = first();
    const isDue = due.at <= now();
    if (isDue) timers.delete(due);
    plan();
    if (isDue) due.fn();
  }

  return {
    get pending() {
      return timers.size;
    },
    now,
    date: () => new Date(),
    after(ms, fn) {
      const timer = { at: now() + Math.max(0, ms), fn };
      timers.add(timer);
      // A later one does not put off the look that is planned.
      if (!next || first() === timer) plan();
      return () => {
        if (timers.delete(timer) && timers.size === 0) plan();
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
