// What one phone plays: audio drains at 8000 bytes a second from the moment it arrives, marks are due when everything before
// them has been played, and a clear throws the rest away. Arithmetic on one clock, no timers: whoever ticks asks what is due.

const BYTES_PER_MS = 8;

interface Piece {
  /** Number of the reply; -1 for audio without a header. */
  readonly reply: number;
  readonly from: number;
  readonly to: number;
}

export interface Playback {
  play(nowMs: number, bytes: number, reply: number): void;
  mark(nowMs: number, name: string): void;
  /** The name of a mark that is due, taken off; undefined when none is. */
  dueMark(nowMs: number): string | undefined;
  /** Drops what is not played; returns the marks that come back for it, and how much of it there was, ms. */
  clear(nowMs: number): { readonly marks: readonly string[]; readonly droppedMs: number };
  /** ms of this reply that were really played until now. */
  playedMs(reply: number, nowMs: number): number;
  /** ms that are still to be played. */
  leftMs(nowMs: number): number;
}

export function createPlayback(): Playback {
  let pieces: Piece[] = [];
  /** Played of pieces that are let go of, by reply. */
  const played = new Map<number, number>();
  const marks: { readonly name: string; readonly dueMs: number }[] = [];
  let endsAt = 0;

  function settle(nowMs: number): void {
    let done = 0;
    while (done < pieces.length && (pieces[done] as Piece).to <= nowMs) done++;
    if (done < 64) return;
    for (const { reply, from, to } of pieces.splice(0, done)) played.set(reply, (played.get(reply) ?? 0) + to - from);
  }

  return {
    play(nowMs, bytes, reply) {
      const from = Math.max(nowMs, endsAt);
      endsAt = from + bytes / BYTES_PER_MS;
      const last = pieces.at(-1);
      if (last && last.reply === reply && last.to === from) pieces[pieces.length - 1] = { ...last, to: endsAt };
      else pieces.push({ reply, from, to: endsAt });
      settle(nowMs);
    },
    mark(nowMs, name) {
      marks.push({ name, dueMs: Math.max(nowMs, endsAt) });
    },
    dueMark(nowMs) {
      const first = marks[0];
      return first && first.dueMs <= nowMs ? marks.shift()?.name : undefined;
    },
    clear(nowMs) {
      const droppedMs = Math.max(0, endsAt - nowMs);
      pieces = pieces.filter(({ from }) => from < nowMs).map((piece) => ({ ...piece, to: Math.min(piece.to, nowMs) }));
      endsAt = nowMs;
      return { marks: marks.splice(0).map(({ name }) => name), droppedMs };
    },
    playedMs(reply, nowMs) {
      let sum = played.get(reply) ?? 0;
      for (const piece of pieces) if (piece.reply === reply) sum += Math.max(0, Math.min(piece.to, nowMs) - piece.from);
      return sum;
    },
    leftMs: (nowMs) => Math.max(0, endsAt - nowMs),
  };
}
