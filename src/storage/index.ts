// One database behind all stores: embedded in DATA_DIR, or a PostgreSQL server. Made at once, opened later; what is written before
// that waits. A database that is away does not keep a server from starting.
import { join } from "node:path";
import { sql } from "kysely";
import type { Clock, Ids } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { StoreUnavailable, type Storage } from "../core/stores.ts";
import { createCalls } from "./calls.ts";
import { writeChanges } from "./call-writer.ts";
import { createCustomerStore } from "./customers.ts";
import type { Ask } from "./database.ts";
import { DatabaseUnusable } from "./explain.ts";
import { isPassing, messageOf } from "./failure.ts";
import { createKeyStore } from "./keys.ts";
import { createMemoryStore } from "./memories.ts";
import { migrate } from "./migrate.ts";
import { createOrganizationStore } from "./organizations.ts";
import { openEmbedded, type Opened } from "./pglite.ts";
import { openPostgres, TRANSACTION_LIMITS } from "./postgres.ts";
import { readAddress } from "./postgres-address.ts";
import { createSpool } from "./spool.ts";
import { createVectors } from "./vectors.ts";
import { within } from "./within.ts";

/** What a reader waits for the database at most, ms. */
const READ_MS = 8000;
/**
 * What changed waits so long for its batch, ms. A server's database is read by other instances, too. The embedded one is this process's
 * own and computes on its CPU: a batch costs it 6 ms for a few calls, and 11 for fifteen.
 */
const GATHER_MS = { server: 250, embedded: 1000 };
/** Some hours of a hundred calls. */
const SPOOL_BYTES = 256_000_000;

export interface StorageParts {
  readonly dataDir: string;
  /** A PostgreSQL server; the embedded database without it. */
  readonly databaseUrl?: string;
  readonly caFile?: string;
  readonly log: Log;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Bytes the spool may take on the disk. */
  readonly spoolBytes?: number;
  /** false: pgvector is not used even where it is there. */
  readonly vectors?: boolean;
  /** Memories of one user; for tests. */
  readonly mostMemories?: number;
}

export interface OpenableStorage extends Storage {
  /**
   * Opens the database and brings its tables up to date. Comes back without one when it is a server that is away; it is used as
   * soon as it is there. @throws DataDirInUse, AddressError or DatabaseUnusable: only a person can mend it.
   */
  open(): Promise<void>;
}

export function createStorage(parts: StorageParts): OpenableStorage {
  const { dataDir, databaseUrl, caFile, log, meter, clock, ids } = parts;
  let opened: Opened | undefined;
  let opening: Promise<void> | undefined;
  let migrated: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  const connect = async (): Promise<Opened> =>
    databaseUrl === undefined
      ? openEmbedded(dataDir, () => log.info("making the embedded database, which takes a while", { dir: dataDir }))
      : openPostgres(readAddress(databaseUrl, caFile), (error) =>
          log.warn("an idle connection to the database broke", { error: error.message }),
        );

  /** The database with its tables; tried anew after every failure. */
  async function ready(): Promise<Opened> {
    if (!opened) throw new StoreUnavailable();
    const { db } = opened;
    migrated ??= migrate(db).then(
      ({ applied, unknown }) => {
        if (applied.length > 0) log.info("the database's tables are up to date", { applied: applied.join(", ") });
        if (unknown.length > 0) log.warn("a newer version has migrated the database", { unknown: unknown.join(", ") });
      },
      (error: unknown) => {
        migrated = undefined;
        throw error;
      },
    );
    await migrated;
    return opened;
  }

  const ask: Ask = async (question) => {
    await opening;
    if (closing || !calls.writes.isUp()) throw new StoreUnavailable();
    try {
      return await within(
        READ_MS,
        ready().then(({ db }) => question(db)),
      );
    } catch (error) {
      if (closing) throw new StoreUnavailable({ cause: error });
      if (error instanceof StoreUnavailable || !isPassing(error)) throw error;
      calls.writes.doubt(error);
      throw new StoreUnavailable({ cause: error });
    }
  };

  const spool = createSpool({ dir: join(dataDir, "spool"), maxBytes: parts.spoolBytes ?? SPOOL_BYTES });
  const calls = createCalls({
    ask,
    async write(changes) {
      const { db } = await ready();
      if (changes.length > 0) return writeChanges(db, changes, databaseUrl === undefined ? [] : TRANSACTION_LIMITS);
      await sql`select 1`.execute(db);
      return { existed: [], unknownOrgs: [] };
    },
    gatherMs: databaseUrl === undefined ? GATHER_MS.embedded : GATHER_MS.server,
    spool,
    writer: ids.id("w"),
    clock,
    log,
    meter,
  });

  async function open(): Promise<void> {
    opened = await connect();
    await spool.open();
    try {
      await ready();
      calls.writes.open();
    } catch (error) {
      if (!isPassing(error)) {
        await opened.close();
        opened = undefined;
        throw new DatabaseUnusable(error, databaseUrl === undefined ? dataDir : readAddress(databaseUrl, caFile).where);
      }
      calls.writes.open();
      calls.writes.doubt(error);
    }
  }

  return {
    calls: calls.store,
    organizations: createOrganizationStore(ask, clock),
    keys: createKeyStore(ask, { clock, ids }),
    customers: createCustomerStore(ask, { clock, ids }),
    memories: createMemoryStore(ask, {
      clock,
      ids,
      vectors: createVectors({ log, isWanted: parts.vectors ?? true }),
      ...(parts.mostMemories !== undefined && { most: parts.mostMemories }),
    }),
    open: () => (opening ??= open()),
    pendingRows: () => calls.pendingRows(),
    check: (ms) =>
      within(
        ms,
        ready().then(({ db }) => sql`select 1`.execute(db)),
      ).then(() => undefined),
    close: () =>
      (closing ??= (async () => {
        await opening?.catch(() => undefined);
        await calls.store.close();
        await opened?.close().catch((error: unknown) => {
          log.warn("the database did not close well", { error: messageOf(error) });
        });
      })()),
  };
}
