// The command behind `npm run tunnel`: a public address, the server behind it and the number pointed at it, for as long as it
// runs. Whatever was done is undone in the opposite order, however the command ends.
import { parseArgs } from "node:util";
import { ConfigError } from "../config.ts";
import { checkAccount, pointNumber, putBack } from "./change-number.ts";
import { CommandError, EXIT, EXIT_HELP, type Terminal } from "./command.ts";
import { createKeptSettings, isHeld, type KeptSettings } from "./kept-settings.ts";
import type { NgrokOptions, OpenTunnel } from "./ngrok.ts";
import { createNumbers, type Numbers, type PhoneNumber } from "./numbers.ts";
import { overrideOf, planFor, type Target } from "./plan.ts";
import { describeOutcome } from "./report.ts";
import { healthy, isFree, stopServer, type ServerProcess } from "./server-process.ts";
import { readSettings } from "./settings.ts";
import { createStopWish, Stopped, type OnStop } from "./stop-signal.ts";
import { createUndo } from "./undo.ts";

const HELP = `Opens an ngrok tunnel, starts the server with its address, points TWILIO_PHONE_NUMBER at it, and puts the number's
old settings back when it ends (Ctrl-C: live calls may end first; twice: at once).

  npm run tunnel -- [options]

  --domain <name>   a domain reserved at ngrok, such as voice.ngrok.app
  --force           also take an application (VoiceApplicationSid) off the number for that time
  --help

Settings (environment or .env): the server's own, TWILIO_PHONE_NUMBER, and NGROK_AUTHTOKEN from the ngrok dashboard.
WEBHOOK_URL is the tunnel's. What the number was set to is kept in DATA_DIR/tunnel-number.json meanwhile: should this
command be killed, the next one restores it, and so does npm run twilio:configure -- --restore.

${EXIT_HELP}; once the server ran, its own exit code`;

const OPTIONS = {
  domain: { type: "string" },
  force: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const START_WITHIN_MS = 30_000;
const REACHABLE_WITHIN_MS = 15_000;
/** ms beyond the server's own limit after which it is cut off. */
const STOP_GRACE_MS = 25_000;

export interface TunnelParts {
  readonly terminal: Terminal;
  readonly tunnels: (options: Pick<NgrokOptions, "authtoken" | "domain">) => OpenTunnel;
  readonly startServer: (environment: Terminal["environment"]) => ServerProcess;
  readonly onStop: OnStop;
}

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

/** Resolves to the exit code when everything is undone; failures are told, not thrown. */
export async function runTunnel(argv: readonly string[], parts: TunnelParts): Promise<number> {
  const { terminal } = parts;
  let options: Options;
  try {
    options = readOptions(argv);
  } catch (error) {
    return tell(error, terminal);
  }
  if (options.help) {
    terminal.write(HELP);
    return EXIT.done;
  }
  const session = createSession(options, parts);
  let exitCode: number;
  try {
    exitCode = await session.run();
  } catch (error) {
    exitCode = tell(error, terminal);
  }
  return (await session.close()) || exitCode;
}

/** @returns the exit code. */
function tell(error: unknown, { complain }: Terminal): number {
  if (error instanceof Stopped) return error.exitCode;
  if (error instanceof CommandError || error instanceof ConfigError) complain(error.message);
  else complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return error instanceof CommandError ? error.exitCode : EXIT.configuration;
}

function createSession(options: Options, { terminal, tunnels, startServer, onStop }: TunnelParts) {
  const undo = createUndo(terminal);
  let server: ServerProcess | undefined;
  const stop = createStopWish(
    onStop,
    (signal) => terminal.write(`${signal}: putting everything back.`),
    () => server?.stop(),
  );

  /** Everything up, in order; then waits for the end. */
  async function run(): Promise<number> {
    const settings = readSettings(terminal, {
      command: "npm run tunnel",
      needs: ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "OPENAI_API_KEY", "NGROK_AUTHTOKEN"],
      makes: ["WEBHOOK_URL"],
      wholeServer: true,
    });
    const { config, accountSid, authToken } = settings;
    const numbers = createNumbers({ accountSid, authToken, apiBaseUrl: config.TWILIO_API_BASE_URL });
    const file = createKeptSettings(config.DATA_DIR);
    await mend(numbers, file, accountSid);
    const number = await numbers.find(settings.phoneNumber);
    checkOverrides(number);
    await checkPort(config.PORT, config.HOST);
    stop.goOn();

    const target = `${/^(0\.0\.0\.0|::)$/.test(config.HOST) ? "127.0.0.1" : config.HOST}:${config.PORT}`;
    const url = await openTunnel(target);
    const started = startServer({ ...terminal.environment, WEBHOOK_URL: url });
    server = started;
    terminal.write(`Starting the server, process ${started.pid}.`);
    undo.push("stop the server", () => stopServer(started, config.DRAIN_TIMEOUT_S * 1000 + STOP_GRACE_MS));
    await serves(started, `http://${target}`, START_WITHIN_MS);
    await serves(started, url, REACHABLE_WITHIN_MS);

    const aim = { webhookUrl: url, fallbackUrl: config.VOICE_FALLBACK_URL, force: options.force };
    await take(numbers, number, file, accountSid, aim);
    terminal.write(`Ready: call ${number.number}. Ctrl-C ends it and puts the number back.`);
    await Promise.race([stop.asked, started.exited]);
    if (!stop.isAsked()) terminal.complain(`The server ended by itself, with code ${await started.exited}.`);
    await undo.all();
    return started.exited;
  }

  /** Puts back what an earlier tunnel could not. */
  async function mend(numbers: Numbers, file: KeptSettings, accountSid: string): Promise<void> {
    const kept = file.read();
    if (!kept) return;
    checkAccount(kept, accountSid, file.path);
    if (isHeld(kept)) {
      const how = "stop it first (if that process is something else: npm run twilio:configure -- --restore --force)";
      throw new CommandError(EXIT.usage, `Another tunnel holds ${kept.number} (process ${kept.pid}): ${how}`);
    }
    terminal.write(
      `An earlier tunnel (process ${kept.pid}, ${kept.savedAt}) was killed: putting back what it changed.`,
    );
    const outcome = await putBack(numbers, file, kept);
    terminal.write(outcome ? describeOutcome(outcome) : `${kept.number} is not in the account any more.`);
  }

  function checkOverrides({ settings }: PhoneNumber): void {
    const override = overrideOf(options.force ? { ...settings, VoiceApplicationSid: "" } : settings);
    if (override) throw new CommandError(EXIT.overridden, override);
  }

  async function openTunnel(target: string): Promise<string> {
    const { NGROK_AUTHTOKEN: authtoken = "" } = terminal.environment;
    terminal.write(`Opening a tunnel to ${target}.`);
    const opening = tunnels({ authtoken, domain: options.domain })({
      target,
      onStatus: (status) => terminal.write(`Tunnel: ${status}.`),
    });
    undo.push("close the tunnel", async () => {
      await (await opening.catch(() => undefined))?.close();
    });
    const { url } = await stop.unlessAsked(opening);
    terminal.write(`The tunnel is ${url}`);
    return url;
  }

  /** @throws CommandError when it does not; Stopped. */
  async function serves(started: ServerProcess, origin: string, withinMs: number): Promise<void> {
    const why = await healthy(`${origin}/health`, withinMs, () => started.hasExited() || stop.isAsked());
    stop.goOn();
    if (started.hasExited()) {
      const exitCode = (await started.exited) || EXIT.configuration;
      throw new CommandError(exitCode, "The server ended while it started; what it said stands above");
    }
    if (why !== undefined) throw new CommandError(EXIT.unreachable, `The server does not answer at ${origin}: ${why}`);
  }

  async function take(
    numbers: Numbers,
    number: PhoneNumber,
    file: KeptSettings,
    accountSid: string,
    target: Target,
  ): Promise<void> {
    const kept = {
      accountSid,
      sid: number.sid,
      number: number.number,
      pid: process.pid,
      savedAt: new Date().toISOString(),
      before: number.settings,
      made: planFor(target, number.settings).after,
    };
    file.write(kept);
    undo.push("put the number back (npm run twilio:configure -- --restore tries again)", async () => {
      const left = file.read();
      const outcome = left && (await putBack(numbers, file, left));
      if (outcome) terminal.write(describeOutcome(outcome));
    });
    const outcome = await pointNumber(numbers, number, target);
    terminal.write(describeOutcome(outcome));
    file.write({ ...kept, made: outcome.after });
    stop.goOn();
  }

  return {
    run,
    /** Undoes what is left to be undone. Resolves to the exit code of what could not be undone, else 0. */
    async close(): Promise<number> {
      const exitCode = await undo.all();
      stop.close();
      return exitCode;
    },
  };
}

async function checkPort(port: number, host: string): Promise<void> {
  if (port === 0)
    throw new CommandError(EXIT.configuration, "PORT must not be 0: the tunnel has to know where it leads");
  if (await isFree(port, host)) return;
  const mend = "stop what listens there, or choose another with PORT";
  throw new CommandError(EXIT.configuration, `Port ${port} is taken: ${mend}`);
}
