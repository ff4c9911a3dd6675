// What agents of this instance are saying at the moment, for those who begin to watch in the middle of it.
import {
  spaceBetween,
  WORDS_ASKED,
  WORDS_TOLD,
  type Saying,
  type WordsAsked,
  type WordsTold,
} from "../core/live-words.ts";
import type { State } from "../core/state.ts";

export interface WordsSoFarParts {
  readonly state: Pick<State, "publish" | "subscribe">;
  readonly instance: string;
  /** Writes the draft of a call, where it is held here. Never rejects. */
  readonly flush: (callId: string) => Promise<void>;
}

export type WordsSoFar = ReturnType<typeof createWordsSoFar>;

/** Of one call at once; a voice that answers itself prepares the next while the last is still being heard. */
const MOST_UTTERANCES = 8;
const MOST_LETTERS = 20_000;

export function createWordsSoFar({ state, instance, flush }: WordsSoFarParts) {
  const calls = new Map<string, Map<number, string>>();
  /** Of calls with words that are not told yet, and will not be before somebody asks: has them told. */
  const untold = new Map<string, () => void>();

  const sayingIn = (callId: string): Saying[] =>
    [...(calls.get(callId) ?? [])].map(([utterance, text]) => ({ utterance, text }));

  async function answer({ id, callId }: WordsAsked): Promise<void> {
    if (callId !== undefined) await flush(callId);
    for (const [of, tell] of untold) if (callId === undefined || callId === of) tell();
    const asked = callId === undefined ? [...calls.keys()] : [callId];
    const told: WordsTold = {
      id,
      instance,
      calls: asked.map((one) => ({ callId: one, saying: sayingIn(one) })).filter(({ saying }) => saying.length > 0),
    };
    state.publish(WORDS_TOLD, told);
  }

  const unsubscribe = state.subscribe(WORDS_ASKED, (message) => void answer(message as WordsAsked));

  return {
    /** This call has words nobody waits for: `tell` tells them. */
    untold: (callId: string, tell: () => void): void => void untold.set(callId, tell),
    /** Watchers are told this now. */
    told(callId: string, utterance: unknown, text: string): void {
      untold.delete(callId);
      if (typeof utterance !== "number") return;
      const saying = calls.get(callId) ?? new Map<number, string>();
      calls.set(callId, saying);
      const before = saying.get(utterance) ?? "";
      if (before.length < MOST_LETTERS) saying.set(utterance, before + spaceBetween(before, text) + text);
      if (saying.size > MOST_UTTERANCES) saying.delete(saying.keys().next().value as number);
    },
    /** It is over, and stands in the draft. */
    settled(callId: string, utterance: unknown): void {
      const saying = calls.get(callId);
      saying?.delete(utterance as number);
      if (saying?.size === 0) calls.delete(callId);
    },
    ended(callId: string): void {
      calls.delete(callId);
      untold.delete(callId);
    },
    close: unsubscribe,
  };
}
