// Starts the server, says what it is, and leaves decently: SIGTERM waits for the calls, a second signal does not.
import { config as loadDotenv } from "dotenv";
import { buildApp } from "./app.ts";
import { describe } from "./app/settings.ts";
import { ConfigError, readConfig, type Config } from "./config.ts";
import { secretsOf } from "./config/secrets.ts";
import { createLog } from "./observe/log.ts";

function readOrExit(): Config {
  loadDotenv({ quiet: true });
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function logOrExit(): ReturnType<typeof createLog> {
  const { LOG_LEVEL: level, LOG_FILE: file } = config;
  try {
    return createLog({ level, file, pretty: process.stdout.isTTY, secrets: secretsOf(config) });
  } catch (error) {
    process.stderr.write(
      `LOG_FILE: its folder cannot be made (${error instanceof Error ? error.message : "unknown"}).\n` +
        "To mend: name a file in a folder that can be written to, or leave LOG_FILE empty.\n",
    );
    process.exit(1);
  }
}

const config = readOrExit();
const log = logOrExit();
const app = buildApp({ config, log });

// A log that nobody reads any more (a closed terminal, a dead pipe) ends nothing; and telling of it would fail again, for ever.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

// A defect must not take the calls of everyone else with it; it is told loudly and counted by whoever watches the log.
process.on("uncaughtException", (error) => log.error("uncaught exception", { error: error.stack ?? error.message }));
process.on("unhandledRejection", (reason) =>
  log.error("unhandled rejection", { error: reason instanceof Error ? (reason.stack ?? reason.message) : "unknown" }),
);

/** A log that takes no more, or a disk that hangs, does not keep the process, ms. */
const LAST_LINES_MS = 200;
const lastLines = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, LAST_LINES_MS));

let leaving: AbortController | undefined;
function leave(signal: string): void {
  if (leaving) {
    log.warn("leaving at once", { signal });
    return leaving.abort();
  }
  leaving = new AbortController();
  log.info("no new calls from now on", { signal });
  void app
    .drain(leaving.signal)
    .then(
      () => log.info("stopped"),
      (error: unknown) => {
        process.exitCode = 1;
        log.error("the end was not clean", {
          error: error instanceof Error ? (error.stack ?? error.message) : "unknown",
        });
      },
    )
    .then(() => Promise.race([log.close(), lastLines()]))
    .then(() => process.exit());
}
process.on("SIGTERM", () => leave("SIGTERM"));
process.on("SIGINT", () => leave("SIGINT"));

try {
  const { port } = await app.listen();
  const facts = Object.entries({ ...describe(config), port: String(port) });
  if (process.stdout.isTTY) {
    const rule = "=".repeat(70);
    const lines = facts.map(([name, value]) => `  ${`${name}:`.padEnd(16)}${value}`);
    process.stdout.write(`${[rule, "VOICE AGENT SYSTEM STARTED", rule, ...lines, rule].join("\n")}\n`);
  } else log.info("VOICE AGENT SYSTEM STARTED", Object.fromEntries(facts));
  for (const warning of config.warnings) log.warn(warning);
} catch (error) {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  log.error(
    code === "EADDRINUSE" ? `port ${config.PORT} is taken: choose another with PORT` : "the server could not start",
    { error: error instanceof Error ? error.message : "unknown" },
  );
  await app.close();
  await log.close();
  process.exit(1);
}
