// Whose turn it is: gathers the caller's words into turns, has each answered once, joins what they add while the assistant
// thinks, and keeps what the assistant has to be told about words nobody heard. One answer is in the making at a time.
import { unheardAtTheEnd, type Resumption } from "../core/resumption.ts";
import type { HeardCorrection } from "../core/thread.ts";
import type { Answerer, Run, Turn } from "./answer.ts";
import type { Filler } from "./filler.ts";
import type { Journal } from "./journal.ts";
import type { CutUtterance, SpokenRecord, Utterance } from "./utterance.ts";

export interface DialogueParts {
  readonly answerer: Answerer;
  readonly journal: Journal;
  readonly now: () => number;
  readonly filler: Filler;
  readonly resumed?: Resumption | undefined;
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
  /** What its answer was told. */
  readonly note?: string | undefined;
}

/** cut-off: not by the caller. */
export type CutCause = "cut-by-caller" | "cut-off";

export type Dialogue = ReturnType<typeof createDialogue>;

export function createDialogue({ answerer, journal, now, filler, resumed, ...on }: DialogueParts) {
  let waiting: Waiting | undefined;
  let run: Run | undefined;
  let turns = resumed?.turns.at(-1)?.turn ?? 0;
  let latest: { readonly turn: Turn; readonly begunAt: number } | undefined;
  let correction: HeardCorrection | undefined = resumed && unheardAtTheEnd(resumed);
  /** What the next answer is to be told. */
  let notes: string[] = resumed?.cause === "human" ? [notReached(resumed)] : [];

  function begin(): void {
    if (!waiting || run) return;
    const { texts, by, endedAt, number = ++turns } = waiting;
    const note = [waiting.note, ...notes].filter(Boolean).join(" ");
    waiting = undefined;
    notes = [];
    const turn: Turn = { number, by, text: texts.filter(Boolean).join(" "), endedAt, ...(note && { note }) };
    latest = { turn, begunAt: now() };
    journal.turn(number, by, turn.text, endedAt);
    on.onTurn(turn);
    const told = correction;
    correction = undefined;
    filler.expect(endedAt);
    run = answerer.answer(turn, told, {
      onDone(done, said) {
        if (run !== done) return;
        run = undefined;
        on.onAnswered(turn, said);
        begin();
      },
      onFailed(failed, cause) {
        if (run !== failed) return;
        run = undefined;
        journal.cause(number, cause);
        on.onFailed(turn, cause);
        begin();
      },
    });
  }

  /**
   * Calls the answer off, unless a tool has acted for it; its question is kept when nothing of the answer was heard. False
   * when it goes on.
   */
  function callOff(heardSome: boolean): boolean {
    if (!run) return true;
    if (run.acted()) {
      run.yield();
      return false;
    }
    run.cancel();
    if (!heardSome) {
      const { number, text, by, endedAt, note } = run.turn;
      waiting = { number, by, endedAt, note, texts: [text, ...(waiting?.texts ?? [])] };
    }
    run = undefined;
    return true;
  }

  /** What the assistant believes it said, and the caller did not hear. */
  function correct(record: SpokenRecord): void {
    correction = {
      generated: [correction?.generated, record.generated].filter(Boolean).join(" "),
      heard: [correction?.heard, record.heard].filter(Boolean).join(" "),
    };
  }

  return {
    /** The caller's words, complete; empty where the voice answers before they are known. Returns the turn they belong to. */
    accept(text: string, by: Turn["by"], endedAt: number): number {
      // An answer that is already being heard and was not cut (the words came late) is not taken back.
      const free = run?.utterance()?.startedAt === undefined && callOff(false);
      waiting = { ...waiting, texts: [...(waiting?.texts ?? []), text], by, endedAt };
      const number = waiting.number ?? turns + 1;
      if (free) begin();
      else filler.expect(endedAt);
      return number;
    },
    /** The caller's words, complete, that are answered without anybody thinking about them. Returns the turn they are. */
    take(text: string, by: Turn["by"], endedAt: number): number {
      filler.stop();
      callOff(run?.utterance()?.startedAt !== undefined);
      const { texts = [], number = ++turns } = waiting ?? {};
      waiting = undefined;
      const turn: Turn = { number, by, text: [...texts, text].filter(Boolean).join(" "), endedAt };
      latest = { turn, begunAt: now() };
      journal.turn(number, by, turn.text, endedAt);
      on.onTurn(turn);
      return number;
    },
    /** For whoever answers next; never in the caller's words. */
    tell: (note: string): void => void notes.push(note),
    /** The caller's turn is over, its words are on the way: silence counts from here. */
    expectAnswer: (endedAt: number): void => filler.expect(endedAt),
    /** Nothing came of it: words kept from a called-off answer are asked again. True when an answer is in the making. */
    nothingNew(): boolean {
      begin();
      return run !== undefined;
    },
    /** What was being said is cut: the caller interrupted, or `why`. */
    cut(dropped: readonly CutUtterance[], why: CutCause = "cut-by-caller"): void {
      filler.stop();
      const inTheMaking = run?.utterance();
      callOff(dropped.some(({ utterance, record }) => utterance === inTheMaking && record.heardMs > 0));
      for (const { utterance, record } of dropped) {
        // Heard to its end, but for the proof.
        if (utterance.kind !== "reply" || !record.interrupted) continue;
        journal.cause(utterance.turn, why);
        // An answer that is made anew needs no correction: nobody heard it, and its question is asked again.
        if (waiting?.number !== utterance.turn) correct(record);
      }
    },
    /** A reply is over; the voice may have failed to speak all of it. */
    heard({ kind }: Utterance, record: SpokenRecord): void {
      if (kind === "reply" && record.cut) correct(record);
    },
    /** The answer is audible. */
    answered({ turn, begunAt: saidAt }: Utterance): void {
      if (latest?.turn.number === turn) journal.answered(turn, [latest.turn.endedAt, latest.begunAt, saidAt]);
    },
    /** The voice that was to answer is gone before it was known what was asked: the caller's words come again. */
    recall: (): boolean => run?.utterance()?.startedAt === undefined && callOff(false),
    isBusy: () => run !== undefined,
    /** The turn being answered. */
    turn: (): number | undefined => run?.turn.number,
    close(): void {
      filler.stop();
      run?.cancel();
      run = waiting = undefined;
    },
  };
}

function notReached({ escalations }: Resumption): string {
  const outcome = escalations.at(-1)?.outcome ?? "not reached";
  return (
    `The caller was to be connected with a person, but nobody took the call (${outcome}). They are back with you and know it: ` +
    "go on with what they want, or offer to take a message."
  );
}
