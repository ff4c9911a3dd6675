// The command behind `npm run doctor`: looks at everything a call needs, one line for each check, and says how to mend it.
import { parseArgs } from "node:util";
import { ConfigError, readConfig } from "../config.ts";
import type { CheckPorts } from "./checks/check.ts";
import { runChecks, SETTINGS, type Result } from "./checks/run-checks.ts";
import { EXIT, type Terminal } from "./command.ts";

const HELP = `Looks at all that a call needs: settings, data folder, database, Redis, the OpenAI key and models, a voice session,
the thread client, the Twilio account and number, and the public address with its certificate, signatures and WebSocket.
It changes nothing and costs nothing; a running server goes on undisturbed, and is needed for the public address.

  npm run doctor -- [--json]

  --json   one JSON object instead of text (with npm run --silent doctor)
  --help

A line is ok, warn, fail or skipped (what it is about is not used, or something it needs failed).
Exit codes: 0 nothing failed (there may be warnings), 1 something did, 2 wrong arguments`;

const OPTIONS = { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } } as const;
const WHAT_WIDTH = 17;
const STATUS_WIDTH = 7;

/** Resolves to the exit code; failures are told, not thrown. */
export async function diagnose(argv: readonly string[], terminal: Terminal, ports: CheckPorts): Promise<number> {
  let json: boolean;
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS, strict: true });
    if (values.help) {
      terminal.write(HELP);
      return EXIT.done;
    }
    json = values.json;
  } catch (error) {
    terminal.complain(`${error instanceof Error ? error.message : String(error)}\n(--help tells more)`);
    return EXIT.usage;
  }
  const tell = json ? () => undefined : (result: Result): void => terminal.write(lineOf(result));
  let results: readonly Result[];
  try {
    results = await runChecks(readConfig(terminal.environment), { ...ports, tell });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    results = [unusable(error)];
    results.forEach(tell);
  }
  const failed = results.some(({ status }) => status === "fail");
  terminal.write(
    json ? JSON.stringify({ ok: !failed, ...countsOf(results), checks: results }, undefined, 2) : sumOf(results),
  );
  return failed ? EXIT.configuration : EXIT.done;
}

/** Without settings that can be used there is nothing else to look at. */
function unusable({ problems }: ConfigError): Result {
  return {
    ...SETTINGS,
    status: "fail",
    found: "the server would not start, and nothing else can be looked at",
    mend: "in the environment or in .env (every variable is explained in .env.example)",
    details: problems,
    ms: 0,
  };
}

function lineOf({ status, what, found, mend, details = [] }: Result): string {
  const head = `${status.padEnd(STATUS_WIDTH)}  ${what.padEnd(WHAT_WIDTH)}  ${found}`;
  const indent = " ".repeat(STATUS_WIDTH + WHAT_WIDTH + 4);
  return [
    mend === undefined ? head : `${head}. To mend: ${mend}`,
    ...details.map((detail) => `${indent}- ${detail}`),
  ].join("\n");
}

function countsOf(results: readonly Result[]) {
  const count = (wanted: Result["status"]): number => results.filter(({ status }) => status === wanted).length;
  return { failed: count("fail"), warnings: count("warn"), skipped: count("skipped") };
}

function sumOf(results: readonly Result[]): string {
  const { failed, warnings, skipped } = countsOf(results);
  const good = results.length - failed - warnings - skipped;
  return `\n${good} ok, ${warnings} to look at, ${failed} failed, ${skipped} skipped.`;
}
