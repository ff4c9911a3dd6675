// The sending side of the line: audio goes out as it comes, a bounded stretch ahead of the caller's ear, with a mark about
// every 200 ms, and the ledger tells at every moment what was heard. It knows pieces, not utterances.
import type { Clock } from "../core/clock.ts";
import type { Line } from "../core/line.ts";
import type { AudioWay } from "../core/voice.ts";
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
import { WHOLE_BYTES } from "./tape.ts";
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

export type Playout = Sending;

export function createPlayout(parts: PlayoutParts): Playout {
  return new Sending(parts);
}

// A class, like the tape and for the same reason: every piece of the agent's audio comes by here.
class Sending {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #parts: PlayoutParts;
  #ledger: Playback;
  #held = false;
  /** The piece being sent. */
  #piece: Piece | undefined;
  #cancelWatch: (() => void) | undefined;

  constructor(parts: PlayoutParts) {
    this.#parts = parts;
    this.#line = parts.line;
    this.#clock = parts.clock;
    this.#ledger = newPlayback(1, parts.clock.now());
  }

  /** Sends what the piece has; true when it is sent to its end and complete. */
  send(piece: Piece): boolean {
    this.#piece = piece;
    if (this.#held) return false;
    for (let slice = piece.tape.read(piece.position); slice; slice = piece.tape.read(piece.position))
      if (!this.#play(piece, slice.payload, slice.at, slice.bytes)) return false;
    return piece.complete;
  }

  /**
   * Takes new audio of the piece that is being sent and was sent so far: it goes on as it came, and nothing else needs looking
   * at. Nearly all audio does. False where that is not so: it is to be put on the tape, and sent in its turn.
   */
  pass(piece: Piece, payload: string): boolean {
    if (piece !== this.#piece || piece.complete || piece.position === 0 || piece.position !== piece.tape.length)
      return false;
    const bytes = piece.tape.append(payload);
    if (bytes > WHOLE_BYTES) this.send(piece);
    else if (!this.#held && bytes > 0) this.#play(piece, payload, piece.position, bytes);
    return true;
  }

  /** For what follows of this piece, until `pass` refuses. */
  wayFor(piece: Piece): AudioWay | undefined {
    return piece === this.#piece ? new Passing(this, piece) : undefined;
  }

  /** False when the far end has enough for now. `at`: where in the piece it begins. */
  #play(piece: Piece, payload: string, at: number, bytes: number): boolean {
    const now = this.#clock.now();
    const before = this.#ledger;
    if (unplayed(before, now) > AHEAD_BYTES) {
      this.#watch();
      return false;
    }
    // A stretch ends with its generation, and where something else was put in between while nothing was playing.
    if (piece.generation !== before.generation || piece.at + at - piece.base !== before.sent) {
      piece.heardBefore = heardOf(piece, before.generation, playhead(before, now));
      piece.generation = before.generation;
      piece.base = at;
      piece.at = before.sent;
    }
    const ledger = recordSent(before, bytes, now);
    piece.position = at + bytes;
    if (piece.position > piece.sent) piece.sent = piece.position;
    const isMarked = unmarked(ledger) >= MARK_EVERY_BYTES;
    this.#ledger = isMarked ? recordMark(ledger) : ledger;
    this.#line.play(payload, isMarked ? this.#ledger.pending.at(-1)?.name : undefined, piece.utterance);
    return true;
  }

  /** Everything there was to send is sent: the last stretch gets its mark. */
  endStretch(): void {
    if (unmarked(this.#ledger) > 0) {
      this.#ledger = recordMark(this.#ledger);
      this.#line.mark(this.#ledger.pending.at(-1)?.name ?? "");
    }
    this.#watch();
  }

  /** Looks after the marks once, not at every frame. */
  #watch(): void {
    if (this.#cancelWatch || this.#ledger.pending.length === 0) return;
    const acked = this.#ledger.acked;
    this.#cancelWatch = this.#parts.after(this.unplayedMs() + ACK_GRACE_MS, () => {
      this.#cancelWatch = undefined;
      if (this.#ledger.acked > acked) return this.#watch();
      this.#ledger = recordPlayed(this.#ledger);
      this.#parts.onGiveUp();
    });
  }

  #unwatch(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
  }

  /** Clears the line; what of these pieces was heard is kept in them. */
  #clear(pieces: readonly Piece[]): void {
    this.#unwatch();
    const now = this.#clock.now();
    const ledger = this.#ledger;
    const at = playhead(ledger, now);
    for (const piece of pieces) {
      piece.heardBefore = heardOf(piece, ledger.generation, at);
      if (piece.generation === ledger.generation) piece.position = Math.max(piece.heardBefore, piece.base);
    }
    // By proof, not by guess: what may still be on its way is not to be heard either.
    if (ledger.sent > ledger.acked) this.#line.clear();
    this.#ledger = newPlayback(ledger.generation + 1, now, ledger.lagMs);
  }

  head(): number {
    return playhead(this.#ledger, this.#clock.now());
  }

  generation(): number {
    return this.#ledger.generation;
  }

  isHeld(): boolean {
    return this.#held;
  }

  isPlaying(): boolean {
    return unplayed(this.#ledger, this.#clock.now()) > 0;
  }

  /** ms of audio at the far end that were not heard yet. */
  unplayedMs(): number {
    return unplayed(this.#ledger, this.#clock.now()) / BYTES_PER_MS;
  }

  /** The moment (monotonic ms, past or coming) at which all that was sent has been played. */
  quietFrom(): number {
    return this.#ledger.anchorAt + (this.#ledger.sent - this.#ledger.anchor) / BYTES_PER_MS;
  }

  /** True when the mark was one that was waited for. */
  ack(name: string): boolean {
    const before = this.#ledger;
    this.#ledger = recordAck(before, name, this.#clock.now());
    return this.#ledger !== before;
  }

  /** Takes what was played by the clock for heard, its last mark being on its way. False when there is nothing of that kind. */
  concludePlayed(): boolean {
    if (this.#ledger.pending.length === 0 || !isPlayedOut(this.#ledger, this.#clock.now())) return false;
    this.#unwatch();
    this.#ledger = recordPlayed(this.#ledger);
    return true;
  }

  /** Lets go of audio far behind the ear. */
  forgetBehind(pieces: readonly Piece[]): void {
    const { generation, acked } = this.#ledger;
    for (const piece of pieces) {
      const heard = heardOf(piece, generation, acked);
      if (heard === 0 && piece.tape.length > 0) return;
      piece.tape.forget(isHeard(piece, generation, acked) ? heard : heard - KEEP_BYTES);
    }
  }

  /** Heard to its end, by proof and not by guess. */
  isProven(piece: Piece): boolean {
    return isHeard(piece, this.#ledger.generation, this.#ledger.acked);
  }

  /** Clears the line and stops sending, until `release` or `drop`. */
  hold(pieces: readonly Piece[]): void {
    if (this.#held) return;
    this.#clear(pieces);
    this.#held = true;
  }

  /** Sending may go on; the piece that was cut begins again at the sentence the caller lost. */
  release(pieces: readonly Piece[]): void {
    this.#held = false;
    const piece = pieces.find((one) => one.position > 0 && !isHeard(one, this.#ledger.generation, 0));
    if (piece) piece.position = Math.max(piece.tape.begin, sentenceStart(wholeOf(piece), piece.position));
  }

  /** Clears the line for good. */
  drop(pieces: readonly Piece[]): void {
    if (!this.#held) this.#clear(pieces);
    this.#held = false;
    this.#piece = undefined;
  }
}

class Passing implements AudioWay {
  readonly #playout: Playout;
  readonly #piece: Piece;

  constructor(playout: Playout, piece: Piece) {
    this.#playout = playout;
    this.#piece = piece;
  }

  take(payload: string): boolean {
    return this.#playout.pass(this.#piece, payload);
  }
}
