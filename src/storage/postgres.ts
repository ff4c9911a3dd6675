// A PostgreSQL server, straight or behind a pooler in transaction mode: no prepared statement has a name, nothing is set for a
// session, every wait has a limit, and a connection that failed to answer is not used again.
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import { Pool, type PoolClient } from "pg";
import type { Tables } from "./database.ts";
import { isAboutRows, sqlState } from "./failure.ts";
import type { Opened } from "./pglite.ts";
import type { PostgresAddress } from "./postgres-address.ts";

/** Few, because a pooler's and a small server's connections are few, and there may be many instances. */
const CONNECTIONS = 5;
const CONNECT_MS = 5000;
/** A server that does not answer. Its own limit below is shorter, so that a slow statement ends there and not here. */
const ANSWER_MS = 15_000;

/** A transaction begins at once, or a pooler has no server to begin it on. */
const BEGIN_MS = 5000;

/** First statements of a transaction of ours; `set local` is a transaction's, and survives any pooler. */
export const TRANSACTION_LIMITS: readonly string[] = ["set local statement_timeout = '10s'"];

export function openPostgres(address: PostgresAddress, onIdleError: (error: Error) => void = () => undefined): Opened {
  const pool = new Pool({
    connectionString: address.connectionString,
    ssl: address.ssl,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: "voicebridge",
  });
  // A connection that breaks while nobody uses it must not end the process.
  pool.on("error", onIdleError);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: careful(pool) }) });
  let closing: Promise<void> | undefined;
  return { db, close: () => (closing ??= db.destroy()) };
}

/** A pool whose connections are thrown away after a failure that is not the statement's own. */
function careful(pool: Pool): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      return watched(client);
    },
  };
}

function watched(client: PoolClient): PostgresPoolClient {
  let broken = false;
  const query = async (sql: string, parameters?: readonly unknown[]): Promise<unknown> => {
    try {
      const values = parameters as unknown[];
      return await client.query({ text: sql, values, ...(sql === "begin" && { query_timeout: BEGIN_MS }) });
    } catch (error) {
      // Statements that were refused leave a good connection; anything else may leave an answer on it that is not the next one's.
      if (!isAboutRows(error) && !/^(42|40|25|55|57014|0A)/.test(sqlState(error) ?? "")) broken = true;
      throw error;
    }
  };
  const { processID } = client as { readonly processID?: number };
  return {
    query: query as PostgresPoolClient["query"],
    release: (destroy) => client.release(broken || destroy === true),
    ...(processID !== undefined && { processID }),
  };
}
