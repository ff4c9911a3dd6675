// What changed in one call since it was last written: the unit that is buffered, spooled and applied. It is plain JSON, it may be
// applied more than once, and later ones of the same call may be folded into earlier ones.
import type {
  CallParty,
  CallRecord,
  EscalationRecord,
  IntakeRecord,
  ReplyRecord,
  TimelineEntry,
  TurnRecord,
} from "../core/call.ts";

/** Fields that are columns of their own, or JSON in one; lists with rows of their own are not among them. */
export type CallFields = Partial<
  Omit<CallRecord, "callId" | "escalations" | "intake" | "turns" | "replies" | "timeline" | "startedAt">
>;

/** Rows of a list by their place in it, and how long the list is; `cut` when it was longer before. */
export interface ListChange<Entry> {
  readonly rows: readonly (readonly [position: number, entry: Entry])[];
  readonly length: number;
  readonly cut: boolean;
}

export interface CallChange {
  readonly callId: string;
  /** Wall clock, ISO 8601: when this was so. */
  readonly at: string;
  /** The record begins. */
  readonly open?: CallParty & { readonly startedAt: string };
  readonly set?: CallFields;
  readonly turns?: ListChange<TurnRecord>;
  readonly replies?: ListChange<ReplyRecord>;
  readonly escalations?: ListChange<EscalationRecord>;
  readonly intake?: IntakeRecord;
  readonly events?: readonly (readonly [writer: string, seq: number, entry: TimelineEntry])[];
}

/** How many rows it makes. */
export function rowsOf({ open, set, turns, replies, escalations, intake, events }: CallChange): number {
  return (
    (open || set ? 1 : 0) +
    (turns?.rows.length ?? 0) +
    (replies?.rows.length ?? 0) +
    (escalations?.rows.length ?? 0) +
    (intake ? 1 : 0) +
    (events?.length ?? 0)
  );
}

/** One change per call, in the order in which the calls first come. */
export function folded(changes: readonly CallChange[]): CallChange[] {
  const byCall = new Map<string, CallChange>();
  for (const change of changes) {
    const before = byCall.get(change.callId);
    byCall.set(change.callId, before ? fold(before, change) : change);
  }
  return [...byCall.values()];
}

/** What stands of an end is taken back with a call that goes on after it. */
export function merged<Fields extends Partial<CallRecord>>(before: Fields, after: Partial<CallRecord>): Fields {
  if (after.status !== "in-progress") return { ...before, ...after };
  const { endedAt: _endedAt, endReason: _endReason, durationSeconds: _durationSeconds, ...rest } = before;
  return { ...(rest as Fields), ...after };
}

function fold(before: CallChange, after: CallChange): CallChange {
  const turns = foldList(before.turns, after.turns);
  const replies = foldList(before.replies, after.replies);
  const escalations = foldList(before.escalations, after.escalations);
  const events = [...(before.events ?? []), ...(after.events ?? [])];
  return {
    ...before,
    ...after,
    ...(before.open && { open: before.open }),
    ...((before.set ?? after.set) && { set: merged(before.set ?? {}, after.set ?? {}) }),
    ...(turns && { turns }),
    ...(replies && { replies }),
    ...(escalations && { escalations }),
    ...(events.length > 0 && { events }),
  };
}

function foldList<Entry>(
  before: ListChange<Entry> | undefined,
  after: ListChange<Entry> | undefined,
): ListChange<Entry> | undefined {
  if (!before || !after) return after ?? before;
  const rows = new Map([...before.rows, ...after.rows]);
  return {
    rows: [...rows].filter(([position]) => position < after.length),
    length: after.length,
    cut: before.cut || after.cut,
  };
}
