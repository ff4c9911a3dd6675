// What the caller's end has been sent, has acknowledged and has dropped: a pure ledger in bytes of mu-law (8 bytes = 1 ms).
// One ledger lives for one generation, that is, until the line is cleared. It knows positions, not words.

export const BYTES_PER_MS = 8;

export interface PendingMark {
  readonly name: string;
  /** Position in the generation: everything before it was played when the mark comes back. */
  readonly at: number;
  /** Monotonic ms at which it would be reached if the way to the far end took no time. */
  readonly due: number;
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
  /** Monotonic ms at which all that was sent would have been played if the way to the far end took no time. */
  readonly endsAt: number;
  /** How long after it was due the newest mark came back: the way there and back, ms. */
  readonly lagMs: number | undefined;
}

/** Marks that come back with more delay than this, ms, tell too little of when a sound was heard. */
const MOST_LAG_MS = 400;
/** A mark that is this much later than the one before it, ms, may be waiting behind sound that was not played yet. */
const JITTER_MS = 100;

/** `lagMs`: as it was known of the generation before. */
export function newPlayback(generation: number, now: number, lagMs?: number): Playback {
  const nothing = { sent: 0, acked: 0, anchor: 0, marked: 0, marks: 0 };
  return { generation, ...nothing, anchorAt: now, pending: [], endsAt: now, lagMs };
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
    endsAt: Math.max(ledger.endsAt, now) + bytes / BYTES_PER_MS,
    lagMs: ledger.lagMs,
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
    pending: [...ledger.pending, { name, at: ledger.sent, due: ledger.endsAt }],
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
    lagMs: now - mark.due,
  };
}

/**
 * All of it was played, by the clock, and only the last marks are on their way: half of the usual way there and back has passed
 * since it was due, and no mark is late. With the line left alone the rest, if there is one, is heard all the same: it is at
 * most half of that way, or the jitter. A network that is slower than it was is not believed.
 */
export function isPlayedOut({ pending, marked, sent, endsAt, lagMs }: Playback, now: number): boolean {
  const next = pending[0];
  if (!next) return marked === sent;
  if (marked < sent || lagMs === undefined || lagMs > MOST_LAG_MS) return false;
  return now >= endsAt + lagMs / 2 && now <= next.due + lagMs + JITTER_MS;
}

/** All that was sent is taken for played; marks that still come back change nothing. */
export function recordPlayed(ledger: Playback): Playback {
  return { ...ledger, acked: ledger.sent, anchor: ledger.sent, pending: [] };
}
