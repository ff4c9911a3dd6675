// A folder with an embedded database in it that was made before: making one takes seconds, copying it does not. The copy's source
// is kept in the system's temporary folder, for other tests and other runs of them.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { access, cp, mkdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { createStorage } from "../../src/storage/index.ts";
import { schemaSql } from "../../src/storage/migrate.ts";
import { keptLog, keptMeter } from "./observe.ts";

const PACKAGE = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
/** Another schema or another PGlite is another database. */
const KIND = createHash("sha256")
  .update(schemaSql() + (/"@electric-sql\/pglite": "(.*)"/.exec(PACKAGE)?.[1] ?? ""))
  .digest("hex");
const MADE = join(tmpdir(), `voicebridge-test-database-${KIND.slice(0, 12)}-${process.getuid?.() ?? 0}`);

/** Puts a database with its tables, and nothing in them, into this DATA_DIR. */
export async function putDatabase(dataDir: string): Promise<void> {
  const isMade = await access(MADE).then(
    () => true,
    () => false,
  );
  if (!isMade) await make();
  await mkdir(dataDir, { recursive: true });
  await cp(join(MADE, "pglite"), join(dataDir, "pglite"), { recursive: true });
}

async function make(): Promise<void> {
  const half = `${MADE}.${process.pid}`;
  const storage = createStorage({
    dataDir: half,
    log: keptLog(),
    meter: keptMeter(),
    clock: systemClock,
    ids: systemIds,
  });
  await storage.open();
  await storage.close();
  // Another test may have been faster: its copy is as good.
  await rename(half, MADE).catch(() => rm(half, { recursive: true, force: true }));
}
