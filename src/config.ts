// Environment -> one frozen, typed Config. The only reader of process.env. Everything that is wrong is told at once.
import { readFileSync } from "node:fs";
import { z } from "zod";

const integer = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .refine((value) => value >= low && value <= high, `must be between ${low} and ${high}`);
const decimal = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, "must be a number")
    .transform(Number)
    .refine((value) => value >= low && value <= high, `must be between ${low} and ${high}`);
const flag = z.enum(["true", "false"], "must be true or false").transform((value) => value === "true");
const number = z.string().regex(/^\+[1-9]\d{6,14}$/, "must be a phone number in E.164 form, such as +15551234567");
const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http:// or https:// address" });
const words = z.string().max(4000, "must have at most 4000 characters");

const apiKeys = z.string().transform((value, context) =>
  value.split(",").map((entry) => {
    const [, name, role, key] = /^\s*([^:@]+):(admin|read):(\S{16,})\s*$/.exec(entry) ?? [];
    if (!name || !role || !key) {
      context.addIssue(
        "must be a list of name:role:key (role admin or read, key of 16 characters or more), separated by commas",
      );
      return z.NEVER;
    }
    return { name, role: role as "admin" | "read", key };
  }),
);

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const origin = httpUrl.transform((value, context) => {
  const url = new URL(value);
  if (url.pathname !== "/" || url.search || url.hash || url.username) {
    context.addIssue("must be an origin such as https://voice.example.com, without a path");
  }
  if (url.protocol !== "https:" && !LOOPBACK.test(url.hostname)) {
    context.addIssue("must be https:// (http:// only for this machine): Twilio streams to wss:// addresses alone");
  }
  return url.origin;
});

/** Every variable, its form and its default. `.env.example` explains each; a test compares the two. */
const variables = z.object({
  NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
  PORT: integer(0, 65535).default(5000),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/, "must be an address or a host name")
    .default("0.0.0.0"),
  TRUST_PROXY: integer(0, 10).default(0),
  DATA_DIR: z.string().default("data"),
  LOG_LEVEL: z.enum(["error", "warn", "info", "debug"]).default("info"),
  LOG_FILE: z.string().optional(),
  LOG_CONTENT: flag.default(false),
  API_KEYS: apiKeys.default([]),
  METRICS_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),

  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-fA-F]{32}$/, "must be AC and 32 hexadecimal digits")
    .optional(),
  TWILIO_AUTH_TOKEN: z.string().min(8, "is too short for an auth token").optional(),
  TWILIO_AUTH_TOKEN_SECONDARY: z.string().min(8, "is too short for an auth token").optional(),
  TWILIO_PHONE_NUMBER: number.optional(),
  TWILIO_API_BASE_URL: httpUrl.default("https://api.twilio.com"),
  TWILIO_VALIDATE: flag.default(true),
  WEBHOOK_URL: origin.optional(),
  VOICE_FALLBACK_URL: httpUrl.optional(),
  TRANSFER_NUMBER: number.optional(),
  TRANSFER_BRIEFING: flag.default(false),

  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: httpUrl.transform((value) => value.replace(/\/+$/, "")).default("https://api.openai.com/v1"),
  THREAD_CLIENT: z.enum(["responses", "assistants", "chat"]).optional(),
  ASSISTANT_MODEL: z.string().default("gpt-6-luna"),
  AGENT_WORKFLOW_ID: z.string().optional(),
  PERSONA_FILE: z.string().optional(),
  THREAD_PER: z.enum(["call", "caller"]).default("call"),
  THREAD_TIMEOUT_MS: integer(100, 120_000).default(10_000),

  VOICE_MODE: z.enum(["assistant", "speech-to-speech"]).default("assistant"),
  REALTIME_MODEL: z.string().default("gpt-realtime-2.1"),
  VOICE: z.string().default("marin"),
  VOICE_SPEED: decimal(0.25, 1.5).default(1),
  VAD: z.enum(["server_vad", "semantic_vad"]).default("server_vad"),
  VAD_THRESHOLD: decimal(0, 1).default(0.5),
  VAD_PREFIX_MS: integer(0, 5000).default(300),
  VAD_SILENCE_MS: integer(100, 5000).default(500),
  VAD_EAGERNESS: z.enum(["low", "medium", "high", "auto"]).default("auto"),
  TRANSCRIPTION_MODEL: z.string().default("gpt-live-transcribe"),
  TRANSCRIPTION_LANGUAGE: z
    .string()
    .regex(/^[a-z]{2}$/, "must be a two-letter ISO-639-1 code")
    .optional(),
  TRANSCRIPTION_TIMEOUT_MS: integer(100, 30_000).default(4000),

  GREETING: words.default("Hello, thanks for calling. I am an AI assistant. How can I help you?"),
  BACKCHANNEL_MS: integer(0, 5000).default(700),
  FILLER_AFTER_MS: integer(100, 60_000).default(1500),
  SILENCE_PROMPT_S: decimal(0.1, 600).default(10),
  MAX_CALL_MINUTES: decimal(0.01, 55).default(30),
  MAX_CALLS: integer(1, 10_000).default(100),
  DRAIN_TIMEOUT_S: decimal(0, 3600).default(30),
});

type Variables = z.infer<typeof variables>;
export type Config = Readonly<Omit<Variables, "THREAD_CLIENT">> & {
  readonly THREAD_CLIENT: "responses" | "assistants" | "chat";
  /** Present when the phone channel is configured. */
  readonly phone?: PhoneConfig;
  /** What the start-up log should warn of. */
  readonly warnings: readonly string[];
  /** Text of PERSONA_FILE. */
  readonly persona?: string;
};

export interface PhoneConfig {
  readonly accountSid: string;
  /** The primary and, during a rotation, the secondary token. */
  readonly authTokens: readonly string[];
  /** https://host[:port], no trailing slash. */
  readonly webhookUrl: string;
  readonly validate: boolean;
}

export const VARIABLE_NAMES: readonly string[] = Object.keys(variables.shape);

/** The environment does not describe a server that could run; the message lists everything wrong and how to mend it. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join("\n")}\n` +
        "Mend these in the environment or in .env (every variable is explained in .env.example).\n" +
        "To hear a call without any account: npm run demo",
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** @throws ConfigError listing every problem at once. An empty variable counts as unset. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given: Record<string, string> = {};
  for (const name of VARIABLE_NAMES) {
    const value = environment[name]?.trim();
    if (value) given[name] = value;
  }
  const problems: string[] = [];
  const parsed = variables.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join(".")} ${issue.message}`);
  problems.push(...phoneGaps(given), ...threadProblems(given), ...voiceProblems(given));

  let persona: string | undefined;
  if (given.PERSONA_FILE) {
    try {
      persona = readFileSync(given.PERSONA_FILE, "utf8");
    } catch {
      problems.push(`PERSONA_FILE cannot be read: ${given.PERSONA_FILE}`);
    }
  }
  if (!parsed.data || problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(assemble(parsed.data, persona));
}

const PHONE_NEEDS = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "WEBHOOK_URL", "OPENAI_API_KEY"];
const PHONE_SIGNS = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "WEBHOOK_URL"];

function phoneGaps(given: Readonly<Record<string, string>>): string[] {
  const signs = PHONE_SIGNS.filter((name) => given[name]);
  if (signs.length === 0) return [];
  return PHONE_NEEDS.filter((name) => !given[name]).map(
    (name) => `${name} is missing: the phone channel needs it (${signs.join(", ")} set)`,
  );
}

function threadProblems(given: Readonly<Record<string, string>>): string[] {
  const id = given.AGENT_WORKFLOW_ID;
  const mend = "use THREAD_CLIENT=responses with ASSISTANT_MODEL and PERSONA_FILE instead";
  if (given.THREAD_CLIENT === "assistants" && !id) {
    return ["AGENT_WORKFLOW_ID is missing: THREAD_CLIENT=assistants needs the assistant's id (asst_...)"];
  }
  if (!id) return [];
  if (!id.startsWith("asst_")) {
    return [`AGENT_WORKFLOW_ID must be an assistant's id (asst_...), not "${id.slice(0, 5)}...": ${mend}`];
  }
  if (given.THREAD_CLIENT && given.THREAD_CLIENT !== "assistants") return [];
  if (!isVendorHost(given.OPENAI_BASE_URL)) return [];
  return [
    `AGENT_WORKFLOW_ID names an assistant, but the Assistants API was shut down on 2026-08-26 at this host: ${mend}`,
  ];
}

function isVendorHost(baseUrl: string | undefined): boolean {
  try {
    return /(^|\.)(openai|azure)\.com$/.test(new URL(baseUrl ?? "https://api.openai.com/v1").hostname);
  } catch {
    return false; // The malformed address is a problem of its own.
  }
}

function voiceProblems(given: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  if (given.TRANSCRIPTION_MODEL?.startsWith("gpt-realtime-whisper")) {
    problems.push(
      "TRANSCRIPTION_MODEL gpt-realtime-whisper cannot be used with turn detection: use gpt-live-transcribe",
    );
  }
  if (given.NODE_ENV === "production" && given.TWILIO_VALIDATE === "false") {
    problems.push("TWILIO_VALIDATE=false is refused in production: anyone could place calls at your cost");
  }
  return problems;
}

function assemble(values: Variables, persona: string | undefined): Config {
  const warnings: string[] = [];
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: token, WEBHOOK_URL: webhookUrl } = values;
  if (!accountSid) warnings.push("Twilio is not configured: the phone routes are off (they answer 404)");
  if (!values.OPENAI_API_KEY) warnings.push("OPENAI_API_KEY is not set: nothing that needs a model will work");
  if (values.API_KEYS.length === 0) warnings.push("API_KEYS is not set: /api answers 401 to everybody");
  if (!values.TWILIO_VALIDATE) warnings.push("TWILIO_VALIDATE=false: anyone who finds this address can place calls");
  const phone: PhoneConfig | undefined =
    accountSid && token && webhookUrl
      ? {
          accountSid,
          authTokens: [token, ...(values.TWILIO_AUTH_TOKEN_SECONDARY ? [values.TWILIO_AUTH_TOKEN_SECONDARY] : [])],
          webhookUrl,
          validate: values.TWILIO_VALIDATE,
        }
      : undefined;
  const client =
    values.THREAD_CLIENT ??
    (values.AGENT_WORKFLOW_ID?.startsWith("asst_") && !isVendorHost(values.OPENAI_BASE_URL)
      ? "assistants"
      : "responses");
  return {
    ...values,
    THREAD_CLIENT: client,
    ...(phone && { phone }),
    ...(persona !== undefined && { persona }),
    warnings,
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (part && typeof part === "object") deepFreeze(part as object);
  return Object.freeze(value);
}
