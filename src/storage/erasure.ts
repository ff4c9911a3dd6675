// Taking calls away with everything that belongs to them: rows, what waits on disk to be written, and recordings. By call, by
// number, and by age.
import { unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import type { CallRecord } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { CallStore, CustomerStore } from "../core/stores.ts";

/** Calls taken away between two breaths of the event loop. */
const BATCH = 50;
const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface ErasureParts {
  readonly calls: CallStore;
  readonly customers: Pick<CustomerStore, "forgetSessions">;
  /** What else knows of the caller of a call that is taken away by hand. */
  readonly forget?: (call: Pick<CallRecord, "orgId" | "from">) => Promise<void>;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export type Erasure = ReturnType<typeof createErasure>;

export function createErasure({ calls, customers, forget, dataDir, clock, log }: ErasureParts) {
  /** Where the recording of a call is, when it has one. A record's name never leads out of the folder. */
  function recordingOf({ recording }: Pick<CallRecord, "recording">): string | undefined {
    return recording && join(dataDir, "recordings", basename(recording.file));
  }

  async function removeFound(one: Pick<CallRecord, "callId" | "recording">): Promise<boolean> {
    const file = recordingOf(one);
    // The sound first: a record whose sound is gone can be removed again, a sound without a record is found by nobody.
    if (file !== undefined)
      await unlink(file).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    return calls.remove(one.callId);
  }

  async function removeBefore(date: Date, signal?: AbortSignal): Promise<number> {
    let removed = 0;
    for (;;) {
      const old = await calls.startedBefore(date, BATCH);
      let gone = 0;
      for (const one of old) if (await removeFound(one)) gone++;
      removed += gone;
      if (gone === 0 || signal?.aborted) return removed;
    }
  }

  return {
    recordingOf,
    /** Everything of a call. False when there is none. */
    async removeCall(callId: string): Promise<boolean> {
      const found = await calls.get(callId);
      if (found === undefined) return false;
      await forget?.(found);
      return removeFound(found);
    },
    /** Everything of every call with this number. Returns how many there were. */
    async removeNumber(number: string): Promise<number> {
      let removed = 0;
      for (const one of await calls.ofNumber(number)) if (await removeFound(one)) removed++;
      return removed;
    },
    /** Whole records, one at a time, newest first, each with the path of its recording. */
    async *exportNumber(number: string): AsyncGenerator<{ record: CallRecord; recording?: string }> {
      for (const { callId } of await calls.ofNumber(number)) {
        const record = await calls.get(callId);
        const recording = record && recordingOf(record);
        if (record) yield { record, ...(recording !== undefined && { recording }) };
      }
    },
    removeBefore,
    /** Takes away what is older, now and every hour. Returns the end of it. */
    keepDays(days: number): () => void {
      if (days <= 0) return () => undefined;
      const over = new AbortController();
      let cancel = (): void => undefined;
      async function once(): Promise<void> {
        try {
          const before = new Date(+clock.date() - days * DAY_MS);
          const removed = await removeBefore(before, over.signal);
          if (!over.signal.aborted) await customers.forgetSessions(before);
          if (removed > 0) log.info("old calls were removed", { removed, days });
        } catch (error) {
          log.warn("old calls could not be removed now", { error: error instanceof Error ? error.name : "unknown" });
        }
        if (!over.signal.aborted) cancel = clock.after(EVERY_MS, () => void once());
      }
      void once();
      return () => {
        over.abort();
        cancel();
      };
    },
  };
}
