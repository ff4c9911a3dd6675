// The command behind `npm run twilio:configure`: points the number at WEBHOOK_URL, or puts back what a killed tunnel left.
import { parseArgs } from "node:util";
import { ConfigError } from "../config.ts";
import { checkAccount, pointNumber, putBack } from "./change-number.ts";
import { CommandError, EXIT, EXIT_HELP, type Terminal } from "./command.ts";
import { createKeptSettings, isHeld } from "./kept-settings.ts";
import { createNumbers } from "./numbers.ts";
import { describeOutcome, errorJson, outcomeJson, type Outcome } from "./report.ts";
import { readSettings, type OpsSettings } from "./settings.ts";

const HELP = `Points TWILIO_PHONE_NUMBER at this server: its voice webhook, voice fallback and status callback.

  npm run twilio:configure -- [options]

  --dry-run   shows what would change, changes nothing
  --force     also takes an application (VoiceApplicationSid) off the number, which would override the webhook
  --restore   puts back what a tunnel changed that was killed before it could (DATA_DIR/tunnel-number.json);
              with --force even while a process with that tunnel's id runs
  --json      one JSON object instead of text
  --help

Settings (environment or .env): TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_PHONE_NUMBER, WEBHOOK_URL, and
VOICE_FALLBACK_URL: TwiML on another host, which is asked for with GET when this server does not answer.

${EXIT_HELP}`;

const OPTIONS = {
  "dry-run": { type: "boolean", default: false },
  force: { type: "boolean", default: false },
  restore: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

type Options = ReturnType<typeof readOptions>;

function readOptions(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new CommandError(
      EXIT.usage,
      `${error instanceof Error ? error.message : String(error)}\n(--help tells more)`,
    );
  }
}

/** Resolves to the exit code; failures are told, not thrown. */
export async function configureTwilio(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const options = readOptions(argv);
    if (options.help) {
      terminal.write(HELP);
      return EXIT.done;
    }
    return options.restore ? await restore(options, terminal) : await configure(options, terminal);
  } catch (error) {
    const exitCode = error instanceof CommandError ? error.exitCode : EXIT.configuration;
    if (!(error instanceof CommandError || error instanceof ConfigError)) throw error;
    terminal.complain(error.message);
    if (argv.includes("--json")) terminal.write(errorJson(exitCode, error.message));
    return exitCode;
  }
}

async function configure(options: Options, terminal: Terminal): Promise<number> {
  const settings = readSettings(terminal, {
    command: "npm run twilio:configure",
    needs: ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "WEBHOOK_URL"],
  });
  const { config, phoneNumber } = settings;
  const numbers = numbersOf(settings);
  const target = {
    webhookUrl: config.WEBHOOK_URL as string,
    fallbackUrl: config.VOICE_FALLBACK_URL,
    force: options.force,
  };
  const found = await numbers.find(phoneNumber);
  const outcome = await pointNumber(numbers, found, target, { dryRun: options["dry-run"] });
  tell(outcome, options, terminal);
  return outcome.overridden ? EXIT.overridden : EXIT.done;
}

async function restore(options: Options, terminal: Terminal): Promise<number> {
  const settings = readSettings(terminal, {
    command: "npm run twilio:configure -- --restore",
    needs: ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"],
    makes: ["WEBHOOK_URL", "TWILIO_PHONE_NUMBER"],
  });
  const file = createKeptSettings(settings.config.DATA_DIR);
  const kept = file.read();
  if (!kept) return nothing(`there is no ${file.path}`, options, terminal);
  checkAccount(kept, settings.accountSid, file.path);
  if (isHeld(kept) && !options.force) {
    const mend = "stop it, and it restores the number itself (--force restores nevertheless)";
    throw new CommandError(EXIT.usage, `A tunnel holds the number (process ${kept.pid}): ${mend}`);
  }
  const outcome = await putBack(numbersOf(settings), file, kept, { dryRun: options["dry-run"] });
  if (!outcome) return nothing(`${kept.number} is not in the account any more`, options, terminal);
  tell(outcome, options, terminal);
  return EXIT.done;
}

function nothing(why: string, { json }: Options, terminal: Terminal): number {
  terminal.write(
    json ? JSON.stringify({ changed: false, warnings: [why] }, undefined, 2) : `Nothing to restore: ${why}.`,
  );
  return EXIT.done;
}

function tell(outcome: Outcome, { json }: Options, terminal: Terminal): void {
  terminal.write(json ? outcomeJson(outcome) : describeOutcome(outcome));
}

function numbersOf({ config, accountSid, authToken }: OpsSettings) {
  return createNumbers({ accountSid, authToken, apiBaseUrl: config.TWILIO_API_BASE_URL });
}
