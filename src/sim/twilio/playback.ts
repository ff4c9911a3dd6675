// What is waiting to be played to the caller, and what has been: a queue drained at 8000 bytes per second, sample exact.
// Pure bookkeeping: the time is handed in as a sample number of the call, nothing here keeps a timer or a socket.

/** More than ten minutes waiting is discarded (Twilio warning 31931). */
export const MAX_BUFFERED_SAMPLES = 10 * 60 * 8000;

/** A stretch of audio that was really played, starting at sample `at` of the call. */
export interface Played {
  at: number;
  bytes: Uint8Array;
}

/** What became of one piece of audio that was queued. */
export interface PieceOutcome {
  /** Bytes the piece had. */
  bytes: number;
  /** Sample of the call at which it was queued, and at which its first byte was (or would have been) played. */
  queuedAt: number;
  startsAt: number;
  /** Bytes of it that were really played so far. */
  played: number;
}

interface Piece {
  audio: Uint8Array;
  taken: number;
  outcome: PieceOutcome;
}

export interface Cleared {
  /** Bytes that will never be played. */
  dropped: number;
  /** Names of the marks that were waiting, in order. */
  marks: string[];
}

export class Playback {
  readonly #limit: number;
  #pieces: Piece[] = [];
  #marks: { name: string; at: number }[] = [];
  #end = 0;
  #played = 0;
  #onPlayed: (played: Played) => void;

  /** @param onPlayed Told of every stretch once it has been played, in order. */
  constructor(onPlayed: (played: Played) => void, limit = MAX_BUFFERED_SAMPLES) {
    this.#onPlayed = onPlayed;
    this.#limit = limit;
  }

  /** Bytes played since the beginning; exact for the last sample `advance` was given. */
  get played(): number {
    return this.#played;
  }

  /** Bytes still waiting at sample `now`. */
  buffered(now: number): number {
    return Math.max(0, this.#end - now);
  }

  /** Queues audio; undefined when it would not fit and is discarded whole. */
  enqueue(audio: Uint8Array, now: number): PieceOutcome | undefined {
    if (this.buffered(now) + audio.length > this.#limit) return undefined;
    const startsAt = Math.max(now, this.#end);
    const outcome = { bytes: audio.length, queuedAt: now, startsAt, played: 0 };
    this.#pieces.push({ audio, taken: 0, outcome });
    this.#end = startsAt + audio.length;
    return outcome;
  }

  /** Notes a mark behind everything queued so far; true when nothing is waiting and it is due at once. */
  mark(name: string, now: number): boolean {
    if (this.#end <= now && this.#marks.length === 0) return true;
    this.#marks.push({ name, at: Math.max(this.#end, now) });
    return false;
  }

  /** Plays up to sample `now`; returns the names of the marks that came due, in order. */
  advance(now: number): string[] {
    let done = 0;
    for (const piece of this.#pieces) {
      const from = piece.outcome.startsAt + piece.taken;
      const count = Math.min(piece.audio.length - piece.taken, now - from);
      if (count > 0) {
        this.#onPlayed({ at: from, bytes: piece.audio.subarray(piece.taken, piece.taken + count) });
        piece.taken += count;
        piece.outcome.played = piece.taken;
        this.#played += count;
      }
      if (piece.taken < piece.audio.length) break;
      done++;
    }
    if (done > 0) this.#pieces.splice(0, done);
    let due = 0;
    while (due < this.#marks.length && (this.#marks[due]?.at ?? Infinity) <= now) due++;
    return this.#marks.splice(0, due).map((mark) => mark.name);
  }

  /** Sample at which the next mark comes due, if any waits. */
  get nextMark(): number | undefined {
    return this.#marks[0]?.at;
  }

  /**
   * Drops what waits at sample `now`, except the first `tail` bytes that are already in a jitter buffer further down the
   * line and will still be heard. Call `advance(now)` first: what is played stays played.
   */
  clear(now: number, tail = 0): Cleared {
    const cut = now + tail;
    const dropped = Math.max(0, this.#end - Math.max(cut, now));
    this.#pieces = this.#pieces.flatMap((piece) => {
      const keep = Math.min(piece.audio.length, cut - piece.outcome.startsAt);
      return keep > piece.taken ? [{ ...piece, audio: piece.audio.subarray(0, keep) }] : [];
    });
    this.#end = Math.min(this.#end, Math.max(cut, now));
    const marks = this.#marks.map((mark) => mark.name);
    this.#marks = [];
    return { dropped, marks };
  }
}
