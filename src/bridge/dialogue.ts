// Whose turn it is: gathers the caller's words into turns, has each answered once, joins what they add while the assistant
// thinks, and fills a long silence. One answer is in the making at a time.
import type { HeardCorrection } from "../core/thread.ts";
import type { Answerer, Run, Turn } from "./answer.ts";
import type { Journal } from "./journal.ts";
import type { CutUtterance } from "./speaker.ts";

/** After the first filler the caller is told again this often, ms. */
const FILLER_AGAIN_MS = 5000;

export interface DialogueParts {
  readonly answerer: Answerer;
  readonly journal: Journal;
  readonly now: () => number;
  readonly after: (ms: number, fn: () => void) => () => void;
  /** ms after the caller's turn ended without a sound of ours. */
  readonly fillerAfterMs: number;
  /** The line is silent and may be spoken on: say a filler. False when it was not the moment. */
  readonly onFiller: () => boolean;
  readonly onTurn: (turn: Turn) => void;
  /** The answer is complete; `said` is false when there was nothing to say. */
  readonly onAnswered: (turn: Turn, said: boolean) => void;
  readonly onFailed: (turn: Turn, cause: string) => void;
}

interface Waiting {
  readonly texts: readonly string[];
  readonly by: Turn["by"];
  readonly endedAt: number;
  /** The turn these words belong to already, when its answer was called off. */
  readonly number?: number;
}

export type Dialogue = ReturnType<typeof createDialogue>;

export function createDialogue(parts: DialogueParts) {
  const { journal, now, after } = parts;
  let waiting: Waiting | undefined;
  let run: Run | undefined;
  /** Something of the present answer reached the caller's ear: its question is not asked again. */
  let heardSome = false;
  let turns = 0;
  let latest: Turn | undefined;
  let correction: HeardCorrection | undefined;
  let cancelFiller = (): void => {};

  function begin(): void {
    if (!waiting || run) return;
    const { texts, by, endedAt, number = ++turns } = waiting;
    waiting = undefined;
    const turn: Turn = { number, by, text: texts.filter(Boolean).join(" "), endedAt };
    latest = turn;
    journal.turn(number, by, turn.text, endedAt);
    parts.onTurn(turn);
    heardSome = false;
    const told = correction;
    correction = undefined;
    expectAnswer(endedAt);
    run = parts.answerer.answer(turn, told, {
      onDone(done, said) {
        if (run !== done) return;
        run = undefined;
        if (!said) cancelFiller();
        parts.onAnswered(turn, said);
        begin();
      },
      onFailed(failed, cause) {
        if (run !== failed) return;
        run = undefined;
        cancelFiller();
        journal.cause(number, cause);
        parts.onFailed(turn, cause);
        begin();
      },
    });
  }

  function expectAnswer(endedAt: number): void {
    cancelFiller();
    const tick = (): void => {
      const said = parts.onFiller();
      cancelFiller = after(said ? FILLER_AGAIN_MS : parts.fillerAfterMs, tick);
    };
    cancelFiller = after(Math.max(0, parts.fillerAfterMs - (now() - endedAt)), tick);
  }

  /** Calls the answer off, unless a tool has acted for it; its question is kept when nothing of it was heard. */
  function callOff(): boolean {
    if (!run) return true;
    if (run.acted()) return false;
    run.cancel();
    cancelFiller();
    if (!heardSome) {
      const { number, text, by, endedAt } = run.turn;
      waiting = { number, by, endedAt, texts: [text, ...(waiting?.texts ?? [])] };
    }
    run = undefined;
    return true;
  }

  return {
    /** The caller's words, complete; empty where the voice answers before they are known. Returns the turn they belong to. */
    accept(text: string, by: Turn["by"], endedAt: number): number {
      const free = callOff();
      waiting = { ...waiting, texts: [...(waiting?.texts ?? []), text], by, endedAt };
      if (free) begin();
      return waiting?.number ?? (waiting ? turns + 1 : turns);
    },
    /** The caller's turn is over, its words are on the way: silence counts from here. */
    expectAnswer,
    /** Nothing came of it: words kept from a called-off answer are asked again. True when an answer is in the making. */
    nothingNew(): boolean {
      if (run) return true;
      cancelFiller();
      begin();
      return run !== undefined;
    },
    /** The caller interrupted. */
    cut(dropped: readonly CutUtterance[]): void {
      cancelFiller();
      const inTheMaking = run?.utterance();
      for (const { utterance, record } of dropped) if (utterance === inTheMaking) heardSome ||= record.heardMs > 0;
      callOff();
      for (const { utterance, record } of dropped) {
        if (utterance.kind !== "reply") continue;
        journal.cause(utterance.turn, "cut-by-caller");
        // An answer that is made anew needs no correction: nobody heard it, and its question is asked again.
        if (waiting?.number === utterance.turn || !record.interrupted) continue;
        correction = {
          generated: [correction?.generated, record.generated].filter(Boolean).join(" "),
          heard: [correction?.heard, record.heard].filter(Boolean).join(" "),
        };
      }
    },
    /** The answer is audible. */
    answered(turn: number): void {
      cancelFiller();
      if (latest?.number === turn) journal.answered(turn, latest.endedAt);
    },
    isBusy: () => run !== undefined,
    close(): void {
      cancelFiller();
      run?.cancel();
      run = undefined;
    },
  };
}
