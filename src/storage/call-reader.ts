// Reads call records out of the tables: one whole, or lists of summaries.
import { sql, type Expression, type ExpressionBuilder, type Kysely, type Selectable, type SqlBool } from "kysely";
import type { CallRecord, CallSummary } from "../core/call.ts";
import type { CallFilter } from "../core/stores.ts";
import { wantedBy } from "./call-words.ts";
import type { CallsTable, Tables } from "./database.ts";
import { clean, escalationOf, eventOf, intakeOf, replyOf, summaryOf, turnOf } from "./rows.ts";

type Database = Kysely<Tables>;

export async function readCall(
  db: Database,
  by: "call_id" | "carrier_id",
  id: string,
): Promise<CallRecord | undefined> {
  const row = await db
    .selectFrom("calls")
    .selectAll()
    .where(by, "=", id)
    .orderBy("call_id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (!row) return undefined;
  const transcript = await db
    .selectFrom("call_transcripts")
    .selectAll()
    .where("call_id", "=", row.call_id)
    .orderBy("position")
    .execute();
  const events = await db
    .selectFrom("call_events")
    .selectAll()
    .where("call_id", "=", row.call_id)
    .orderBy("at_ms")
    .orderBy("writer")
    .orderBy("seq")
    .execute();
  const [summary] = await summaries(db, [row]);
  const { turnCount: _, ...rest } = summary as CallSummary;
  return {
    ...rest,
    turns: transcript.filter(({ role }) => role === "caller").map(turnOf),
    replies: transcript.filter(({ role }) => role === "agent").map(replyOf),
    tools: row.tools as CallRecord["tools"],
    timeline: events.map(eventOf),
  };
}

// As the partial index has it: "is true" would be the same, and PostgreSQL does not see that it is.
const isEscalated = sql<SqlBool>`escalated`;
const notEscalated = sql<SqlBool>`not escalated`;

export async function listCalls(db: Database, filter: CallFilter): Promise<readonly CallSummary[]> {
  const { limit, before, orgId, status, phase, escalated, from, to, text } = filter;
  if (limit <= 0) return [];
  let query = db.selectFrom("calls").selectAll().orderBy("call_id", "desc").limit(limit);
  if (before !== undefined) query = query.where("call_id", "<", before);
  if (orgId !== undefined) query = query.where("org_id", "=", orgId);
  if (status !== undefined) query = query.where("status", "=", status);
  if (phase !== undefined) query = query.where("phase", "=", phase);
  if (escalated !== undefined) query = query.where(escalated ? isEscalated : notEscalated);
  if (from !== undefined) query = query.where("started_at", ">=", from);
  if (to !== undefined) query = query.where("started_at", "<", to);
  if (text !== undefined) query = query.where((eb) => contains(eb, text));
  return summaries(db, await query.execute());
}

/** Found by indexes first and filtered then: whoever looks for a word does not read what everybody said. */
function contains(eb: ExpressionBuilder<Tables, "calls">, text: string): Expression<SqlBool> {
  const { words, part, id } = wantedBy(clean(text));
  const ids = eb.selectFrom("calls as own").select("own.call_id");
  let found = ids.where("own.call_id", "=", id).unionAll(ids.where("own.carrier_id", "=", id));
  if (part !== "") found = found.unionAll(ids.where(sql<boolean>`own.number_parts @@ ${`'${part}':*`}::tsquery`));
  if (words.length > 0) {
    const all = words.map((word) => `'${word}':*`).join(" & ");
    const said = eb.selectFrom("call_transcripts as said").select("said.call_id");
    found = found.unionAll(said.where(sql<boolean>`said.words @@ ${all}::tsquery`));
  }
  return eb("calls.call_id", "in", found);
}

export async function callsOfNumber(db: Database, number: string): Promise<readonly CallSummary[]> {
  const rows = await db
    .selectFrom("calls")
    .selectAll()
    .where((eb) => eb.or([eb("from_number", "=", number), eb("to_number", "=", number)]))
    .orderBy("call_id", "desc")
    .execute();
  return summaries(db, rows);
}

export async function callsBefore(db: Database, date: Date, limit: number): Promise<readonly CallSummary[]> {
  const query = db.selectFrom("calls").selectAll().where("started_at", "<", date).orderBy("started_at").limit(limit);
  return summaries(db, await query.execute());
}

export async function callsHeldBy(db: Database, instance: string): Promise<readonly CallSummary[]> {
  const query = db.selectFrom("calls").selectAll().where("status", "=", "in-progress").where("instance", "=", instance);
  return summaries(db, await query.orderBy("call_id").execute());
}

async function summaries(db: Database, rows: readonly Selectable<CallsTable>[]): Promise<readonly CallSummary[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ call_id }) => call_id);
  const escalations = await db
    .selectFrom("escalations")
    .selectAll()
    .where("call_id", "in", ids)
    .orderBy("position")
    .execute();
  const intakes = await db.selectFrom("call_intakes").selectAll().where("call_id", "in", ids).execute();
  return rows.map((row) => {
    const intake = intakes.find(({ call_id }) => call_id === row.call_id);
    const own = escalations.filter(({ call_id }) => call_id === row.call_id).map(escalationOf);
    return summaryOf(row, own, intake && intakeOf(intake));
  });
}
