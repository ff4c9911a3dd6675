// What this process remembers of the carrier's calls, so that a request that comes twice, late or out of order does nothing twice.
// Bounded; what must outlive the process or be known to another one is in State.
import type { CallParty } from "../../core/call.ts";

export interface BookEntry {
  readonly carrierId: string;
  /** Set when this process took the call (or refused it for want of room). */
  party?: CallParty;
  /** When it asked for an answer first. */
  since?: Date;
  /** Monotonic ms: when it was told to open a stream. */
  offeredAt?: number;
  refused: boolean;
  /** Its slot is reserved and no stream has claimed it yet. */
  holdsSlot: boolean;
  /** Its stream had a good token. */
  streamed: boolean;
  /** The rank of the furthest status heard of. */
  rank: number;
  /** How often the TwiML of the reconnection at hand was given out; 0 when there is none. */
  reconnects: number;
  /** What is to be done once for this call, and was. */
  readonly done: Set<string>;
  /** The one timer of a call that waits for its stream. */
  cancelTimer: () => void;
}

export interface Book {
  find(carrierId: string): BookEntry | undefined;
  /** The entry of this call, made when there is none. */
  entry(carrierId: string): BookEntry;
  /** True the first time it is asked about `what` for this call. */
  firstTime(carrierId: string, what: string): boolean;
  /** Cancels every timer. Idempotent. */
  close(): void;
}

/** @param limit entries kept at most; beyond it the oldest one goes. */
export function createBook(limit = 20_000): Book {
  const entries = new Map<string, BookEntry>();

  function entry(carrierId: string): BookEntry {
    const found = entries.get(carrierId);
    if (found) return found;
    const [oldest] = entries.size >= limit ? entries.values() : [];
    if (oldest) {
      oldest.cancelTimer();
      entries.delete(oldest.carrierId);
    }
    const made: BookEntry = {
      carrierId,
      refused: false,
      holdsSlot: false,
      streamed: false,
      rank: -1,
      reconnects: 0,
      done: new Set(),
      cancelTimer: () => undefined,
    };
    entries.set(carrierId, made);
    return made;
  }

  return {
    find: (carrierId) => entries.get(carrierId),
    entry,
    firstTime(carrierId, what) {
      const { done } = entry(carrierId);
      if (done.has(what)) return false;
      done.add(what);
      return true;
    },
    close() {
      for (const { cancelTimer } of entries.values()) cancelTimer();
      entries.clear();
    },
  };
}
