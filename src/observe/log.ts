// The log: winston behind the core's port. On a terminal a line begins with the call, `[CA...]`; elsewhere lines are JSON.
// What must never be written (keys, tokens, numbers) is masked here as a last resort; nobody should send it in the first place.
import winston from "winston";
import type { Log, LogFields } from "../core/observe.ts";
import { createLogFile } from "./log-file.ts";

export interface LogOptions {
  readonly level: "error" | "warn" | "info" | "debug";
  /** Also written here, rotated at 10 MB, five files. */
  readonly file?: string | undefined;
  /** Exact texts to mask wherever they turn up. */
  readonly secrets: readonly string[];
  /** True: lines for people; false: JSON. */
  readonly pretty: boolean;
}

/** Phone numbers in E.164 form; ids keep their digits because they have letters before them. */
const PHONE_NUMBER = /(?<![\w.])\+\d{7,15}\b/g;
const MASK = "***";

export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) if (secret.length >= 6) masked = masked.replaceAll(secret, MASK);
  return masked.replace(PHONE_NUMBER, MASK);
}

/** Control characters from outside must not forge lines. */
function flat(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ");
}

/** The line's own; a field of that name gets an underscore behind it instead of taking its place. */
const RESERVED = new Set(["level", "message", "timestamp"]);

function cleaned(fields: LogFields, secrets: readonly string[]): Record<string, string | number | boolean> {
  const out: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    out[RESERVED.has(name) ? `${name}_` : name] = typeof value === "string" ? maskSecrets(value, secrets) : value;
  }
  return out;
}

function prettyLine(info: winston.Logform.TransformableInfo): string {
  const { level, message, timestamp, call, callId, stack: _stack, ...rest } = info;
  const details = Object.entries(rest)
    .map(([name, value]) => `${name}=${flat(String(value))}`)
    .join(" ");
  const id = call ?? callId;
  const prefix = typeof id === "string" ? `[${id}] ` : "";
  const word = level === "info" ? "" : `${level.toUpperCase()} `;
  return `${prefix}${String(timestamp).slice(11, 23)} ${word}${flat(String(message))}${details ? `  ${details}` : ""}`;
}

export function createLog(options: LogOptions): Log & { close(): Promise<void> } {
  const { format, transports } = winston;
  const file = options.file === undefined ? undefined : createLogFile(options.file);
  const logger = winston.createLogger({
    level: options.level,
    format: format.combine(format.timestamp(), options.pretty ? format.printf(prettyLine) : format.json()),
    transports: [
      new transports.Console({ stderrLevels: ["error"] }),
      ...(file
        ? [new transports.Stream({ stream: file.stream, format: format.combine(format.timestamp(), format.json()) })]
        : []),
    ],
    exitOnError: false,
  });
  // A full disk or a closed pipe must not end a call: the line is lost, the program is not.
  for (const transport of logger.transports) transport.on("error", () => {});
  logger.on("error", () => {});

  function bind(fixed: LogFields): Log {
    const write =
      (level: LogOptions["level"]) =>
      (message: string, fields: LogFields = {}): void => {
        if (!logger.isLevelEnabled(level)) return;
        logger.log({
          level,
          message: maskSecrets(message, options.secrets),
          ...cleaned({ ...fixed, ...fields }, options.secrets),
        });
      };
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      with: (fields) => bind({ ...fixed, ...fields }),
    };
  }

  return {
    ...bind({}),
    async close() {
      await new Promise<void>((resolve) => {
        logger.once("finish", () => resolve());
        logger.end();
      });
      await file?.close();
    },
  };
}
