// Call records in the memory of one process: a bounded number of the newest, gone with the process.
import type { CallRecord } from "../core/call.ts";
import type { CallStore } from "../core/stores.ts";

/** @param limit records kept at most. When full, the oldest finished record goes, or the oldest at all if none is finished. */
export function createMemoryCallStore({ limit = 1000 }: { readonly limit?: number } = {}): CallStore {
  // A record is never changed in place, only replaced: whoever holds one keeps what it was. The Map is in order of opening.
  const records = new Map<string, CallRecord>();
  const byCarrier = new Map<string, string>();

  function makeRoom(): void {
    if (records.size < limit) return;
    let victim: CallRecord | undefined;
    for (const record of records.values()) {
      victim ??= record;
      if (record.status === "completed") {
        victim = record;
        break;
      }
    }
    if (!victim) return;
    records.delete(victim.callId);
    if (byCarrier.get(victim.carrierId) === victim.callId) byCarrier.delete(victim.carrierId);
  }

  return {
    /** Opening a record that is there already changes nothing. */
    open(party, startedAt) {
      if (records.has(party.callId)) return;
      makeRoom();
      records.set(party.callId, {
        ...party,
        status: "in-progress",
        startedAt: startedAt.toISOString(),
        turns: [],
        replies: [],
        tools: [],
        timeline: [],
        usage: {},
      });
      byCarrier.set(party.carrierId, party.callId);
    },
    update(callId, change) {
      const record = records.get(callId);
      if (!record) return;
      const next = { ...record, ...change, callId };
      records.set(callId, next);
      if (next.carrierId !== record.carrierId) {
        if (byCarrier.get(record.carrierId) === callId) byCarrier.delete(record.carrierId);
        byCarrier.set(next.carrierId, callId);
      }
    },
    async get(callId) {
      return records.get(callId);
    },
    async findByCarrierId(carrierId) {
      const callId = byCarrier.get(carrierId);
      return callId === undefined ? undefined : records.get(callId);
    },
    async recent(count, before) {
      if (count <= 0) return [];
      const all = [...records.values()];
      // Ids sort by time, so that a cursor goes on working when its own record has been let go.
      const older = before === undefined ? all : all.filter(({ callId }) => callId < before);
      return older.slice(-count).toReversed();
    },
    async close() {
      records.clear();
      byCarrier.clear();
    },
  };
}
