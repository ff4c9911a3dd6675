// Whether the database can compare meanings: pgvector, which the embedded one brings along and a server may or may not have. Without
// it nothing fails, and memories are found by their words.
import { sql, type Kysely } from "kysely";
import type { Log } from "../core/observe.ts";
import type { Tables } from "./database.ts";
import { isPassing, messageOf } from "./failure.ts";

/** Asks once, at the first need. Returns the schema the extension is in; undefined without it. */
export type Vectors = (db: Kysely<Tables>) => Promise<string | undefined>;

export function createVectors({ log, isWanted = true }: { readonly log: Log; readonly isWanted?: boolean }): Vectors {
  let found: Promise<string | undefined> | undefined;

  async function look(db: Kysely<Tables>): Promise<string | undefined> {
    // Not every user may, and two who do it at the same moment may disturb each other: what counts is what is there afterwards.
    const refused = await sql`create extension if not exists vector`.execute(db).then(
      () => undefined,
      (error: unknown) => {
        if (isPassing(error)) throw error;
        return error;
      },
    );
    const { rows } = await sql<{ schema: string }>`
      select n.nspname as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'`.execute(
      db,
    );
    const schema = rows[0]?.schema;
    if (schema === undefined) await tell(db, refused);
    return schema;
  }

  async function tell(db: Kysely<Tables>, refused: unknown): Promise<void> {
    const { rows } = await sql`select 1 from pg_available_extensions where name = 'vector'`.execute(db);
    const why = messageOf(refused);
    if (rows.length === 0)
      log.info("the database has no pgvector: memories are found by their words, not by what they mean", { why });
    else
      log.warn(
        "the database has pgvector, and its user may not switch it on: memories are found by their words. " +
          "An administrator has to run `create extension vector` in this database; then start the server anew",
        { why },
      );
  }

  return (db) => {
    if (!isWanted) return Promise.resolve(undefined);
    return (found ??= look(db).catch((error: unknown) => {
      found = undefined;
      throw error;
    }));
  };
}
