// The command behind `npm run migrate`: brings the tables up to date, which a server does by itself at its start, or prints them.
import { parseArgs } from "node:util";
import { ConfigError } from "../config.ts";
import { explain } from "../storage/explain.ts";
import { schemaSql } from "../storage/migrate.ts";
import { askServer } from "./ask-server.ts";
import { EXIT, type Terminal } from "./command.ts";
import { openStorage, readStoreSettings } from "./store-settings.ts";

const HELP = `Brings the tables of the database up to date. A server does this by itself when it starts.

  npm run migrate -- [--sql]

  --sql    prints the whole schema instead, for those who run it themselves; needs no database
  --help

Exit codes: 0 done, 1 settings not usable, 2 wrong arguments, 4 the database does not work (npm run db:check tells more)`;

/** Resolves to the exit code; failures are told, not thrown. */
export async function migrateDatabase(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const options = { sql: { type: "boolean", default: false }, help: { type: "boolean", default: false } } as const;
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    if (values.help || values.sql) {
      terminal.write(values.help ? HELP : schemaSql().trimEnd());
      return EXIT.done;
    }
  } catch (error) {
    terminal.complain(`${error instanceof Error ? error.message : String(error)}\n(--help tells more)`);
    return EXIT.usage;
  }
  try {
    const settings = readStoreSettings(terminal);
    // An embedded database that is in use is its server's, which has brought it up to date at its start.
    const running =
      settings.DATABASE_URL === undefined ? await askServer(settings.DATA_DIR, "store.check", undefined) : undefined;
    if (running) {
      if (running.error === undefined) terminal.write("The tables are up to date: the running server has seen to it.");
      else terminal.complain(`The running server says: ${running.error}.`);
      return running.error === undefined ? EXIT.done : EXIT.unreachable;
    }
    const storage = await openStorage(settings, terminal);
    await storage.close();
    terminal.write("The tables are up to date.");
    return EXIT.done;
  } catch (error) {
    const isSetting = error instanceof ConfigError;
    terminal.complain(isSetting ? error.message : explain(error, "the database"));
    return isSetting ? EXIT.configuration : EXIT.unreachable;
  }
}
