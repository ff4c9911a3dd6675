// The watchdog of a session that owes us something: nothing received for 3 s is trouble, for 6 s a dead session. A session
// that owes nothing may be silent for ever.
import type { Clock } from "../core/clock.ts";

const TROUBLE_MS = 3000;
const DEAD_MS = 6000;

export interface StallWatchEvents {
  onTrouble(): void;
  onDead(): void;
}

// A class, because every message of the session comes by here.
export class StallWatch {
  readonly #clock: Clock;
  readonly #events: StallWatchEvents;
  /** Whole ms: a fraction would cost a heap object for each message. */
  #since = 0;
  #troubled = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, events: StallWatchEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Something arrived. Only the time is taken; the one timer looks at it when it fires. */
  heard(): void {
    this.#since = Math.floor(this.#clock.now());
  }

  /** Whether a response is expected now; `restart` when one was asked for just now. */
  owing(owes: boolean, restart = false): void {
    if (owes && (restart || !this.#cancel)) this.#since = Math.floor(this.#clock.now());
    if (owes && !this.#cancel) {
      this.#troubled = false;
      this.#cancel = this.#clock.after(TROUBLE_MS, () => this.#check());
    } else if (!owes) this.close();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #check(): void {
    this.#cancel = undefined;
    const silent = this.#clock.now() - this.#since;
    if (silent >= DEAD_MS) return this.#events.onDead();
    const tell = silent >= TROUBLE_MS && !this.#troubled;
    this.#troubled = silent >= TROUBLE_MS;
    // Timers may fire a fraction early; the extra millisecond keeps that from becoming a busy wait.
    this.#cancel = this.#clock.after((this.#troubled ? DEAD_MS : TROUBLE_MS) - silent + 1, () => this.#check());
    // Last, because whoever is told may close us.
    if (tell) this.#events.onTrouble();
  }
}
