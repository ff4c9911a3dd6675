// The sending side of the line: audio goes out as it comes, a bounded stretch ahead of the caller's ear, with a mark about
// every 200 ms, and the ledger tells at every moment what was heard. It knows pieces, not utterances.
import type { Clock } from "../core/clock.ts";
import type { Line } from "../core/line.ts";
import { sentenceStart } from "./heard-text.ts";
import {
  BYTES_PER_MS,
  isPlayedOut,
  newPlayback,
  playhead,
  recordAck,
  recordMark,
  recordPlayed,
  recordSent,
  unmarked,
  unplayed,
  type Playback,
} from "./playback.ts";
import { heardOf, isHeard, wholeOf, type Piece } from "./utterance.ts";

/** A far end holds minutes, but what it holds it would play on after our death; more than this waits here instead. */
const AHEAD_BYTES = 20_000 * BYTES_PER_MS;
const MARK_EVERY_BYTES = 200 * BYTES_PER_MS;
/** Audio is kept this long behind the ear, so that a sentence can be taken up again. */
const KEEP_BYTES = 15_000 * BYTES_PER_MS;
/** A far end that never returns marks must not hold the call up. */
const ACK_GRACE_MS = 2000;

export interface PlayoutParts {
  readonly line: Line;
  readonly clock: Clock;
  /** Runs in the call's mailbox; returns the cancel. */
  readonly after: (ms: number, fn: () => void) => () => void;
  /** Marks were given up on: whoever waits for them should look again. */
  readonly onGiveUp: () => void;
}

export type Playout = ReturnType<typeof createPlayout>;

export function createPlayout({ line, clock, after, onGiveUp }: PlayoutParts) {
  let ledger: Playback = newPlayback(1, clock.now());
  let held = false;
  let cancelWatch: (() => void) | undefined;

  const head = (): number => playhead(ledger, clock.now());

  /** Sends what the piece has; true when it is sent to its end and complete. */
  function send(piece: Piece): boolean {
    if (held) return false;
    for (let slice = piece.tape.read(piece.position); slice; slice = piece.tape.read(piece.position))
      if (!play(piece, slice.payload, slice.at, slice.bytes)) return false;
    return piece.complete;
  }

  /** False when the far end has enough for now. `at`: where in the piece it begins. */
  function play(piece: Piece, payload: string, at: number, bytes: number): boolean {
    const now = clock.now();
    if (unplayed(ledger, now) > AHEAD_BYTES) {
      watch();
      return false;
    }
    // A stretch ends with its generation, and where something else was put in between while nothing was playing.
    if (piece.generation !== ledger.generation || piece.at + at - piece.base !== ledger.sent) {
      piece.heardBefore = heardOf(piece, ledger.generation, playhead(ledger, now));
      piece.generation = ledger.generation;
      piece.base = at;
      piece.at = ledger.sent;
    }
    ledger = recordSent(ledger, bytes, now);
    piece.position = at + bytes;
    if (piece.position > piece.sent) piece.sent = piece.position;
    const isMarked = unmarked(ledger) >= MARK_EVERY_BYTES;
    if (isMarked) ledger = recordMark(ledger);
    line.play(payload, isMarked ? ledger.pending.at(-1)?.name : undefined, piece.utterance);
    return true;
  }

  function mark(): void {
    ledger = recordMark(ledger);
    line.mark(ledger.pending.at(-1)?.name ?? "");
  }

  /** Everything there was to send is sent: the last stretch gets its mark. */
  function endStretch(): void {
    if (unmarked(ledger) > 0) mark();
    watch();
  }

  /** Looks after the marks once, not at every frame. */
  function watch(): void {
    if (cancelWatch || ledger.pending.length === 0) return;
    const acked = ledger.acked;
    cancelWatch = after(unplayed(ledger, clock.now()) / BYTES_PER_MS + ACK_GRACE_MS, () => {
      cancelWatch = undefined;
      if (ledger.acked > acked) return watch();
      ledger = recordPlayed(ledger);
      onGiveUp();
    });
  }

  function unwatch(): void {
    cancelWatch?.();
    cancelWatch = undefined;
  }

  /** Clears the line; what of these pieces was heard is kept in them. */
  function drop(pieces: readonly Piece[]): void {
    unwatch();
    const now = clock.now();
    const at = playhead(ledger, now);
    for (const piece of pieces) {
      piece.heardBefore = heardOf(piece, ledger.generation, at);
      if (piece.generation === ledger.generation) piece.position = Math.max(piece.heardBefore, piece.base);
    }
    // By proof, not by guess: what may still be on its way is not to be heard either.
    if (ledger.sent > ledger.acked) line.clear();
    ledger = newPlayback(ledger.generation + 1, now, ledger.lagMs);
  }

  return {
    send,
    /** The next audio of a piece that was sent so far: the way of nearly all of it, past the tape. */
    pass(piece: Piece, payload: string, bytes: number): void {
      if (!held && bytes > 0) play(piece, payload, piece.position, bytes);
    },
    endStretch,
    head,
    generation: () => ledger.generation,
    isHeld: () => held,
    isPlaying: () => unplayed(ledger, clock.now()) > 0,
    /** ms of audio at the far end that were not heard yet. */
    unplayedMs: () => unplayed(ledger, clock.now()) / BYTES_PER_MS,
    /** The moment (monotonic ms, past or coming) at which all that was sent has been played. */
    quietFrom: () => ledger.anchorAt + (ledger.sent - ledger.anchor) / BYTES_PER_MS,
    /** True when the mark was one that was waited for. */
    ack(name: string): boolean {
      const before = ledger;
      ledger = recordAck(ledger, name, clock.now());
      return ledger !== before;
    },
    /** Takes what was played by the clock for heard, its last mark being on its way. False when there is nothing of that kind. */
    concludePlayed(): boolean {
      if (ledger.pending.length === 0 || !isPlayedOut(ledger, clock.now())) return false;
      unwatch();
      ledger = recordPlayed(ledger);
      return true;
    },
    /** Lets go of audio far behind the ear. */
    forgetBehind(pieces: readonly Piece[]): void {
      for (const piece of pieces) {
        const heard = heardOf(piece, ledger.generation, ledger.acked);
        if (heard === 0 && piece.tape.length > 0) return;
        piece.tape.forget(isHeard(piece, ledger.generation, ledger.acked) ? heard : heard - KEEP_BYTES);
      }
    },
    /** Heard to its end, by proof and not by guess. */
    isProven: (piece: Piece): boolean => isHeard(piece, ledger.generation, ledger.acked),
    /** Clears the line and stops sending, until `release` or `drop`. */
    hold(pieces: readonly Piece[]): void {
      if (held) return;
      drop(pieces);
      held = true;
    },
    /** Sending may go on; the piece that was cut begins again at the sentence the caller lost. */
    release(pieces: readonly Piece[]): void {
      held = false;
      const piece = pieces.find((one) => one.position > 0 && !isHeard(one, ledger.generation, 0));
      if (piece) piece.position = Math.max(piece.tape.begin, sentenceStart(wholeOf(piece), piece.position));
    },
    /** Clears the line for good. */
    drop(pieces: readonly Piece[]): void {
      if (!held) drop(pieces);
      held = false;
    },
  };
}
