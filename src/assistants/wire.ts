// What the turn engine (turns.ts) asks of one assistant protocol: send a round, stream what comes back, mend what a broken
// turn left behind. A wire knows one vendor protocol and nothing of queues, timeouts, retries or tools.
import type { ThreadEvent, ThreadRequest, ToolRequest } from "../core/thread.ts";
import type { LedgerLine } from "./ledger.ts";

/** One thing the thread is told: words of the caller, or a note of ours that the caller did not say. */
export interface Message {
  readonly from: "caller" | "note";
  readonly text: string;
}

export interface ToolResult {
  readonly callId: string;
  readonly output: string;
}

export type Round =
  | { readonly kind: "messages"; readonly messages: readonly Message[] }
  /** Answers every call of the round before. */
  | { readonly kind: "results"; readonly results: readonly ToolResult[] };

export type WireEvent =
  /** `part` names the piece of the answer (a message) that the delta belongs to. */
  | { readonly type: "text"; readonly delta: string; readonly part: string }
  | Extract<ThreadEvent, { type: "usage" }>
  /** A complete function call; run when the round has ended. */
  | { readonly type: "call"; readonly call: ToolRequest };

/** How a wire reaches the far side during one reply or one repair. */
export interface Link {
  /** Aborts every request of this reply or repair. */
  readonly signal: AbortSignal;
  /**
   * Sends one request; repeats it once where that is safe.
   * @param undo takes back what the first attempt may have left, before the second one.
   * @throws ThreadFailure
   */
  send<T>(request: (signal: AbortSignal) => Promise<T>, undo?: () => Promise<unknown>): Promise<T>;
  /**
   * Reads a stream of events until the one that `isLast` accepts; it may also end, or be cut, once `mayEnd()` holds.
   * @throws ThreadFailure `unavailable` when it is cut or ends before.
   */
  read<E>(stream: AsyncIterable<E>, isLast: (event: E) => boolean, mayEnd?: () => boolean): AsyncGenerator<E, void>;
  /** ms; resolves early, by throwing the reason, when the link is aborted. */
  pause(ms: number): Promise<void>;
  /** What was said before this turn, oldest first, for a thread that has to be made anew. */
  readonly said: () => readonly LedgerLine[];
}

/** A turn that did not end cleanly, as far as it came. */
export interface BrokenTurn {
  readonly messages: readonly Message[];
  /** The text given out so far; never given out again. */
  readonly spoken: string;
  /** A tool was started, so the turn cannot be taken back. */
  readonly acted: boolean;
  /** What a call that was left unanswered is to be answered with: its result, or that there is none. */
  outputFor(callId: string): string;
}

/** The protocol side of one open thread. Calls never overlap. */
export interface Wire {
  id(): string | undefined;
  /** Makes the thread, if there is none, before the first round needs it. Absent where there is nothing to make. */
  prepare?(link: Link): Promise<void>;
  /** Streams one request; ends when the far side's answer is complete. Makes the thread first when there is none. */
  round(round: Round, link: Link): AsyncGenerator<WireEvent, void>;
  /**
   * Leaves no function call unanswered and no half reply unaccounted for. Without a turn it only mends what an earlier
   * program may have left. `held` tells whether the thread still holds the turn's messages; those it does not hold are
   * sent again with the next turn.
   */
  repair(turn: BrokenTurn | undefined, link: Link): Promise<{ readonly held: boolean }>;
  /** Gives the thread up; the next round makes a new one from what was said. Absent where there is no thread at the far side. */
  forget?(): void;
  /** Rewrites our own history to what was heard. Absent where the history is not ours: a note is sent instead. */
  correct?(correction: { readonly generated: string; readonly heard: string }): void;
  /** The thread will not be used again by this call. */
  close?(): void;
}

/** Makes wires of one protocol; one instance per program. */
export type OpenWire = (request: ThreadRequest) => Wire;
