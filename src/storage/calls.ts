// Call records: what is written goes into memory and, behind the caller's back, into the tables; what is read comes from memory
// for calls that run here and from the tables otherwise.
import type { CallRecord } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { StoreUnavailable, type CallStore } from "../core/stores.ts";
import { callsBefore, callsHeldBy, callsOfNumber, listCalls, readCall } from "./call-reader.ts";
import type { Written } from "./call-writer.ts";
import { rowsOf, type CallChange } from "./change.ts";
import type { Ask } from "./database.ts";
import { createResidents } from "./residents.ts";
import type { Spool } from "./spool.ts";
import { within } from "./within.ts";
import { createWriteBehind, type WriteBehind } from "./write-behind.ts";

/** What a reader waits for the database at most, ms. */
const READ_MS = 8000;

export interface CallsParts {
  /** Asks the database. */
  readonly ask: Ask;
  readonly write: (changes: readonly CallChange[]) => Promise<Written>;
  /** What changed waits so long for its batch, ms. */
  readonly gatherMs: number;
  readonly spool: Spool;
  /** Marks the events of this process. */
  readonly writer: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Calls {
  readonly store: CallStore;
  readonly writes: WriteBehind;
  pendingRows(): number;
}

export function createCalls({ ask, write, gatherMs, spool, writer, clock, log, meter }: CallsParts): Calls {
  const residents = createResidents({ writer });
  const writes = createWriteBehind<CallChange>({
    take: () => residents.take(clock.date().toISOString()),
    isDirty: residents.isDirty,
    async write(changes) {
      const { existed, unknownOrgs } = await write(changes);
      // What was written before, and is written again from the spool, is ours all the same.
      for (const callId of existed) if (!residents.isConfirmed(callId)) residents.disown(callId);
      for (const { callId, open } of changes) if (open) residents.confirm(callId);
      for (const org of unknownOrgs)
        log.warn("calls of an unknown organization are kept with the default one", { org });
      const lost = residents.makeRoom();
      if (lost > 0) meter.count("voice_store_dropped_rows_total", { cause: "memory-full" }, lost);
    },
    rowsOf,
    gatherMs,
    spool,
    clock,
    log,
    meter,
  });

  /** Asks the tables after everything written here is in them. */
  const askAfterWriting: Ask = (question) =>
    within(
      READ_MS,
      writes.flush().then(() => ask(question)),
    );

  /** A call that runs here is known here best; one that ended may have been changed by other instances since. */
  async function read(own: () => CallRecord | undefined, by: "call_id" | "carrier_id", id: string) {
    const now = own();
    if (now?.status === "in-progress") {
      if (residents.isConfirmed(now.callId)) return now;
      // It may have begun elsewhere before: the first write tells.
      await within(READ_MS, writes.flush()).catch(() => undefined);
      const then = own();
      if (then) return then;
    }
    try {
      return await askAfterWriting((db) => readCall(db, by, id));
    } catch (error) {
      if (now && error instanceof StoreUnavailable) return now;
      throw error;
    }
  }

  const store: CallStore = {
    open(party, startedAt) {
      residents.open(party, startedAt);
      writes.poke();
    },
    update(callId, change) {
      residents.update(callId, change);
      writes.poke();
    },
    release: (callId) => residents.release(callId),
    note(callId, entry) {
      residents.note(callId, entry);
      writes.poke();
    },
    get: (callId) =>
      read(() => residents.get(callId), "call_id", callId).catch((error: unknown) => {
        const released = error instanceof StoreUnavailable ? residents.released(callId) : undefined;
        if (!released) throw error;
        return released;
      }),
    findByCarrierId(carrierId) {
      const own = (): CallRecord | undefined => {
        const callId = residents.callIdOf(carrierId);
        return callId === undefined ? undefined : residents.get(callId);
      };
      return read(own, "carrier_id", carrierId);
    },
    list: (filter) => askAfterWriting((db) => listCalls(db, filter)),
    async remove(callId) {
      return askAfterWriting(async (db) => {
        residents.forget(callId);
        // What was said in a conversation over requests stands in its session as well; the two have one id.
        await db.deleteFrom("conversation_sessions").where("session_id", "=", callId).execute();
        const { numDeletedRows } = await db.deleteFrom("calls").where("call_id", "=", callId).executeTakeFirst();
        return numDeletedRows > 0n;
      });
    },
    ofNumber: (number) => askAfterWriting((db) => callsOfNumber(db, number)),
    startedBefore: (date, limit) => askAfterWriting((db) => callsBefore(db, date, limit)),
    inProgressOf: (instance) => askAfterWriting((db) => callsHeldBy(db, instance)),
    flush: writes.flush,
    async close() {
      await writes.close();
      residents.clear();
    },
  };
  return { store, writes, pendingRows: () => residents.dirtyRows() + writes.pendingRows() };
}
