// Time that passes only when a test lets it: one line of events for the code under test and for the world around it, each at
// its exact moment, with everything promises cause settled in between. The same script gives the same call every time.
import type { Clock } from "../../src/core/clock.ts";

interface Event {
  readonly at: number;
  readonly order: number;
  fn: (() => void) | undefined;
  readonly counted: boolean;
}

export interface VirtualTime {
  /** For the code under test; its open timers are counted. */
  readonly clock: Clock;
  /** For the far sides of a test; not counted. */
  after(ms: number, fn: () => void): () => void;
  now(): number;
  /** Timers of `clock` that are set and have neither fired nor been cancelled. */
  pending(): number;
  /** Lets this much time pass. */
  run(ms: number): Promise<void>;
  /** Lets time pass until the condition holds. @throws Error when it does not within `ms`. */
  until(what: string, condition: () => boolean, ms?: number): Promise<void>;
}

/** Promise reactions one event may need one after the other: a tool's result passes some twenty on its way to the thread. */
const HOPS = 32;

export async function settle(): Promise<void> {
  for (let hop = 0; hop < HOPS; hop++) await Promise.resolve();
}

/** `startAt`: what the monotonic clock shows at first; a real one never shows 0. */
export function createVirtualTime(startAt = 1000): VirtualTime {
  const heap: Event[] = [];
  let now = startAt;
  let order = 0;
  let pending = 0;

  function before(one: Event, other: Event): boolean {
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  function push(event: Event): void {
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  function pop(): Event | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!before(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
    return first;
  }

  function schedule(ms: number, fn: () => void, counted: boolean): () => void {
    const event: Event = { at: now + Math.max(0, ms), order: order++, fn, counted };
    if (counted) pending++;
    push(event);
    return () => {
      if (!event.fn) return;
      event.fn = undefined;
      if (counted) pending--;
    };
  }

  async function runWhile(until: number, goOn: () => boolean): Promise<void> {
    await settle();
    while (goOn()) {
      const next = heap[0];
      if (!next || next.at > until) break;
      pop();
      const { fn } = next;
      if (!fn) continue;
      now = Math.max(now, next.at);
      next.fn = undefined;
      if (next.counted) pending--;
      fn();
      await settle();
    }
  }

  return {
    clock: {
      now: () => now,
      date: () => new Date(Date.UTC(2026, 10, 21) + now),
      after: (ms, fn) => schedule(ms, fn, true),
    },
    after: (ms, fn) => schedule(ms, fn, false),
    now: () => now,
    pending: () => pending,
    async run(ms) {
      const until = now + ms;
      await runWhile(until, () => true);
      now = until;
    },
    async until(what, condition, ms = 60_000) {
      const limit = now + ms;
      await runWhile(limit, () => !condition());
      if (!condition()) throw new Error(`not within ${ms} ms: ${what}`);
    },
  };
}
