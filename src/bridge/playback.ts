// What the caller's end has been sent, has acknowledged and has dropped: a pure ledger in bytes of mu-law (8 bytes = 1 ms).
// One ledger lives for one generation, that is, until the line is cleared. It knows positions, not words.

export const BYTES_PER_MS = 8;

export interface PendingMark {
  readonly name: string;
  /** Position in the generation: everything before it was played when the mark comes back. */
  readonly at: number;
}

export interface Playback {
  /** Part of every mark's name: marks of an older generation were returned by a clear and prove nothing. */
  readonly generation: number;
  readonly sent: number;
  readonly acked: number;
  /** The playhead was here ... */
  readonly anchor: number;
  /** ... at this monotonic ms. */
  readonly anchorAt: number;
  readonly pending: readonly PendingMark[];
  /** Position of the newest mark. */
  readonly marked: number;
  readonly marks: number;
}

export function newPlayback(generation: number, now: number): Playback {
  return { generation, sent: 0, acked: 0, anchor: 0, anchorAt: now, pending: [], marked: 0, marks: 0 };
}

/**
 * The position being played now: the last proven position plus the time since, never beyond the next unreturned mark.
 * Counting bytes sent instead would claim words nobody heard, because a model speaks faster than real time.
 */
export function playhead(ledger: Playback, now: number): number {
  const limit = ledger.pending[0]?.at ?? ledger.sent;
  const guess = ledger.anchor + Math.max(0, now - ledger.anchorAt) * BYTES_PER_MS;
  return Math.max(ledger.acked, Math.min(limit, Math.floor(guess)));
}

export function unplayed(ledger: Playback, now: number): number {
  return ledger.sent - playhead(ledger, now);
}

export function recordSent(ledger: Playback, bytes: number, now: number): Playback {
  // An empty far end starts to play at once: the clock of this stretch begins here.
  const idle = playhead(ledger, now) >= ledger.sent;
  // Written out, because this is done for every piece of audio and spreading takes several times as long.
  return {
    generation: ledger.generation,
    sent: ledger.sent + bytes,
    acked: ledger.acked,
    anchor: idle ? ledger.sent : ledger.anchor,
    anchorAt: idle ? now : ledger.anchorAt,
    pending: ledger.pending,
    marked: ledger.marked,
    marks: ledger.marks,
  };
}

/** Bytes sent since the newest mark. */
export function unmarked(ledger: Playback): number {
  return ledger.sent - ledger.marked;
}

export function recordMark(ledger: Playback): Playback {
  const name = `g${ledger.generation}:m${ledger.marks}`;
  return {
    ...ledger,
    marks: ledger.marks + 1,
    marked: ledger.sent,
    pending: [...ledger.pending, { name, at: ledger.sent }],
  };
}

/** A mark that is not pending (an old generation's, a repeated one) changes nothing. */
export function recordAck(ledger: Playback, name: string, now: number): Playback {
  const index = ledger.pending.findIndex((mark) => mark.name === name);
  const mark = ledger.pending[index];
  if (!mark) return ledger;
  return {
    ...ledger,
    acked: mark.at,
    anchor: mark.at,
    anchorAt: now,
    pending: ledger.pending.slice(index + 1),
  };
}
