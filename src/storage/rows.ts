// Call records and rows: one becomes the other here and nowhere else. Every field of a record has its place; the compiler says so
// when a new one has none.
import type { Insertable, Selectable } from "kysely";
import type {
  CallSummary,
  EscalationRecord,
  IntakeRecord,
  ReplyRecord,
  TimelineEntry,
  TurnRecord,
} from "../core/call.ts";
import { wordsSaid } from "./call-words.ts";
import type { CallChange, CallFields } from "./change.ts";
import type { CallsTable, Tables, TranscriptsTable } from "./database.ts";

/** Text that PostgreSQL takes: it knows no character 0 and no half of a pair. One such letter would hold up every row behind it. */
export function clean(text: string): string {
  return text.replaceAll(/[\0\p{Surrogate}]/gu, "\uFFFD");
}

/** The same letters as JSON has them; it writes the other way round only what a text says that looks like it. */
const UNTAKEN = /\\u(?:0000|d[89a-f])/;

/** JSON that PostgreSQL takes. */
export function json(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  return UNTAKEN.test(text) ? JSON.stringify(cleaned(value)) : text;
}

function cleaned(value: unknown): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [clean(name), cleaned(part)]));
}

/** A row that goes to the database as JSON: what is JSON in it is not text yet, and nothing in it has to be cleaned. */
export type Row<Table> = {
  readonly [Column in keyof Insertable<Table>]:
    Insertable<Table>[Column] | (Column extends keyof Selectable<Table> ? Selectable<Table>[Column] : never);
};

/** @param orgId one that exists */
export function openingRow(
  { open, at }: Pick<CallChange, "open" | "at"> & { open: NonNullable<CallChange["open"]> },
  orgId: string,
): Row<CallsTable> {
  return {
    call_id: open.callId,
    org_id: orgId,
    carrier_id: open.carrierId,
    from_number: open.from,
    to_number: open.to,
    attested: open.attested ?? null,
    channel: open.channel,
    direction: open.direction,
    status: "in-progress",
    phase: "greeting",
    escalated: false,
    turn_count: 0,
    flags: [],
    tools: [],
    usage: {},
    started_at: open.startedAt,
    state_at: at,
  };
}

/** Where the call stands; of two writers the later one is right. The rest of a record has one writer. */
export const STATE_COLUMNS = ["status", "phase", "instance", "ended_at", "duration_seconds", "end_reason"] as const;

export function columnsOf(set: CallFields): Partial<Row<CallsTable>> {
  const { orgId, carrierId, from, to, attested, channel, direction, status, phase, instance, flags, ...more } = set;
  const { recording, metadata, threadId, cost, endedAt, durationSeconds, endReason, tools, usage, ...last } = more;
  // The purpose is for the agent of the call only.
  const { carrierStatus, purpose: _purpose, ...none } = last;
  none satisfies Record<string, never>;
  return {
    ...(orgId !== undefined && { org_id: orgId }),
    ...(carrierId !== undefined && { carrier_id: carrierId }),
    ...(from !== undefined && { from_number: from }),
    ...(to !== undefined && { to_number: to }),
    ...(attested !== undefined && { attested }),
    ...(channel !== undefined && { channel }),
    ...(direction !== undefined && { direction }),
    ...(status !== undefined && { status }),
    // A call that goes on after it had ended.
    ...(status === "in-progress" && { ended_at: null, end_reason: null, duration_seconds: null }),
    ...(phase !== undefined && { phase }),
    ...(instance !== undefined && { instance }),
    ...(flags !== undefined && { flags }),
    ...(recording !== undefined && { recording: { ...recording } }),
    ...(metadata !== undefined && { metadata }),
    ...(threadId !== undefined && { thread_id: threadId }),
    ...(cost !== undefined && { cost }),
    ...(endedAt !== undefined && { ended_at: endedAt }),
    ...(durationSeconds !== undefined && { duration_seconds: durationSeconds }),
    ...(endReason !== undefined && { end_reason: endReason }),
    ...(tools !== undefined && { tools }),
    ...(usage !== undefined && { usage }),
    ...(carrierStatus !== undefined && { carrier_status: carrierStatus }),
  };
}

type TranscriptRow = Omit<Row<TranscriptsTable>, "cut_ms">;

const NO_REPLY = {
  kind: null,
  generated: null,
  sent: null,
  heard: null,
  cut: null,
  generated_ms: null,
  sent_ms: null,
  heard_ms: null,
  interrupted: null,
  divergence: null,
};
const NO_TURN = { turn: null, by: null, text: null, latency_ms: null, cause: null };

export function turnRow(callId: string, position: number, turn: TurnRecord): TranscriptRow {
  return {
    call_id: callId,
    role: "caller",
    position,
    at_ms: turn.endedAtMs,
    ...NO_REPLY,
    turn: turn.turn,
    by: turn.by,
    text: turn.text,
    latency_ms: turn.latencyMs ?? null,
    cause: turn.cause ?? null,
    words: wordsSaid(turn.text),
  };
}

export function replyRow(callId: string, position: number, reply: ReplyRecord): TranscriptRow {
  return {
    call_id: callId,
    role: "agent",
    position,
    at_ms: reply.startedAtMs,
    ...NO_TURN,
    kind: reply.kind,
    generated: reply.generated,
    sent: reply.sent,
    heard: reply.heard,
    cut: reply.cut,
    generated_ms: reply.generatedMs,
    sent_ms: reply.sentMs,
    heard_ms: reply.heardMs,
    interrupted: reply.interrupted,
    divergence: reply.divergence ?? null,
    words: wordsSaid(reply.heard),
  };
}

export function escalationRow(callId: string, position: number, one: EscalationRecord): Row<Tables["escalations"]> {
  return {
    escalation_id: one.id,
    call_id: callId,
    position,
    trigger: one.trigger,
    urgency: one.urgency,
    reason: one.reason,
    mode: one.mode,
    contact: one.contact ?? null,
    at_ms: one.atMs,
    outcome: one.outcome,
    decided_at_ms: one.decidedAtMs ?? null,
  };
}

export function intakeRow(callId: string, intake: IntakeRecord): Row<Tables["call_intakes"]> {
  const { fields, urgency = null, status, updatedAtMs } = intake;
  return { call_id: callId, fields: fields, urgency, status, updated_at_ms: updatedAtMs };
}

export function eventRow(
  callId: string,
  [writer, seq, { atMs, what, detail }]: NonNullable<CallChange["events"]>[number],
): Row<Tables["call_events"]> {
  return { call_id: callId, writer, seq, at_ms: atMs, what: what, detail: detail ?? null };
}

/** Leaves out what is not there: a record has no empty fields. */
function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]: Exclude<Fields[Name], null> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as never;
}

export function escalationOf(row: Selectable<Tables["escalations"]>): EscalationRecord {
  const { escalation_id: id, trigger, urgency, reason, mode, contact, at_ms: atMs, outcome, decided_at_ms } = row;
  const fields = { id, trigger, urgency, reason, mode, contact, atMs, outcome, decidedAtMs: decided_at_ms };
  return present(fields) as EscalationRecord;
}

export function intakeOf({ fields, urgency, status, updated_at_ms }: Selectable<Tables["call_intakes"]>): IntakeRecord {
  return present({ fields, urgency, status, updatedAtMs: updated_at_ms }) as IntakeRecord;
}

export function eventOf({ at_ms: atMs, what, detail }: Selectable<Tables["call_events"]>): TimelineEntry {
  return present({ atMs, what, detail }) as TimelineEntry;
}

export function turnOf(row: Selectable<TranscriptsTable>): TurnRecord {
  const { turn, by, text, at_ms: endedAtMs, latency_ms: latencyMs, cause } = row;
  return present({ turn, by, text, endedAtMs, latencyMs, cause }) as TurnRecord;
}

export function replyOf(row: Selectable<TranscriptsTable>): ReplyRecord {
  const { kind, generated, sent, heard, cut, interrupted, at_ms: startedAtMs, divergence } = row;
  const ms = { generatedMs: row.generated_ms, sentMs: row.sent_ms, heardMs: row.heard_ms };
  return present({ kind, generated, sent, heard, cut, ...ms, interrupted, startedAtMs, divergence }) as ReplyRecord;
}

export function summaryOf(
  row: Selectable<CallsTable>,
  escalations: readonly EscalationRecord[],
  intake: IntakeRecord | undefined,
): CallSummary {
  const fields = {
    callId: row.call_id,
    carrierId: row.carrier_id,
    from: row.from_number,
    to: row.to_number,
    attested: row.attested,
    channel: row.channel,
    direction: row.direction,
    orgId: row.org_id,
    status: row.status,
    phase: row.phase,
    instance: row.instance,
    flags: row.flags,
    recording: row.recording,
    metadata: row.metadata,
    threadId: row.thread_id,
    cost: row.cost,
    startedAt: row.started_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    durationSeconds: row.duration_seconds,
    endReason: row.end_reason,
    usage: row.usage,
    carrierStatus: row.carrier_status,
    turnCount: row.turn_count,
  };
  return { ...(present(fields) as unknown as CallSummary), escalations, ...(intake && { intake }) };
}
