// Looks at a database as db:check does: can it be reached, is it encrypted, may we make tables and use them, which schema is there.
import { sql } from "kysely";
import { MIGRATIONS } from "./migrations/index.ts";
import { openEmbedded, type Opened } from "./pglite.ts";
import { openPostgres, TRANSACTION_LIMITS } from "./postgres.ts";
import { readAddress } from "./postgres-address.ts";

export interface Finding {
  readonly what: string;
  readonly found: string;
}

/** @param tell is called as each thing is found. @throws what the database says. */
export async function examine(
  target: { readonly dataDir: string; readonly databaseUrl?: string; readonly caFile?: string },
  tell: (finding: Finding) => void,
): Promise<void> {
  let opened: Opened;
  if (target.databaseUrl === undefined) {
    tell({ what: "database", found: `embedded, in ${target.dataDir}` });
    opened = await openEmbedded(target.dataDir);
  } else {
    const address = readAddress(target.databaseUrl, target.caFile);
    const tls =
      address.ssl === false ? "off" : address.ssl.rejectUnauthorized === false ? "on, not checked" : "on, checked";
    tell({ what: "database", found: address.where });
    tell({ what: "TLS", found: tls });
    opened = openPostgres(address);
  }
  try {
    await look(opened, target.databaseUrl !== undefined, tell);
  } finally {
    await opened.close();
  }
}

async function look({ db }: Opened, isServer: boolean, tell: (finding: Finding) => void): Promise<void> {
  const begun = performance.now();
  const { rows } = await sql<{ version: string; who: string }>`
    select current_setting('server_version') as version, current_user as who`.execute(db);
  const ms = Math.round(performance.now() - begun);
  tell({ what: "answers", found: `PostgreSQL ${rows[0]?.version} as ${rows[0]?.who}, first answer after ${ms} ms` });
  await db.transaction().execute(async (trx) => {
    if (isServer) for (const statement of TRANSACTION_LIMITS) await sql.raw(statement).execute(trx);
    // In a transaction that is never committed: nothing is left of it.
    await sql`create table voicebridge_check (id integer)`.execute(trx);
    await sql`insert into voicebridge_check values (${1})`.execute(trx);
    await sql`drop table voicebridge_check`.execute(trx);
  });
  tell({ what: "rights", found: "tables can be made and written" });
  const { rows: there } = await sql<{ name: string | null }>`
    select to_regclass('schema_migrations')::text as name`.execute(db);
  const done = there[0]?.name ? await db.selectFrom("schema_migrations").select("name").execute() : [];
  const missing = MIGRATIONS.filter(({ name }) => !done.some((one) => one.name === name)).map(({ name }) => name);
  tell({
    what: "tables",
    found: missing.length === 0 ? "up to date" : `to be made at the next start: ${missing.join(", ")}`,
  });
}
