// Taking calls away with everything that belongs to them: rows, what waits on disk to be written, and recordings. One by one, and by
// age.
import type { CallRecord, RecordingRecord } from "../core/call.ts";
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
  /** Wherever it lies; there may be none any more. */
  readonly removeSound: (recording: RecordingRecord) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export type Erasure = ReturnType<typeof createErasure>;

export function createErasure({ calls, customers, forget, removeSound, clock, log }: ErasureParts) {
  async function removeFound(one: Pick<CallRecord, "callId" | "recording">): Promise<boolean> {
    // The sound first: a record whose sound is gone can be removed again, a sound without a record is found by nobody.
    if (one.recording) await removeSound(one.recording);
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
    /** Everything of a call. False when there is none. */
    async removeCall(callId: string): Promise<boolean> {
      const found = await calls.get(callId);
      if (found === undefined) return false;
      await forget?.(found);
      return removeFound(found);
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
