// The records of calls that never came to a bridge, which would have kept them.
import type { CallParty } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { CallStore } from "../../core/stores.ts";
import type { BookEntry } from "./book.ts";

/** Why a call never came to a bridge. */
type Cause = "rejected" | "abandoned" | "internal-error";

export function createUnserved({ store, clock }: { readonly store: CallStore; readonly clock: Clock }) {
  function record(entry: BookEntry, party: CallParty, endReason: Cause): void {
    store.open(party, entry.since ?? clock.date());
    close(entry, party, endReason);
  }

  function close({ since = clock.date() }: BookEntry, party: CallParty, endReason: Cause): void {
    const endedAt = clock.date();
    store.update(party.callId, {
      status: "completed",
      endReason,
      endedAt: endedAt.toISOString(),
      durationSeconds: Math.max(0, Math.round((+endedAt - +since) / 1000)),
    });
  }

  return {
    record,
    /** A call that had a bridge keeps the record of it. */
    async recordUnlessKept(entry: BookEntry, party: CallParty, cause: Cause): Promise<void> {
      const kept = await store.get(party.callId);
      if (!kept) record(entry, party, cause);
      // That of a call that we placed is kept from its dialling on.
      else if (kept.direction === "outbound" && kept.status === "in-progress") close(entry, party, cause);
    },
  };
}
