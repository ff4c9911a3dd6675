// The command behind `npm run org`: an organization's configuration out of the store into a file, and back, in the running server
// or in the store itself.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { readConfig, surroundingsOf } from "../config.ts";
import { organizationRequests, type Imported, type OrganizationShown } from "../organizations/admin.ts";
import { readOrganization, writeOrganization } from "../organizations/file.ts";
import { replaceConfig } from "../organizations/merge.ts";
import { misgivingsOf } from "../organizations/misgivings.ts";
import { askServerOrStore, type Store } from "./ask-server.ts";
import { CommandError, EXIT, tellFailure, wrongArguments, type Terminal } from "./command.ts";
import { openStorage, readStoreSettings } from "./store-settings.ts";

const HELP = `Organizations: what each called number is answered with. docs/organizations.md explains every field.

  npm run org -- list
  npm run org -- export ID [FILE]    into the file, or onto the screen
  npm run org -- import FILE         - for standard input

An imported file becomes the whole configuration of the organization it names (org_id), which is made when there is none; it applies
to the next call. With \`version\` in it, it is only taken while the organization is at that version. Everything that is wrong
is listed, and then nothing is changed.

A running server on this DATA_DIR is asked; without one the store is opened directly (DATA_DIR, or DATABASE_URL).
Exit codes: 0 done, 1 settings or store not usable, 2 wrong arguments, 3 refused, 4 the server does not answer`;

/** What a configuration is judged against, beside its own form. */
const SURROUNDINGS = [
  "PRICES_FILE",
  "VOICE_MODE",
  "REALTIME_MODEL",
  "TRANSCRIPTION_MODEL",
  "THREAD_CLIENT",
  "ASSISTANT_MODEL",
  "AGENT_WORKFLOW_ID",
  "OPENAI_BASE_URL",
];

/** Resolves to the exit code; failures are told, not thrown. */
export async function manageOrganizations(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = read(argv);
    if (values.help) terminal.write(HELP);
    else await run(positionals, terminal);
    return EXIT.done;
  } catch (error) {
    return tellFailure(error, terminal);
  }
}

function read(argv: readonly string[]) {
  try {
    const options = { help: { type: "boolean", default: false } } as const;
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw wrongArguments(error instanceof Error ? error.message : String(error));
  }
}

async function run([action, subject, target, ...more]: readonly string[], terminal: Terminal): Promise<void> {
  if (more.length > 0) throw wrongArguments(`too many arguments: ${more.join(" ")}`);
  const ask = (name: string, input?: unknown): Promise<unknown> => {
    const { DATA_DIR: dataDir } = readStoreSettings(terminal);
    return askServerOrStore({ dataDir, name, input, openStore: () => openOrganizations(terminal) });
  };
  switch (action) {
    case "list": {
      const found = (await ask("organizations.list")) as readonly OrganizationShown[];
      return terminal.write(found.map(describe).join("\n"));
    }
    case "export": {
      if (subject === undefined) throw wrongArguments("export needs the ID of an organization");
      const found = (await ask("organizations.export", { org_id: subject })) as OrganizationShown;
      const text = writeOrganization(found);
      if (target === undefined) return terminal.write(text.trimEnd());
      await writeFile(target, text);
      return terminal.write(`${subject}, version ${found.version}, is in ${target}.`);
    }
    case "import": {
      if (subject === undefined) throw wrongArguments("import needs a FILE");
      if (target !== undefined) throw wrongArguments(`too many arguments: ${target}`);
      const given = readOrganization(await textOf(subject));
      if (!given.ok) throw refused(subject, given.problems);
      const {
        org_id: orgId,
        version,
        created,
      } = (await ask("organizations.import", given.file).catch((error: unknown) => {
        throw isRefusal(error) ? refused(subject, error.message.split("\n")) : error;
      })) as Imported;
      return terminal.write(`${orgId} is ${created ? "made" : "changed"}: version ${version}, for the next call.`);
    }
    default:
      throw wrongArguments(action === undefined ? "say list, export or import" : `there is no ${action}`);
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof Error && (error.name === "Refused" || (error as CommandError).exitCode === EXIT.refused);
}

function refused(file: string, problems: readonly string[]): CommandError {
  return new CommandError(
    EXIT.refused,
    [`${file} was not imported, nothing is changed:`, ...problems.map((problem) => `  ${problem}`)].join("\n"),
  );
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file === "-" ? "/dev/stdin" : file, "utf8");
  } catch (error) {
    throw wrongArguments(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describe({ org_id: orgId, version, config, updated, by }: OrganizationShown): string {
  const name = typeof config.name === "string" ? config.name : "";
  return `${orgId.padEnd(20)} version ${String(version).padEnd(5)} ${updated} ${by.padEnd(16)} ${name}`.trimEnd();
}

/** Judged by the settings of this environment, as a server started in it would. */
async function openOrganizations(terminal: Terminal): Promise<Store> {
  const { environment } = terminal;
  const config = readConfig(Object.fromEntries(SURROUNDINGS.map((name) => [name, environment[name]])));
  const misgivings = misgivingsOf(surroundingsOf(config));
  const storage = await openStorage(readStoreSettings(terminal), terminal);
  const { organizations: store } = storage;
  return {
    handlers: organizationRequests({
      get: (orgId) => store.get(orgId),
      all: () => store.all(),
      replace: (orgId, given, options) => replaceConfig(store, misgivings, orgId, given, options),
    }),
    close: () => storage.close(),
  };
}
