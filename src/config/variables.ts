// Every environment variable: its form and its default, nothing about how they hang together (checks.ts). `.env.example`
// explains each; a test compares the two.
import { z } from "zod";
import type { Role } from "../core/access.ts";

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

/** name:role[@org_id]:key */
const API_KEY = /^\s*([^:@,\s]+):(admin|organization|read)(?:@([a-z0-9][a-z0-9_-]{0,62}))?:(\S{16,})\s*$/;

const apiKeys = z.string().transform((value, context) =>
  value.split(",").map((entry) => {
    const [, name, role, orgId, key] = API_KEY.exec(entry) ?? [];
    if (!name || !role || !key || (role === "organization" && !orgId)) {
      context.addIssue(
        "must be a list of name:role[@org_id]:key (role admin, organization or read, of which organization needs its @org_id; key of 16 characters or more), separated by commas",
      );
      return z.NEVER;
    }
    return { name, role: role as Role, key, ...(orgId !== undefined && { orgId }) };
  }),
);

const list = (pattern: RegExp, message: string) =>
  z.string().transform((value, context) =>
    value.split(",").map((entry) => {
      const word = entry.trim();
      if (!pattern.test(word)) context.addIssue(`${message}, not "${word.slice(0, 40)}"`);
      return word;
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

export const variables = z.object({
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
  SECRET_KEY: z.string().min(32, "must have at least 32 characters").optional(),
  OPEN_API: list(/^(ask|voice|conversation)$/, "may name ask, voice and conversation").default([]),
  DOCS: z.enum(["on", "off"]).default("on"),
  CORS_ORIGINS: list(/^https?:\/\/[^/\s,*]+$/, "must be exact origins such as https://app.example.com").default([]),
  COOKIE_SAMESITE: z.enum(["strict", "lax", "none"]).default("lax"),
  RATE_LIMIT_PER_MINUTE: integer(1, 1_000_000).default(600),

  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, "must be a postgres:// or postgresql:// address")
    .optional(),
  DATABASE_CA_FILE: z.string().optional(),
  RETENTION_DAYS: integer(0, 36_500).default(0),
  USE_REDIS: flag.default(false),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/\S+$/, "must be a redis:// or rediss:// address")
    .optional(),
  PRICES_FILE: z.string().optional(),
  MCP_SERVERS_FILE: z.string().optional(),

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
  DEMO_NUMBER: number.optional(),
  DEMO_EAR: words.optional(),
  TRANSFER_BRIEFING: flag.default(false),
  OUTBOUND_COUNTRIES: list(/^[A-Z]{2}$/, "must be two-letter country codes such as US").optional(),
  OUTBOUND_PER_DAY: integer(0, 1_000_000).default(100),
  OUTBOUND_PER_NUMBER_PER_DAY: integer(0, 1000).default(3),
  DO_NOT_CALL_FILE: z.string().optional(),

  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: httpUrl.transform((value) => value.replace(/\/+$/, "")).default("https://api.openai.com/v1"),
  THREAD_CLIENT: z.enum(["responses", "assistants", "chat"]).optional(),
  ASSISTANT_MODEL: z.string().default("gpt-6-luna"),
  AGENT_WORKFLOW_ID: z.string().optional(),
  PERSONA_FILE: z.string().optional(),
  THREAD_PER: z.enum(["call", "caller"]).default("call"),
  THREAD_TIMEOUT_MS: integer(100, 120_000).default(10_000),
  ASK_MODEL: z.string().optional(),
  ASK_SYSTEM_MESSAGE: words.default("You are a helpful AI voice assistant."),

  EMBEDDING_MODEL: z.string().default("text-embedding-3-small"),
  MEMORY_MODEL: z.string().optional(),
  TAVILY_API_KEY: z.string().optional(),
  TAVILY_BASE_URL: httpUrl.transform((value) => value.replace(/\/+$/, "")).default("https://api.tavily.com"),
  VOICE_AGENT_MODEL: z.string().default("gpt-realtime-2.1"),
  VOICE_AGENT_MINI_MODEL: z.string().default("gpt-realtime-2.1-mini"),

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

  STT_ENGINE: z.enum(["rest", "realtime"]).default("rest"),
  STT_MODEL: z.string().optional(),
  TTS_ENGINE: z.enum(["rest", "realtime"]).default("realtime"),
  TTS_MODEL: z.string().optional(),
  TTS_VOICE: z.string().optional(),
  UPLOAD_MAX_MB: integer(1, 2000).default(25),

  GREETING: words.default("Hello, thanks for calling. I am an AI assistant. How can I help you?"),
  BACKCHANNEL_MS: integer(0, 5000).default(700),
  FILLER_AFTER_MS: integer(100, 60_000).default(1500),
  SILENCE_PROMPT_S: decimal(0.1, 600).default(10),
  MAX_CALL_MINUTES: decimal(0.01, 55).default(30),
  MAX_CALLS: integer(1, 10_000).default(100),
  DRAIN_TIMEOUT_S: decimal(0, 3600).default(30),
});

export type Variables = z.infer<typeof variables>;
