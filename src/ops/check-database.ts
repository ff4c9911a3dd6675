// The command behind `npm run db:check`: tests the connection to the database and says in plain words what is wrong with it.
import { parseArgs } from "node:util";
import { ConfigError } from "../config.ts";
import type { Finding } from "../storage/examine.ts";
import { EXIT, type Terminal } from "./command.ts";
import { lookAtDatabase } from "./look-at-database.ts";
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
  const wrong = await lookAtDatabase(settings, (finding) => {
    findings.push(finding);
    if (!json) terminal.write(`${finding.what.padEnd(10)} ${finding.found}`);
  });
  if (json)
    terminal.write(JSON.stringify({ ok: wrong === undefined, findings, ...(wrong && { wrong }) }, undefined, 2));
  else if (wrong === undefined) terminal.write("The database works.");
  else terminal.complain(wrong);
  return wrong === undefined ? EXIT.done : EXIT.unreachable;
}
