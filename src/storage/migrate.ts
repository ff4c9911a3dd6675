// Brings the schema up to date, once, whoever starts at the same time: everything happens in one transaction that holds a lock on
// a row. A session's advisory lock would do the same, but behind a pooler in transaction mode there are no sessions.
import { sql, type Kysely } from "kysely";
import type { Tables } from "./database.ts";
import { sqlState } from "./failure.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import type { Migration } from "./migrations/migration.ts";

const BOOKKEEPING = [
  `create table if not exists schema_lock (id integer primary key)`,
  `insert into schema_lock values (1) on conflict do nothing`,
  `create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null default now())`,
];
/** "create table if not exists" fails all the same when two do it at the same moment: who loses looks again. */
const LOST_RACE = ["23505", "42P07", "42710"];
const TRIES = 5;

export interface Migrated {
  /** Names of the steps that were taken now. */
  readonly applied: readonly string[];
  /** Steps in the database that this program does not know: it was migrated by a newer one. */
  readonly unknown: readonly string[];
}

/** @throws what the database says; nothing is changed then. */
export async function migrate(db: Kysely<Tables>, list: readonly Migration[] = MIGRATIONS): Promise<Migrated> {
  for (let tries = 1; ; tries++) {
    try {
      return await inOneTransaction(db, list);
    } catch (error) {
      if (tries >= TRIES || !LOST_RACE.includes(sqlState(error) ?? "")) throw error;
    }
  }
}

function inOneTransaction(db: Kysely<Tables>, list: readonly Migration[]): Promise<Migrated> {
  return db.transaction().execute(async (trx) => {
    await sql.raw("set local lock_timeout = '60s'").execute(trx);
    for (const statement of BOOKKEEPING) await sql.raw(statement).execute(trx);
    await trx.selectFrom("schema_lock").select("id").where("id", "=", 1).forUpdate().execute();
    const done = new Set((await trx.selectFrom("schema_migrations").select("name").execute()).map(({ name }) => name));
    const applied: string[] = [];
    for (const { name, statements } of list) {
      if (done.delete(name)) continue;
      for (const statement of statements) await sql.raw(statement).execute(trx);
      await trx.insertInto("schema_migrations").values({ name }).execute();
      applied.push(name);
    }
    return { applied, unknown: [...done].sort() };
  });
}

/** The whole schema as SQL, for those who would rather run it themselves. */
export function schemaSql(list: readonly Migration[] = MIGRATIONS): string {
  const steps = list.flatMap(({ name, statements }) => [
    `-- ${name}`,
    ...statements,
    `insert into schema_migrations (name) values ('${name}')`,
  ]);
  const text = ["begin", ...BOOKKEEPING, ...steps, "commit"];
  return `${text.map((part) => (part.startsWith("--") ? `\n${part}` : `${part};`)).join("\n")}\n`;
}
