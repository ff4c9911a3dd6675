// Puts changes of calls into the tables: one transaction for a batch, every statement such that doing it again changes nothing.
import { sql, type Insertable, type Kysely, type Transaction } from "kysely";
import { DEFAULT_ORG } from "../core/call.ts";
import { folded, type CallChange, type ListChange } from "./change.ts";
import type { CallsTable, Tables } from "./database.ts";
import { columnsOf, escalationRow, eventRow, intakeRow, openingRow, replyRow, STATE_COLUMNS, turnRow } from "./rows.ts";

/** Rows of one statement: PostgreSQL takes 65535 parameters in one. */
const CHUNK = 1000;

export interface Written {
  /** Records that were to begin and were there already. */
  readonly existed: readonly string[];
  /** Organizations that calls were said to belong to and that do not exist: the calls belong to `default` now. */
  readonly unknownOrgs: readonly string[];
}

/** @param limits statements that bound what follows in a transaction, where the database knows time limits */
export async function writeChanges(
  db: Kysely<Tables>,
  changes: readonly CallChange[],
  limits: readonly string[],
): Promise<Written> {
  const list = folded(changes);
  return db.transaction().execute(async (trx) => {
    for (const statement of limits) await sql.raw(statement).execute(trx);
    const written = await begin(trx, list);
    // Whatever was removed meanwhile, or never began, gets no rows.
    const ids = list.map(({ callId }) => callId);
    const found = await trx.selectFrom("calls").select("call_id").where("call_id", "in", ids).execute();
    const there = new Set(found.map(({ call_id }) => call_id));
    const known = list.filter(({ callId }) => there.has(callId));
    for (const change of known) await setFields(trx, change);
    await writeTranscripts(trx, known);
    await writeMatters(trx, known);
    const events = known.flatMap(({ callId, events = [] }) => events.map((one) => eventRow(callId, one)));
    for (const rows of chunks(events))
      await trx
        .insertInto("call_events")
        .values(rows)
        .onConflict((oc) => oc.doNothing())
        .execute();
    return written;
  });
}

async function begin(trx: Transaction<Tables>, list: readonly CallChange[]): Promise<Written> {
  const opening = list.flatMap(({ open, at }) => (open ? [{ open, at }] : []));
  if (opening.length === 0) return { existed: [], unknownOrgs: [] };
  const wanted = [...new Set(opening.map(({ open }) => open.orgId))];
  const found = await trx.selectFrom("organizations").select("org_id").where("org_id", "in", wanted).execute();
  const orgs = new Set(found.map(({ org_id }) => org_id));
  const begun = new Set<string>();
  for (const rows of chunks(opening)) {
    const inserted = await trx
      .insertInto("calls")
      .values(rows.map((one) => openingRow(one, orgs.has(one.open.orgId) ? one.open.orgId : DEFAULT_ORG)))
      .onConflict((oc) => oc.doNothing())
      .returning("call_id")
      .execute();
    for (const { call_id } of inserted) begun.add(call_id);
  }
  return {
    existed: opening.map(({ open }) => open.callId).filter((callId) => !begun.has(callId)),
    unknownOrgs: wanted.filter((org) => !orgs.has(org)),
  };
}

async function setFields(trx: Transaction<Tables>, change: CallChange): Promise<void> {
  const { callId, at, set = {}, turns, escalations } = change;
  const { org_id, ...columns } = columnsOf(set);
  const state: Record<string, unknown> = {};
  for (const name of STATE_COLUMNS) {
    if (columns[name] === undefined) continue;
    state[name] = columns[name];
    delete columns[name];
  }
  const rest: Partial<Insertable<CallsTable>> = {
    ...columns,
    ...(turns && { turn_count: turns.length }),
    ...(escalations && { escalated: escalations.length > 0 }),
  };
  const update = trx.updateTable("calls").where("call_id", "=", callId);
  if (Object.keys(rest).length > 0) await update.set(rest).execute();
  if (Object.keys(state).length > 0)
    await update
      .set({ ...state, state_at: at })
      .where("state_at", "<=", sql<Date>`${at}::timestamptz`)
      .execute();
  if (org_id !== undefined)
    await update
      .set({ org_id })
      .where((eb) => eb.exists(eb.selectFrom("organizations").select("org_id").where("org_id", "=", org_id)))
      .execute();
}

async function writeTranscripts(trx: Transaction<Tables>, list: readonly CallChange[]): Promise<void> {
  const rows = list.flatMap(({ callId, turns, replies }) => [
    ...(turns?.rows ?? []).map(([position, turn]) => turnRow(callId, position, turn)),
    ...(replies?.rows ?? []).map(([position, reply]) => replyRow(callId, position, reply)),
  ]);
  for (const part of chunks(rows))
    await trx
      .insertInto("call_transcripts")
      .values(part)
      .onConflict((oc) =>
        oc
          .columns(["call_id", "role", "position"])
          .doUpdateSet(
            excluded(
              "at_ms",
              "turn",
              "by",
              "text",
              "latency_ms",
              "cause",
              "kind",
              "generated",
              "sent",
              "heard",
              "cut",
              "generated_ms",
              "sent_ms",
              "heard_ms",
              "interrupted",
              "divergence",
              "words",
            ),
          ),
      )
      .execute();
  for (const { callId, turns, replies } of list)
    for (const [role, change] of [
      ["caller", turns],
      ["agent", replies],
    ] as const)
      if (isCut(change))
        await trx
          .deleteFrom("call_transcripts")
          .where("call_id", "=", callId)
          .where("role", "=", role)
          .where("position", ">=", change.length)
          .execute();
}

async function writeMatters(trx: Transaction<Tables>, list: readonly CallChange[]): Promise<void> {
  const intakes = list.flatMap(({ callId, intake }) => (intake ? [intakeRow(callId, intake)] : []));
  for (const rows of chunks(intakes))
    await trx
      .insertInto("call_intakes")
      .values(rows)
      .onConflict((oc) => oc.column("call_id").doUpdateSet(excluded("fields", "urgency", "status", "updated_at_ms")))
      .execute();
  const escalations = list.flatMap(({ callId, escalations: change }) =>
    (change?.rows ?? []).map(([position, one]) => escalationRow(callId, position, one)),
  );
  for (const rows of chunks(escalations))
    await trx
      .insertInto("escalations")
      .values(rows)
      .onConflict((oc) =>
        oc
          .column("escalation_id")
          .doUpdateSet(
            excluded(
              "position",
              "trigger",
              "urgency",
              "reason",
              "mode",
              "contact",
              "at_ms",
              "outcome",
              "decided_at_ms",
            ),
          ),
      )
      .execute();
  for (const { callId, escalations: change } of list)
    if (isCut(change))
      await trx
        .deleteFrom("escalations")
        .where("call_id", "=", callId)
        .where("position", ">=", change.length)
        .execute();
}

function isCut(change: ListChange<unknown> | undefined): change is ListChange<unknown> {
  return change?.cut === true;
}

/** The new row's values for these columns. */
function excluded(...columns: readonly string[]): Record<string, ReturnType<typeof sql>> {
  return Object.fromEntries(columns.map((column) => [column, sql`excluded.${sql.ref(column)}`]));
}

function* chunks<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let from = 0; from < rows.length; from += CHUNK) yield rows.slice(from, from + CHUNK);
}
