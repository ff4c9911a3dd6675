// The command behind `npm run db:check`: tests the connection to the database and says in plain words what is wrong with it.
import { parseArgs } from "node:util";
import { ConfigError } from "../config.ts";
import { explain } from "../storage/explain.ts";
import { examine, type Finding } from "../storage/examine.ts";
import { readAddress } from "../storage/postgres-address.ts";
import { askServer } from "./ask-server.ts";
import { CommandError, EXIT, type Terminal } from "./command.ts";
import { readStoreSettings, type StoreSettings } from "./store-settings.ts";

const HELP = `Tests the database of DATABASE_URL (with DATABASE_CA_FILE), or the embedded one in DATA_DIR.

  npm run db:check -- [--json]

Exit codes: 0 it works, 1 settings not usable, 2 wrong arguments, 4 it does not work, and why`;

/** Resolves to the exit code; failures are told, not thrown. */
export async function checkDatabase(argv: readonly string[], terminal: Terminal): Promise<number> {
  let json: boolean;
  try {
    const options = { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } } as const;
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    json = values.json;
    if (values.help) {
      terminal.write(HELP);
      return EXIT.done;
    }
  } catch (error) {
    terminal.complain(`${error instanceof Error ? error.message : String(error)}\n(--help tells more)`);
    return EXIT.usage;
  }
  let settings: StoreSettings;
  try {
    settings = readStoreSettings(terminal);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    terminal.complain(error.message);
    return EXIT.configuration;
  }
  const findings: Finding[] = [];
  let wrong: string | undefined;
  try {
    const tell = (finding: Finding): void => {
      findings.push(finding);
      if (!json) terminal.write(`${finding.what.padEnd(10)} ${finding.found}`);
    };
    // The embedded database is the running server's alone: it is asked how it does.
    const answer =
      settings.DATABASE_URL === undefined ? await askServer(settings.DATA_DIR, "store.check", undefined) : undefined;
    if (answer === undefined) await examine(targetOf(settings), tell);
    else if (answer.error === undefined) {
      const { pendingRows } = answer.output as { readonly pendingRows: number };
      tell({ what: "database", found: `embedded, in ${settings.DATA_DIR}, of the running server` });
      tell({ what: "answers", found: `yes; ${pendingRows} rows wait to be written` });
    } else wrong = `The running server says: ${answer.error}.`;
  } catch (error) {
    wrong = error instanceof CommandError ? error.message : explain(error, whereOf(settings));
  }
  if (json)
    terminal.write(JSON.stringify({ ok: wrong === undefined, findings, ...(wrong && { wrong }) }, undefined, 2));
  else if (wrong === undefined) terminal.write("The database works.");
  else terminal.complain(wrong);
  return wrong === undefined ? EXIT.done : EXIT.unreachable;
}

function targetOf({ DATA_DIR, DATABASE_URL, DATABASE_CA_FILE }: StoreSettings) {
  return {
    dataDir: DATA_DIR,
    ...(DATABASE_URL !== undefined && { databaseUrl: DATABASE_URL }),
    ...(DATABASE_CA_FILE !== undefined && { caFile: DATABASE_CA_FILE }),
  };
}

function whereOf({ DATA_DIR, DATABASE_URL }: StoreSettings): string {
  if (DATABASE_URL === undefined) return DATA_DIR;
  try {
    return readAddress(DATABASE_URL, undefined).where;
  } catch {
    return "DATABASE_URL";
  }
}
