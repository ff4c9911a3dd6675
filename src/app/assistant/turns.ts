// The user's side of a conversation: spoken turns from their end to their words, written ones at once; into the record, and before the guard.
import type { Journal } from "../../bridge/journal.ts";
import type { Clock } from "../../core/clock.ts";
import { transcriptionUsage } from "../../speech/usage.ts";

export interface TurnsParts {
  readonly journal: Pick<Journal, "turn" | "turnText" | "answered" | "cause" | "usage" | "wordsLost">;
  readonly guard: { user(text: string): void; unheard(): void };
  readonly transcriptionModel: string;
  /** Turns of the same call before. */
  readonly before: number;
  readonly clock: Clock;
}

export type Turns = ReturnType<typeof createTurns>;

/** Turns whose words may still come. */
const MOST_PENDING = 50;

export function createTurns({ journal, guard, transcriptionModel, before, clock }: TurnsParts) {
  let turn = before;
  let endedAt = 0;
  let askedAt = 0;
  /** The latest has had no answer yet. */
  let isOwed = false;
  /** Spoken turns whose words are not known, by the item's id. */
  const pending = new Map<string, number>();
  /** A turn that was lost with its connection and is heard again. */
  let again: number | undefined;

  function begin(by: "speech" | "text", text: string): number {
    turn += 1;
    endedAt = clock.now();
    isOwed = true;
    journal.turn(turn, by, text, endedAt);
    return turn;
  }

  return {
    wrote(text: string): void {
      begin("text", text);
      guard.user(text);
    },
    /** A spoken turn is over; its words come later. */
    committed(itemId: string): void {
      endedAt = clock.now();
      isOwed = true;
      pending.set(itemId, again ?? begin("speech", ""));
      again = undefined;
      if (pending.size > MOST_PENDING) pending.delete(pending.keys().next().value as string);
    },
    heard(event: { readonly item_id: string; readonly transcript: string; readonly usage?: unknown }): void {
      const usage = transcriptionUsage(event as Parameters<typeof transcriptionUsage>[0], transcriptionModel);
      if (usage) journal.usage(usage.usage, usage.billed);
      const number = pending.get(event.item_id);
      if (number === undefined) return;
      pending.delete(event.item_id);
      const text = event.transcript.trim();
      if (text === "") return guard.unheard();
      journal.turnText(number, text);
      guard.user(text);
    },
    unheard(itemId: string): void {
      const number = pending.get(itemId);
      if (number === undefined) return;
      pending.delete(itemId);
      journal.cause(number, "not-transcribed");
      guard.unheard();
    },
    /** The words of the last spoken turn are not known yet. */
    isPending: (): boolean => pending.size > 0,
    /** OpenAI begins an answer. */
    asked: (): void => void (askedAt = clock.now()),
    /** The client has the first sound, or word, of it. */
    answered(): void {
      if (!isOwed || turn === 0) return;
      isOwed = false;
      journal.answered(turn, [endedAt, endedAt, Math.max(askedAt, endedAt)]);
    },
    cause(what: string): void {
      if (turn > 0) journal.cause(turn, what);
    },
    /** The connection is gone, and with it what was not understood yet; `repeats`: it will be heard again. */
    lost(repeats: boolean): void {
      const numbers = [...pending.values()];
      pending.clear();
      again = repeats ? numbers.at(-1) : undefined;
      const gone = repeats ? numbers.slice(0, -1) : numbers;
      for (const number of gone) journal.cause(number, "words-lost");
    },
    count: (): number => turn,
  };
}
