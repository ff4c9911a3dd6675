// Call records in the memory of one process, for tests of other parts and experiments: a bounded number of the newest, gone with the
// process. A server keeps its records through calls.ts.
import type { CallRecord, CallSummary, TimelineEntry } from "../core/call.ts";
import type { CallFilter, CallStore } from "../core/stores.ts";
import { isFound, wantedBy } from "./call-words.ts";
import { merged } from "./change.ts";

/** Entries of one call's time line; a call of an hour has some hundreds. */
const LONGEST_TIMELINE = 5000;

/** @param limit records kept at most. When full, the oldest finished record goes, or the oldest at all if none is finished. */
export function createMemoryCallStore({ limit = 1000 }: { readonly limit?: number } = {}): CallStore {
  // A record is never changed in place, only replaced: whoever holds one keeps what it was. The Map is in order of opening.
  const records = new Map<string, CallRecord>();
  const byCarrier = new Map<string, string>();
  /** Apart from the records, because it grows entry by entry. */
  const timelines = new Map<string, TimelineEntry[]>();

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
    if (victim) forget(victim.callId);
  }

  function forget(callId: string): boolean {
    const record = records.get(callId);
    if (!record) return false;
    records.delete(callId);
    timelines.delete(callId);
    if (byCarrier.get(record.carrierId) === callId) byCarrier.delete(record.carrierId);
    return true;
  }

  function whole(record: CallRecord): CallRecord {
    return { ...record, timeline: [...(timelines.get(record.callId) ?? [])] };
  }

  return {
    /** Opening a record that is there already changes nothing. */
    open(party, startedAt) {
      if (records.has(party.callId)) return;
      makeRoom();
      records.set(party.callId, {
        ...party,
        status: "in-progress",
        phase: "greeting",
        escalations: [],
        flags: [],
        startedAt: startedAt.toISOString(),
        turns: [],
        replies: [],
        tools: [],
        timeline: [],
        usage: {},
      });
      timelines.set(party.callId, []);
      byCarrier.set(party.carrierId, party.callId);
    },
    release() {},
    note(callId, entry) {
      const timeline = timelines.get(callId);
      if (timeline && timeline.length < LONGEST_TIMELINE) timeline.push(entry);
    },
    update(callId, change) {
      const record = records.get(callId);
      if (!record) return;
      const next = { ...merged(record, change), callId };
      records.set(callId, next);
      if (next.carrierId !== record.carrierId) {
        if (byCarrier.get(record.carrierId) === callId) byCarrier.delete(record.carrierId);
        byCarrier.set(next.carrierId, callId);
      }
    },
    async get(callId) {
      const record = records.get(callId);
      return record && whole(record);
    },
    async findByCarrierId(carrierId) {
      const callId = byCarrier.get(carrierId);
      return callId === undefined ? undefined : this.get(callId);
    },
    async list(filter) {
      const found = [...records.values()].filter((record) => fits(record, filter));
      return found.toReversed().slice(0, Math.max(0, filter.limit)).map(summary);
    },
    async remove(callId) {
      return forget(callId);
    },
    async ofNumber(number) {
      return [...records.values()]
        .filter(({ from, to }) => from === number || to === number)
        .toReversed()
        .map(summary);
    },
    async startedBefore(date, count) {
      return [...records.values()]
        .filter(({ startedAt }) => Date.parse(startedAt) < +date)
        .slice(0, count)
        .map(summary);
    },
    async inProgressOf(instance) {
      return [...records.values()]
        .filter((record) => record.status === "in-progress" && record.instance === instance)
        .map(summary);
    },
    async flush() {},
    async close() {
      records.clear();
      timelines.clear();
      byCarrier.clear();
    },
  };
}

function summary({ turns, replies: _replies, tools: _tools, timeline: _timeline, ...rest }: CallRecord): CallSummary {
  return { ...rest, turnCount: turns.length };
}

function fits(record: CallRecord, { before, orgId, status, phase, escalated, from, to, text }: CallFilter): boolean {
  const startedAt = Date.parse(record.startedAt);
  return (
    // Ids sort by time, so that a cursor goes on working when its own record has been let go.
    (before === undefined || record.callId < before) &&
    (orgId === undefined || record.orgId === orgId) &&
    (status === undefined || record.status === status) &&
    (phase === undefined || record.phase === phase) &&
    (escalated === undefined || record.escalations.length > 0 === escalated) &&
    (from === undefined || startedAt >= +from) &&
    (to === undefined || startedAt < +to) &&
    (text === undefined || contains(record, text))
  );
}

function contains({ callId, carrierId, from, to, turns, replies }: CallRecord, text: string): boolean {
  const said = [...turns.map(({ text }) => text), ...replies.map(({ heard }) => heard)];
  return isFound(wantedBy(text), [callId, carrierId], [from, to], said);
}
