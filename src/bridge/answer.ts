// How a turn gets its answer: from an assistant thread whose text is spoken (thread-answer.ts), or from a voice that
// answers by itself (voice-answer.ts). The dialogue knows only this.
import type { HeardCorrection } from "../core/thread.ts";
import type { Utterance } from "./utterance.ts";

export interface Turn {
  readonly number: number;
  readonly by: "speech" | "keypad" | "text";
  readonly text: string;
  /** Monotonic ms: the caller fell silent. */
  readonly endedAt: number;
  /** What happened meanwhile that whoever answers has to know. */
  readonly note?: string;
}

/** An answer in the making. */
export interface Run {
  readonly turn: Turn;
  /** A tool of this run has been started: cancelling would not undo it. */
  acted(): boolean;
  /** What it says, once it says something. */
  utterance(): Utterance | undefined;
  /** The caller went on, but it may not be cancelled: what it has not begun yet it leaves to the next answer. */
  yield(): void;
  /** Stops it; none of its events follow. */
  cancel(): void;
}

export interface AnswerEvents {
  /** The answer is complete. `said`: there was something to say. */
  onDone(run: Run, said: boolean): void;
  /** No answer, or only a part of one. */
  onFailed(run: Run, cause: string): void;
}

export interface Answerer {
  answer(turn: Turn, correction: HeardCorrection | undefined, events: AnswerEvents): Run;
}
