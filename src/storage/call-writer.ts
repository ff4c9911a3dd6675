// Puts changes of calls into the tables: one transaction for a batch, every statement such that doing it again changes nothing. The rows of
// a statement are one parameter, as JSON: the text of a statement is the same for one row and for a thousand, and neither it nor
// thousands of parameters have to be put together, taken from thread to thread and parsed for each batch.
import { sql, type Kysely, type RawBuilder, type Transaction } from "kysely";
import { DEFAULT_ORG } from "../core/call.ts";
import { folded, type CallChange, type ListChange } from "./change.ts";
import type { Tables } from "./database.ts";
import {
  columnsOf,
  escalationRow,
  eventRow,
  intakeRow,
  json,
  openingRow,
  replyRow,
  STATE_COLUMNS,
  turnRow,
  type Row,
} from "./rows.ts";

/** Of one statement: a server gives each of them ten seconds. */
const MOST_ROWS = 5000;

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
    await setFields(trx, list);
    await writeTranscripts(trx, list);
    await writeMatters(trx, list);
    const events = list.flatMap(({ callId, events = [] }) => events.map((one) => eventRow(callId, one)));
    await insert(trx, "call_events", events, sql`do nothing`);
    return written;
  });
}

async function begin(trx: Transaction<Tables>, list: readonly CallChange[]): Promise<Written> {
  const opening = list.flatMap(({ open, at }) => (open ? [{ open, at }] : []));
  if (opening.length === 0) return { existed: [], unknownOrgs: [] };
  const wanted = [...new Set(opening.map(({ open }) => open.orgId))];
  const found = await trx.selectFrom("organizations").select("org_id").where("org_id", "in", wanted).execute();
  const orgs = new Set(found.map(({ org_id }) => org_id));
  const rows = opening.map((one) => openingRow(one, orgs.has(one.open.orgId) ? one.open.orgId : DEFAULT_ORG));
  const columns = columnsIn(rows[0] as Row<Tables["calls"]>);
  const inserted = await sql<{ call_id: string }>`
    insert into calls (${columns}) select ${columns} from ${rowsAs("calls", rows)} as given
    on conflict do nothing returning call_id`.execute(trx);
  const begun = new Set(inserted.rows.map(({ call_id }) => call_id));
  return {
    existed: opening.map(({ open }) => open.callId).filter((callId) => !begun.has(callId)),
    unknownOrgs: wanted.filter((org) => !orgs.has(org)),
  };
}

async function setFields(trx: Transaction<Tables>, list: readonly CallChange[]): Promise<void> {
  const rest: Fields[] = [];
  const states: Fields[] = [];
  const moves: Fields[] = [];
  for (const { callId: call_id, at, set = {}, turns, escalations } of list) {
    const { org_id, ...columns } = columnsOf(set);
    const state = Object.fromEntries(
      STATE_COLUMNS.flatMap((name) => (columns[name] === undefined ? [] : [[name, columns[name]]])),
    );
    for (const name of STATE_COLUMNS) delete columns[name];
    rest.push({
      call_id,
      ...columns,
      ...(turns && { turn_count: turns.length }),
      ...(escalations && { escalated: escalations.length > 0 }),
    });
    if (Object.keys(state).length > 0) states.push({ call_id, ...state, state_at: at });
    if (org_id !== undefined) moves.push({ call_id, org_id });
  }
  await update(trx, rest);
  await update(trx, states, sql`and calls.state_at <= given.state_at`);
  await update(trx, moves, sql`and exists (select from organizations where org_id = given.org_id)`);
}

async function writeTranscripts(trx: Transaction<Tables>, list: readonly CallChange[]): Promise<void> {
  const rows = list.flatMap(({ callId, turns, replies }) => [
    ...(turns?.rows ?? []).map(([position, turn]) => turnRow(callId, position, turn)),
    ...(replies?.rows ?? []).map(([position, reply]) => replyRow(callId, position, reply)),
  ]);
  await insert(trx, "call_transcripts", rows, again(rows, "call_id", "role", "position"));
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
  await insert(trx, "call_intakes", intakes, again(intakes, "call_id"));
  const escalations = list.flatMap(({ callId, escalations: change }) =>
    (change?.rows ?? []).map(([position, one]) => escalationRow(callId, position, one)),
  );
  await insert(trx, "escalations", escalations, again(escalations, "escalation_id"));
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

type Fields = Readonly<Record<string, unknown>> & { readonly call_id: string };

/** One statement for all that set the same columns; what sets none is left out. Calls that are not there stay so. */
async function update(trx: Transaction<Tables>, list: readonly Fields[], when: RawBuilder<unknown> = sql``) {
  const alike = new Map<string, Fields[]>();
  for (const row of list) {
    const columns = Object.keys(row).sort().join();
    const same = alike.get(columns);
    if (same) same.push(row);
    else alike.set(columns, [row]);
  }
  for (const rows of alike.values()) {
    const { call_id: _id, ...set } = rows[0] as Fields;
    const names = Object.keys(set);
    if (names.length === 0) continue;
    const given = names.map((name) => sql`${sql.ref(name)} = given.${sql.ref(name)}`);
    await sql`
      update calls set ${sql.join(given)} from ${rowsAs("calls", rows)} as given
      where calls.call_id = given.call_id and ${isOneOf(rows)} ${when}`.execute(trx);
  }
}

type OfCalls = "call_events" | "call_transcripts" | "call_intakes" | "escalations";

/** Whatever was removed meanwhile, or never began, gets no rows. All rows have the columns of the first. */
async function insert<Table extends OfCalls>(
  trx: Transaction<Tables>,
  table: Table,
  all: readonly Partial<Row<Tables[Table]>>[],
  conflict: RawBuilder<unknown>,
): Promise<void> {
  const [first] = all;
  if (!first) return;
  const columns = columnsIn(first);
  for (let from = 0; from < all.length; from += MOST_ROWS) {
    const rows = all.slice(from, from + MOST_ROWS);
    await sql`
      insert into ${sql.table(table)} (${columns}) select ${columns} from ${rowsAs(table, rows)} as given
      where exists (select from calls where calls.call_id = given.call_id and ${isOneOf(rows)})
      on conflict ${conflict}`.execute(trx);
  }
}

/** A row that is there already is written again. */
function again(rows: readonly object[], ...key: readonly string[]): RawBuilder<unknown> {
  const others = Object.keys(rows[0] ?? {}).filter((name) => name !== "call_id" && !key.includes(name));
  const set = others.map((name) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`);
  return sql`(${sql.join(key.map((name) => sql.ref(name)))}) do update set ${sql.join(set)}`;
}

const columnsIn = (row: object): RawBuilder<unknown> => sql.join(Object.keys(row).map((name) => sql.ref(name)));

/** Says how many calls it is about: of rows in JSON the planner knows nothing, takes them for a hundred, and would rather read all calls. */
function isOneOf(rows: readonly { readonly call_id?: unknown }[]): RawBuilder<unknown> {
  return sql`calls.call_id = any(${[...new Set(rows.map(({ call_id: id }) => id))]}::text[])`;
}

/** Read by the database, each column as its type. */
function rowsAs(table: keyof Tables, rows: readonly object[]): RawBuilder<unknown> {
  return sql`json_populate_recordset(null::${sql.table(table)}, ${json(rows)}::json)`;
}
