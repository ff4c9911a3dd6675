// A caller's end in virtual time: plays 8 bytes a millisecond, first in first out, returns marks when they were really
// played, and a clear returns all of them at once. It knows to the byte what was heard, and when.
import type { Line, LineCloseCause, LineEvent } from "../../src/core/line.ts";
import type { MarkedAudio, Stretch } from "./marked-audio.ts";
import type { VirtualTime } from "./virtual-time.ts";

const BYTES_PER_MS = 8;

export interface FakeLineOptions {
  /** ms from us to the far end, and from there to us. A way that is told at every message delays those behind a slow one, too. */
  readonly uplinkMs?: number | (() => number);
  readonly downlinkMs?: number;
  /** False: marks never come back. */
  readonly marks?: boolean;
  /** ms from our close to `line.closed`; -1: it never comes. */
  readonly closeMs?: number;
}

export interface HeardStretch extends Stretch {
  /** Virtual ms at which its first byte was heard, and the one after its last. */
  readonly at: number;
  readonly until: number;
}

export interface LineCall {
  readonly at: number;
  readonly what: "play" | "mark" | "clear" | "close";
  readonly bytes: number;
  readonly name?: string;
}

export interface FakeLine extends Line {
  readonly calls: readonly LineCall[];
  /** What the caller heard up to now, traced to where it came from. */
  heard(): HeardStretch[];
  /** Bytes of the recordings whose name the predicate takes, that were heard up to now; what was heard twice counts once. */
  heardBytes(which: (name: string) => boolean): number;
  /** ms of audio waiting at the far end now. */
  waitingMs(): number;
  /** The most that ever waited there, ms. */
  mostWaitingMs(): number;
  /** Whether sound comes out at this moment. */
  isSounding(): boolean;
  deliver(event: LineEvent): void;
  /** The far end goes. */
  hangUp(cause?: LineCloseCause): void;
  readonly isClosed: boolean;
  /** Uses of the line that its contract forbids. */
  readonly breaches: readonly string[];
}

interface Piece {
  readonly audio: Buffer;
  readonly startsAt: number;
  /** Bytes that will be played: fewer after a clear. */
  bytes: number;
}

export function createFakeLine(time: VirtualTime, audio: MarkedAudio, options: FakeLineOptions = {}): FakeLine {
  const { uplinkMs: way = 20, downlinkMs = 20, marks = true, closeMs = 5 } = options;
  const calls: LineCall[] = [];
  const pieces: Piece[] = [];
  const breaches: string[] = [];
  const names = new Set<string>();
  let listener: ((event: LineEvent) => void) | undefined;
  const early: LineEvent[] = [];
  let arrivedAt = 0;
  let endsAt = 0;
  let most = 0;
  let closed = false;
  let waiting: { readonly name: string; readonly cancel: () => void }[] = [];

  function emit(event: LineEvent): void {
    if (closed) return;
    if (event.type === "line.closed") closed = true;
    if (listener) listener(event);
    else early.push(event);
  }

  function note(what: LineCall["what"], bytes = 0, name?: string): boolean {
    calls.push({ at: time.now(), what, bytes, ...(name !== undefined && { name }) });
    return !closed;
  }

  /** Messages arrive in the order in which they were sent. */
  function arrives(fn: () => void): void {
    arrivedAt = Math.max(arrivedAt, time.now() + (typeof way === "number" ? way : way()));
    time.after(arrivedAt - time.now(), fn);
  }

  function playedOf({ startsAt, bytes }: Piece): number {
    return Math.max(0, Math.min(bytes, Math.floor((time.now() - startsAt) * BYTES_PER_MS)));
  }

  const known: HeardStretch[] = [];
  let traced = 0;
  const isOver = (piece: Piece): boolean => playedOf(piece) >= piece.bytes;

  /** Adds what was heard of a piece. */
  function trace(piece: Piece, to: HeardStretch[]): void {
    let at = 0;
    for (const { name, from, to: end } of audio.trace(piece.audio.subarray(0, playedOf(piece)), to.at(-1))) {
      const begin = piece.startsAt + at / BYTES_PER_MS;
      at += end - from;
      const until = piece.startsAt + at / BYTES_PER_MS;
      const last = to.at(-1);
      if (last && last.name === name && last.to === from) to[to.length - 1] = { ...last, to: end, until };
      else to.push({ name, from, to: end, at: begin, until });
    }
  }

  const line: FakeLine = {
    id: "MZ-fake",
    calls,
    breaches,
    get isClosed() {
      return closed;
    },
    attach(given) {
      if (listener) breaches.push("attached twice");
      for (let next = early.shift(); next; next = early.shift()) given(next);
      listener = given;
    },
    play(payload, mark) {
      const bytes = Buffer.from(payload, "base64");
      if (bytes.length === 0) breaches.push("played nothing");
      if (bytes.toString("base64") !== payload) breaches.push(`base64 was cut badly: ${payload.slice(-8)}`);
      if (!note("play", bytes.length)) return;
      arrives(() => {
        if (closed) return;
        const startsAt = Math.max(time.now(), endsAt);
        pieces.push({ audio: bytes, startsAt, bytes: bytes.length });
        endsAt = startsAt + bytes.length / BYTES_PER_MS;
        most = Math.max(most, endsAt - time.now());
      });
      if (mark !== undefined) line.mark(mark);
    },
    mark(name) {
      if (!name || names.has(name)) breaches.push(`mark name ${name || "missing"} is not unique`);
      names.add(name);
      if (!note("mark", 0, name) || !marks) return;
      const back = (): void => void time.after(downlinkMs, () => emit({ type: "line.mark", name }));
      arrives(() => {
        const cancel = time.after(endsAt - time.now(), () => {
          waiting = waiting.filter((one) => one.name !== name);
          back();
        });
        waiting.push({ name, cancel });
      });
    },
    clear() {
      if (!note("clear")) return;
      arrives(() => {
        for (const piece of pieces) piece.bytes = playedOf(piece);
        endsAt = Math.min(endsAt, time.now());
        for (const { name, cancel } of waiting) {
          cancel();
          time.after(downlinkMs, () => emit({ type: "line.mark", name }));
        }
        waiting = [];
      });
    },
    bufferedBytes: () => 0,
    close() {
      if (!note("close")) return;
      if (closeMs >= 0) time.after(closeMs, () => line.hangUp("closed-by-us"));
    },
    heard() {
      // What has been played to its end is traced once.
      while (traced < pieces.length && isOver(pieces[traced] as Piece)) trace(pieces[traced++] as Piece, known);
      const all = known.slice();
      for (const piece of pieces.slice(traced)) trace(piece, all);
      return all;
    },
    heardBytes(which) {
      const byName = new Map<string, Stretch[]>();
      for (const stretch of line.heard())
        if (which(stretch.name)) byName.set(stretch.name, [...(byName.get(stretch.name) ?? []), stretch]);
      let total = 0;
      for (const stretches of byName.values()) {
        let reached = 0;
        for (const { from, to } of stretches.sort((one, other) => one.from - other.from)) {
          total += Math.max(0, to - Math.max(from, reached));
          reached = Math.max(reached, to);
        }
      }
      return total;
    },
    waitingMs: () => Math.max(0, endsAt - time.now()),
    mostWaitingMs: () => most,
    isSounding: () => endsAt > time.now() && pieces.some((piece) => piece.startsAt <= time.now()),
    deliver: emit,
    hangUp(cause = "hangup") {
      for (const { cancel } of waiting) cancel();
      waiting = [];
      for (const piece of pieces) piece.bytes = playedOf(piece);
      endsAt = Math.min(endsAt, time.now());
      emit({ type: "line.closed", cause });
    },
  };
  return line;
}
