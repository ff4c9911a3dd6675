// The embedded database: PostgreSQL itself, compiled to WebAssembly, in a folder below DATA_DIR that one process has to itself.
import { chmod, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Kysely, PGliteDialect } from "kysely";
import type { Tables } from "./database.ts";
import { acquireLock } from "./lock.ts";
import { EmbeddedError, openWorker, type EmbeddedClient } from "./pglite-client.ts";

export interface Opened {
  readonly db: Kysely<Tables>;
  close(): Promise<void>;
}

/** A worker that does not close within this time is ended; what was committed is kept. ms. */
const CLOSE_MS = 5000;

/**
 * @param onMaking there is none yet: making it takes some seconds, and half a minute on a busy machine.
 * @throws DataDirInUse when another process has it; what PGlite says otherwise.
 */
export async function openEmbedded(dataDir: string, onMaking: () => void = () => undefined): Promise<Opened> {
  await mkdir(dataDir, { recursive: true });
  const lock = await acquireLock(join(dataDir, "database.lock"));
  try {
    const folder = join(dataDir, "pglite");
    if (!(await exists(folder))) {
      onMaking();
      await make(folder);
    }
    const client = lasting(await openWorker(folder), () => openWorker(folder));
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: client }) });
    let closing: Promise<void> | undefined;
    return {
      db,
      close: () =>
        (closing ??= client.close().then(
          () => lock.release(),
          () => lock.release(),
        )),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * Beside its place, and moved there when it is whole: a database whose making was interrupted would never open again. By a thread
 * of its own, too: most of the memory that making one takes (some 350 MB were measured) is given back with the thread.
 */
async function make(folder: string): Promise<void> {
  const half = `${folder}.making`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true });
  await chmod(half, 0o700);
  const client = await openWorker(half);
  await client.close();
  await rename(half, folder);
}

/**
 * One client for as long as the server runs: a database that broke (a full disk makes it give up) is ended and opened again at the
 * next question, which is when PostgreSQL mends itself from its log.
 */
function lasting(first: EmbeddedClient, open: () => Promise<EmbeddedClient>): EmbeddedClient {
  let current: EmbeddedClient | undefined = first;
  let reopening: Promise<EmbeddedClient> | undefined;
  let closed = false;

  function alive(): EmbeddedClient | Promise<EmbeddedClient> {
    if (current && !current.closed) return current;
    if (closed) throw new Error("the embedded database is closed");
    return (reopening ??= open()
      .then((client) => (current = client))
      .finally(() => (reopening = undefined)));
  }
  async function guard<Result>(use: (client: EmbeddedClient) => Promise<Result>): Promise<Result> {
    const client = await alive();
    try {
      return await use(client);
    } catch (error) {
      if (isBroken(error)) {
        if (current === client) current = undefined;
        await client.kill();
      }
      throw error;
    }
  }
  return {
    get closed() {
      return closed;
    },
    ready: true,
    waitReady: Promise.resolve(),
    query: (sql, parameters) => guard((client) => client.query(sql, parameters)),
    transaction: (body) => guard((client) => client.transaction(body)),
    async close() {
      if (closed) return;
      closed = true;
      await reopening?.catch(() => undefined);
      if (current) await closeWithin(current, CLOSE_MS);
    },
    async kill() {
      closed = true;
      await current?.kill();
    },
  };
}

/** Not the statement's fault: the thread ended, the program in it gave up, or the disk failed it. */
function isBroken(error: unknown): boolean {
  return error instanceof EmbeddedError && (error.code === undefined || /^(53|57|58|XX)/.test(error.code));
}

async function closeWithin(client: EmbeddedClient, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([client.close().catch(() => undefined), late]);
  clearTimeout(timer);
  await client.kill();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
