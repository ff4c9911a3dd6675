// The storage as the configuration wants it, and warnings where what it keeps will not last or there is no room for it.
import { dirname } from "node:path";
import type { Config } from "../config.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { passingDisk } from "../storage/disk.ts";
import { watchDisks } from "../storage/disk-watch.ts";
import { createStorage, type OpenableStorage } from "../storage/index.ts";

export function storageFor(
  config: Pick<Config, "DATA_DIR" | "DATABASE_URL" | "DATABASE_CA_FILE">,
  parts: { readonly log: Log; readonly meter: Meter; readonly clock: Clock; readonly ids: Ids },
): OpenableStorage {
  return createStorage({
    ...parts,
    dataDir: config.DATA_DIR,
    ...(config.DATABASE_URL !== undefined && { databaseUrl: config.DATABASE_URL }),
    ...(config.DATABASE_CA_FILE !== undefined && { caFile: config.DATABASE_CA_FILE }),
  });
}

/** Told at the start: a record that is gone with the next deployment is noticed too late. */
export async function warnOfPassingDisk(config: Pick<Config, "DATA_DIR" | "DATABASE_URL">, log: Log): Promise<void> {
  const kind = await passingDisk(config.DATA_DIR).catch(() => undefined);
  if (kind === undefined) return;
  const what = config.DATABASE_URL === undefined ? "call records, keys and recordings" : "recordings and the spool";
  log.warn(`DATA_DIR is on a disk that is not kept (${kind}): ${what} are gone with it. Mount a volume there`);
}

/** Until the function it returns is called. */
export function watchDisksOf(
  { DATA_DIR, LOG_FILE }: Pick<Config, "DATA_DIR" | "LOG_FILE">,
  parts: { readonly log: Log; readonly meter: Meter; readonly clock: Clock },
): () => void {
  return watchDisks({
    ...parts,
    folders: { data: DATA_DIR, ...(LOG_FILE !== undefined && { log: dirname(LOG_FILE) }) },
  });
}
