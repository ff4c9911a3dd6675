// Asks the instances what is being said at this moment, and waits for those that hold the calls in question.
import type { Clock } from "../core/clock.ts";
import { WORDS_ASKED, WORDS_TOLD, type Saying, type WordsAsked, type WordsTold } from "../core/live-words.ts";
import type { State } from "../core/state.ts";

export interface WordsSoFarParts {
  readonly state: Pick<State, "publish" | "subscribe">;
  readonly clock: Pick<Clock, "after">;
  /** Names this process among those that ask. */
  readonly asker: string;
}

/** Whoever watches does not wait longer for an instance, ms: what is said shows a moment later then. */
const WAIT_MS = 300;

export type SayingBy = ReadonlyMap<string, readonly Saying[]>;

export interface Look {
  readonly callId?: string;
  /** Those that are to answer. */
  readonly instances: ReadonlySet<string>;
  /** Within the answer of an instance, between the events before it and those after it: these have the words so far. */
  readonly onTold: (calls: SayingBy) => void;
}

/** @returns what was told in time, by call. */
export function createAskWords({ state, clock, asker }: WordsSoFarParts): (look: Look) => Promise<SayingBy> {
  const waiting = new Map<string, (told: WordsTold) => void>();
  let count = 0;
  // Once for all, since a subscription takes its time to reach the shared state, and the answer would be faster.
  state.subscribe(WORDS_TOLD, (message) => {
    const told = message as WordsTold;
    waiting.get(told.id)?.(told);
  });

  return ({ callId, instances, onTold }) => {
    const saying = new Map<string, readonly Saying[]>();
    if (instances.size === 0) return Promise.resolve(saying);
    const missing = new Set(instances);
    const id = `${asker}:${++count}`;
    return new Promise((resolve) => {
      function done(): void {
        cancel();
        waiting.delete(id);
        resolve(saying);
      }
      const cancel = clock.after(WAIT_MS, done);
      waiting.set(id, (told) => {
        const calls = new Map(told.calls.map((one) => [one.callId, one.saying]));
        for (const [of, words] of calls) saying.set(of, words);
        onTold(calls);
        missing.delete(told.instance);
        if (missing.size === 0) done();
      });
      state.publish(WORDS_ASKED, { id, ...(callId !== undefined && { callId }) } satisfies WordsAsked);
    });
  };
}
