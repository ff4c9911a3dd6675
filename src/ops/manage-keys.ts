// The command behind `npm run keys`: makes, lists and revokes API keys, in the running server's store or in the store itself.
import { parseArgs } from "node:util";
import type { KeyShown } from "../storage/admin.ts";
import { askServerOrStore } from "./ask-server.ts";
import { EXIT, tellFailure, wrongArguments, type Terminal } from "./command.ts";
import { openStore, readStoreSettings } from "./store-settings.ts";

const HELP = `API keys: who may use the management API. Only their hashes are kept.

  npm run keys -- create NAME --role admin|organization|read [--org ID]
  npm run keys -- list
  npm run keys -- revoke NAME|ID

  --role   admin: everything; organization: everything of its own organization; read: looks, changes nothing
  --org    the key sees this organization only
  --json   one JSON object instead of text
  --help

A running server on this DATA_DIR is asked; without one the store is opened directly (DATA_DIR, or DATABASE_URL).
Exit codes: 0 done, 1 settings or store not usable, 2 wrong arguments, 3 refused, 4 the server does not answer`;

const OPTIONS = {
  role: { type: "string" },
  org: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Resolves to the exit code; failures are told, not thrown. */
export async function manageKeys(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = read(argv);
    if (values.help) terminal.write(HELP);
    else await run(values, positionals, terminal);
    return EXIT.done;
  } catch (error) {
    return tellFailure(error, terminal);
  }
}

function read(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    throw wrongArguments(error instanceof Error ? error.message : String(error));
  }
}

async function run(
  { role, org, json }: ReturnType<typeof read>["values"],
  [action, subject, ...more]: readonly string[],
  terminal: Terminal,
): Promise<void> {
  if (more.length > 0) throw wrongArguments(`too many arguments: ${more.join(" ")}`);
  const settings = readStoreSettings(terminal);
  const ask = (name: string, input: unknown): Promise<unknown> =>
    askServerOrStore({ dataDir: settings.DATA_DIR, name, input, openStore: () => openStore(settings, terminal) });
  const tell = (found: unknown, text: string): void =>
    terminal.write(json ? JSON.stringify(found, undefined, 2) : text);
  switch (action) {
    case "create": {
      if (subject === undefined || role === undefined) throw wrongArguments("create needs a NAME and a --role");
      const made = (await ask("keys.create", { name: subject, role, org })) as KeyShown & { readonly key: string };
      return tell(made, `${describe(made)}\n\n  ${made.key}\n\nThis is the only time it is shown.`);
    }
    case "list": {
      const found = (await ask("keys.list", undefined)) as readonly KeyShown[];
      return tell(found, found.length === 0 ? "There are no keys." : found.map(describe).join("\n"));
    }
    case "revoke": {
      if (subject === undefined) throw wrongArguments("revoke needs a NAME or an ID");
      await ask("keys.revoke", { key: subject });
      return tell({ revoked: subject }, `${subject} is revoked.`);
    }
    default:
      throw wrongArguments(action === undefined ? "say create, list or revoke" : `there is no ${action}`);
  }
}

function describe({ id, name, role, org, created, revoked }: KeyShown): string {
  const of = org === null ? "all organizations" : org;
  return `${name.padEnd(20)} ${role.padEnd(12)} ${of.padEnd(20)} ${created} ${revoked === null ? "" : `revoked ${revoked} `}${id}`;
}
