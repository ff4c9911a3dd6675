// The calls this process works on, whole and in memory, and what changed in them since it was last taken to be written. Nothing
// here waits or writes. Finished calls stay for a while, because webhooks still ask for them.
import type { CallParty, CallRecord, TimelineEntry } from "../core/call.ts";
import { merged, rowsOf, type CallChange, type CallFields, type ListChange } from "./change.ts";

/** Entries of one call's time line; a call of an hour has some hundreds. */
const LONGEST_TIMELINE = 5000;
/** Calls that are finished and written, kept for those who ask soon after. */
const FINISHED_KEPT = 200;

const LISTS = ["turns", "replies", "escalations"] as const;
type ListName = (typeof LISTS)[number];

interface Resident {
  readonly callId: string;
  /** The record, or where it is not ours, what this process said of it. */
  record: Partial<CallRecord>;
  /** Present when the record is ours: it began here. */
  readonly opened?: CallParty & { readonly startedAt: string };
  /** The record began elsewhere, or was not all ours after all: what is known of it stands in the database. */
  foreign: boolean;
  /** It was ours until others were let at it. */
  released: boolean;
  readonly timeline: TimelineEntry[];
  /** Entries of the time line that were taken. */
  noted: number;
  isNew: boolean;
  /** The database has it, and from us. */
  confirmed: boolean;
  changed: Set<keyof CallRecord>;
  /** The lists as they were taken last. */
  readonly taken: { [Name in ListName]?: readonly unknown[] };
}

export type Residents = ReturnType<typeof createResidents>;

/** @param limit calls kept at most; beyond it finished ones go first, then the oldest. */
export function createResidents({
  writer,
  limit = 12_000,
}: {
  /** Marks the events of this process. */
  readonly writer: string;
  readonly limit?: number;
}) {
  // A record is never changed in place, only replaced: whoever holds one keeps what it was. The Map is in order of arrival.
  const calls = new Map<string, Resident>();
  const byCarrier = new Map<string, string>();
  const dirty = new Set<Resident>();
  let seq = 0;

  function enter(callId: string, opened?: Resident["opened"]): Resident {
    const one: Resident = {
      callId,
      record: {},
      foreign: !opened,
      released: false,
      timeline: [],
      noted: 0,
      isNew: opened !== undefined,
      confirmed: false,
      changed: new Set(),
      taken: {},
      ...(opened && { opened }),
    };
    calls.set(callId, one);
    return one;
  }

  function drop(one: Resident): void {
    calls.delete(one.callId);
    dirty.delete(one);
    const { carrierId } = one.record;
    if (carrierId !== undefined && byCarrier.get(carrierId) === one.callId) byCarrier.delete(carrierId);
  }

  /** Lets go of what need not be here; returns rows that are lost by it, which only happens when nothing could be written for long. */
  function makeRoom(): number {
    let finished = 0;
    for (const one of calls.values()) if (isFinished(one)) finished++;
    for (const one of calls.values()) {
      if (finished <= FINISHED_KEPT && calls.size <= limit) break;
      if (dirty.has(one) || !(isFinished(one) || one.foreign)) continue;
      if (isFinished(one)) finished--;
      drop(one);
    }
    let lost = 0;
    for (const one of calls.values()) {
      if (calls.size <= limit) break;
      lost += rowsOf(peek(one));
      drop(one);
    }
    return lost;
  }

  const isFinished = (one: Resident): boolean => one.record.status === "completed";

  function peek(one: Resident, at = ""): CallChange {
    const { callId, record, opened, changed } = one;
    const set = fieldsOf(record, changed);
    const lists: Record<string, ListChange<unknown>> = {};
    for (const name of LISTS) {
      const list = record[name];
      if (changed.has(name) && list) lists[name] = difference(one.taken[name], list, one.foreign);
    }
    const entries = one.timeline.slice(one.noted);
    return {
      callId,
      at,
      ...(one.isNew && opened && { open: opened }),
      ...(Object.keys(set).length > 0 && { set }),
      ...lists,
      ...(changed.has("intake") && record.intake && { intake: record.intake }),
      ...(entries.length > 0 && { events: entries.map((entry, i) => [writer, seq + i, entry] as const) }),
    };
  }

  function markTaken(one: Resident): void {
    seq += one.timeline.length - one.noted;
    one.noted = one.timeline.length;
    for (const name of LISTS) if (one.record[name]) one.taken[name] = one.record[name];
    one.changed = new Set();
    one.isNew = false;
    dirty.delete(one);
    // Of a foreign call nothing is known here that the database will not know better.
    if (one.foreign && !one.opened) drop(one);
  }

  return {
    open(party: CallParty, startedAt: Date): void {
      const { callId, carrierId, from, to, channel, direction, orgId, attested } = party;
      if (calls.has(callId)) return;
      const opened = {
        callId,
        carrierId,
        from,
        to,
        channel,
        direction,
        orgId,
        startedAt: startedAt.toISOString(),
        ...(attested !== undefined && { attested }),
      };
      const one = enter(callId, opened);
      one.record = {
        ...opened,
        status: "in-progress",
        phase: "greeting",
        escalations: [],
        flags: [],
        turns: [],
        replies: [],
        tools: [],
        usage: {},
      };
      byCarrier.set(carrierId, callId);
      dirty.add(one);
    },
    update(callId: string, change: Partial<CallRecord>): void {
      const one = calls.get(callId) ?? enter(callId);
      const { carrierId } = one.record;
      if (change.carrierId !== undefined && change.carrierId !== carrierId) {
        if (carrierId !== undefined && byCarrier.get(carrierId) === callId) byCarrier.delete(carrierId);
        byCarrier.set(change.carrierId, callId);
      }
      one.record = merged(one.record, change);
      for (const name of Object.keys(change)) one.changed.add(name as keyof CallRecord);
      dirty.add(one);
    },
    note(callId: string, entry: TimelineEntry): void {
      const one = calls.get(callId) ?? enter(callId);
      if (one.timeline.length >= LONGEST_TIMELINE) return;
      one.timeline.push(entry);
      dirty.add(one);
    },
    /** The whole record, when it is ours. */
    get(callId: string): CallRecord | undefined {
      const one = calls.get(callId);
      return one && !one.foreign ? ({ ...one.record, callId, timeline: [...one.timeline] } as CallRecord) : undefined;
    },
    /** What was known of it when others were let at it, and what this process has said of it since. */
    released: (callId: string): CallRecord | undefined => {
      const one = calls.get(callId);
      return one?.released ? ({ ...one.record, callId, timeline: [...one.timeline] } as CallRecord) : undefined;
    },
    callIdOf: (carrierId: string): string | undefined => byCarrier.get(carrierId),
    release(callId: string): void {
      const one = calls.get(callId);
      if (one?.opened && !one.foreign) one.released = true;
      this.disown(callId);
    },
    /** It began elsewhere before, or others may change it: from now on the database is asked for it. */
    disown(callId: string): void {
      const one = calls.get(callId);
      if (!one) return;
      one.foreign = true;
      for (const name of LISTS) delete one.taken[name];
    },
    confirm(callId: string): void {
      const one = calls.get(callId);
      if (one) one.confirmed = true;
    },
    isConfirmed: (callId: string): boolean => calls.get(callId)?.confirmed === true,
    forget(callId: string): void {
      const one = calls.get(callId);
      if (one) drop(one);
    },
    /** Rows that wait to be taken. */
    dirtyRows(): number {
      let rows = 0;
      for (const one of dirty) rows += rowsOf(peek(one));
      return rows;
    },
    isDirty: (): boolean => dirty.size > 0,
    /** What changed, at most one change per call; from then on it counts as written. */
    take(at: string): CallChange[] {
      const changes: CallChange[] = [];
      // A Set may lose what is being looked at.
      for (const one of dirty) {
        changes.push(peek(one, at));
        markTaken(one);
      }
      return changes.filter((change) => rowsOf(change) > 0 || change.turns || change.replies || change.escalations);
    },
    makeRoom,
    clear(): void {
      calls.clear();
      byCarrier.clear();
      dirty.clear();
    },
  };
}

/** Entries are replaced, never changed: one that is the same object is the same entry. */
function difference(before: readonly unknown[] | undefined, now: readonly unknown[], foreign: boolean) {
  const rows = now.flatMap((entry, i) => (before?.[i] === entry ? [] : [[i, entry] as const]));
  // How long the list of somebody else's record is in the database is not known here.
  return { rows, length: now.length, cut: before === undefined ? foreign : before.length > now.length };
}

/** What has rows of its own, or never changes. */
const NO_COLUMNS: ReadonlySet<string> = new Set(["callId", "startedAt", "timeline", "intake", ...LISTS]);

function fieldsOf(record: Partial<CallRecord>, changed: ReadonlySet<string>): CallFields {
  return Object.fromEntries(
    Object.entries(record).filter(([name]) => changed.has(name) && !NO_COLUMNS.has(name)),
  ) as CallFields;
}
