// What commands about the store read of the configuration, and how they open it.
import { readConfig, type Config } from "../config.ts";
import type { Log, Meter } from "../core/observe.ts";
import { systemClock, systemIds } from "../observe/system.ts";
import { storeRequests } from "../storage/admin.ts";
import { createStorage, type OpenableStorage, type StorageParts } from "../storage/index.ts";
import type { Store } from "./ask-server.ts";
import type { Terminal } from "./command.ts";

const NAMES = ["DATA_DIR", "DATABASE_URL", "DATABASE_CA_FILE"] as const;

export type StoreSettings = Pick<Config, (typeof NAMES)[number]>;

/** Only what the store needs: a server's other settings may be wrong, or somewhere else. @throws ConfigError */
export function readStoreSettings({ environment }: Terminal): StoreSettings {
  return readConfig(Object.fromEntries(NAMES.map((name) => [name, environment[name]])));
}

/** A command says itself what it did; of the store's own words only those matter that mean trouble. */
function complaining({ complain }: Terminal): Log {
  const say = (message: string, fields?: object): void =>
    complain(`${message}${fields ? ` ${JSON.stringify(fields)}` : ""}`);
  const log: Log = { debug: () => undefined, info: () => undefined, warn: say, error: say, with: () => log };
  return log;
}

const noMeter: Meter = { count: () => undefined, gauge: () => undefined, observe: () => undefined };

export function storageParts(settings: StoreSettings, terminal: Terminal): StorageParts {
  return {
    dataDir: settings.DATA_DIR,
    ...(settings.DATABASE_URL !== undefined && { databaseUrl: settings.DATABASE_URL }),
    ...(settings.DATABASE_CA_FILE !== undefined && { caFile: settings.DATABASE_CA_FILE }),
    log: complaining(terminal),
    meter: noMeter,
    clock: systemClock,
    ids: systemIds,
  };
}

/** The store itself, for when no server runs. @throws what opening it fails with. */
export async function openStorage(settings: StoreSettings, terminal: Terminal): Promise<OpenableStorage> {
  const storage = createStorage(storageParts(settings, terminal));
  try {
    await storage.open();
    await storage.check(10_000);
    return storage;
  } catch (error) {
    await storage.close();
    throw error;
  }
}

export async function openStore(settings: StoreSettings, terminal: Terminal): Promise<Store> {
  const storage = await openStorage(settings, terminal);
  return { handlers: storeRequests(storage), close: () => storage.close() };
}
