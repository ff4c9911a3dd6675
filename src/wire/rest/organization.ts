// The configuration of an organization: one schema that validates it, types it and documents it. Every field may be left out and
// then takes the program's own setting or the default said here; how it is merged and used is not told in this file.
import { z } from "zod";

export const ORG_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const E164 = /^\+[1-9]\d{6,14}$/;
const LANGUAGE = /^[a-z]{2}(-[A-Z]{2})?$/;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/;
/** As MCP_SERVERS_FILE names them. */
export const SERVER_NAME = /^[a-z][a-z0-9-]{0,23}$/;
const FIELD_NAME = /^[a-z][a-z0-9_]{0,39}$/;

/** Control characters other than tabs and line ends, and halves of surrogate pairs: no database would keep them. */
const UNKEEPABLE = /(?![\t\n\r])[\p{Cc}\p{Cs}]/u;
const words = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((text) => !UNKEEPABLE.test(text), "must not have control characters in it");
const e164 = z.string().regex(E164, "must be a phone number in E.164 form, such as +15551234567");
const share = (low: number, high: number) => z.number().min(low).max(high);
const whole = (low: number, high: number) => z.number().int().min(low).max(high);
/** Words or phrases a rule looks for, whole words only, in any of the languages spoken. */
const phrases = z.array(words(80)).max(200);

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const contact = z.strictObject({
  name: words(80),
  number: e164,
  /** Tried in this order; the first that covers the urgency is dialled. */
  for: z
    .array(z.enum(["emergency", "high", "normal", "low"]))
    .min(1)
    .default(["emergency", "high", "normal", "low"]),
});

export const intakeField = z
  .strictObject({
    name: z.string().regex(FIELD_NAME, "must be lower-case letters, digits and _, beginning with a letter"),
    type: z.enum(["text", "number", "boolean", "date", "phone", "choice"]),
    /** What the agent asks for, in words. */
    ask: words(300),
    required: z.boolean().default(true),
    choices: z.array(words(80)).min(1).max(50).optional(),
  })
  .refine(({ type, choices }) => (type === "choice") === (choices !== undefined), {
    message: "belongs to fields of type choice, and those need it",
    path: ["choices"],
  });

const span = z
  .strictObject({
    day: whole(0, 6),
    from: z.string().regex(TIME_OF_DAY, "must be a time such as 08:30"),
    /** Up to 24:00; earlier than `from`: on the next day. */
    to: z.string().regex(TIME, "must be a time such as 18:00"),
  })
  .refine(({ from, to }) => from !== to, {
    message: "must differ from `from`: all day is 00:00 to 24:00",
    path: ["to"],
  });

const hours = z.strictObject({
  timezone: z.string().refine(isTimeZone, "must be a time zone such as Europe/Berlin"),
  /** 0 Sunday to 6 Saturday; a day may stand several times, a missing day is closed. */
  open: z.array(span).max(50),
  /** Dates (YYYY-MM-DD) on which it is closed all day. */
  closed: z.array(z.iso.date()).max(400).default([]),
  after_hours: z
    .strictObject({
      /** answer: as always, and the agent knows; message: only messages are taken; hang_up: the words below, then the end. */
      behaviour: z.enum(["answer", "message", "hang_up"]).default("answer"),
      greeting: words(1000).optional(),
    })
    .refine(({ behaviour, greeting }) => behaviour !== "hang_up" || greeting !== undefined, {
      message: "is needed to hang up with",
      path: ["greeting"],
    })
    .default({ behaviour: "answer" }),
});

/** What a call says from stored recordings; in another language, or in words of the organization's own. */
const stockPhrases = z.partialRecord(
  // The ids of core/clip.ts without the greeting, which is a field of its own; a test compares the two.
  z.enum([
    "hold",
    "trouble",
    "sorry",
    "apology-end",
    "say-again",
    "filler-1",
    "filler-2",
    "filler-3",
    "filler-4",
    "still-there",
    "silence-goodbye",
    "time-up",
    "cut-off",
    "transfer",
    "shutdown",
  ]),
  words(300),
);

const rules = z.strictObject({
  /** Immediate: an emergency. */
  emergency_keywords: phrases.optional(),
  high_priority_keywords: phrases.optional(),
  /** Ways to ask for a person, beside the built-in ones. */
  person_requests: phrases.optional(),
  /** Ways the caller or the agent shows that this leads nowhere. */
  uncertainty_patterns: phrases.optional(),
  /** Misunderstandings in a row after which a human is called; 0: never. */
  misunderstandings: whole(0, 20).optional(),
  /** Words the agent must not say: said instead, or flagged. */
  forbidden: z
    .array(z.strictObject({ phrase: words(80), instead: words(300).optional() }))
    .max(100)
    .optional(),
  /** Words of the caller after which the call ends, with what is said then. */
  end_on: z
    .array(z.strictObject({ phrase: words(80), say: words(300) }))
    .max(50)
    .optional(),
});

const escalation = z.strictObject({
  /** warm: the human hears a sentence and accepts with a key; cold: joined at once; message: nobody is dialled; flag: only recorded. */
  mode: z.enum(["warm", "cold", "message", "flag"]).default("cold"),
  contacts: z.array(contact).max(20).default([]),
  /** Said first in an emergency, before anybody is dialled. */
  emergency_words: words(600).optional(),
  rules: rules.default({}),
});

const voice = z.strictObject({
  name: words(60).optional(),
  speed: share(0.25, 1.5).optional(),
  model: words(100).optional(),
  /** assistant: the thread thinks and the voice reads it out; speech-to-speech: the voice answers by itself. */
  mode: z.enum(["assistant", "speech-to-speech"]).optional(),
  transcription_model: words(100)
    .refine((name) => !name.startsWith("gpt-realtime-whisper"), "cannot be used with turn detection")
    .optional(),
});

const turnDetection = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("server_vad"),
    threshold: share(0, 1).optional(),
    prefix_padding_ms: whole(0, 5000).optional(),
    silence_duration_ms: whole(100, 5000).optional(),
  }),
  z.strictObject({
    type: z.literal("semantic_vad"),
    eagerness: z.enum(["low", "medium", "high", "auto"]).optional(),
  }),
]);

const thread = z.strictObject({
  client: z.enum(["responses", "assistants", "chat"]).optional(),
  model: words(100).optional(),
  /** Of the client `assistants` only. */
  assistant_id: z
    .string()
    .regex(/^asst_\w+$/, "must be an assistant's id (asst_...)")
    .optional(),
});

const intake = z.strictObject({
  /** How the agent goes about it. */
  guide: words(2000).optional(),
  fields: z.array(intakeField).max(40).refine(areNamedOnce, "must have different names").default([]),
});

const recording = z.strictObject({
  enabled: z.boolean().default(false),
  /** ask: recorded only once the caller agreed; announce: told and recorded. */
  consent: z.enum(["ask", "announce"]).default("ask"),
  notice: words(600).optional(),
  retention_days: whole(1, 3650).optional(),
});

const limits = z.strictObject({
  concurrent_calls: whole(1, 10_000).optional(),
  call_minutes: share(0.5, 55).optional(),
  /** Minutes of all calls in a UTC day. */
  minutes_per_day: share(1, 1_000_000).optional(),
  /** In the currency of PRICES_FILE, which they need. */
  spend_per_call: z.number().positive().max(100_000).optional(),
  spend_per_day: z.number().positive().max(10_000_000).optional(),
});

const outbound = z.strictObject({
  /** Spoken to an answering machine; absent: hung up silently. */
  voicemail: words(600).optional(),
  greeting: words(1000).optional(),
});

const memory = z.strictObject({
  /** Callers are remembered by their number, where the carrier vouches for it. */
  phone: z.boolean().default(false),
});

/** The whole of it; strict, so that a misspelt field is an error and not a setting that does nothing. */
export const organizationConfig = z.strictObject({
  name: words(120).optional(),
  /** Numbers that belong to it. */
  numbers: z
    .array(e164)
    .max(200)
    .refine((all) => new Set(all).size === all.length, "must not have a number twice")
    .optional(),
  greeting: words(1000).optional(),
  phrases: stockPhrases.optional(),
  /** Who the agent is and how it behaves. */
  persona: words(8000).optional(),
  business_rules: z.array(words(600)).max(100).optional(),
  /** What the agent may tell: address, services, prices. */
  facts: z.array(words(600)).max(200).optional(),
  hours: hours.optional(),
  language: z.string().regex(LANGUAGE, "must be a language such as en or de-AT").optional(),
  voice: voice.optional(),
  turn_detection: turnDetection.optional(),
  thread: thread.optional(),
  /** Names of the tools it may use; absent: all that are configured. */
  tools: z.array(words(64)).max(100).optional(),
  /** Of the servers of MCP_SERVERS_FILE that are allowed for it, only these; absent: all of them. */
  mcp: z
    .strictObject({ servers: z.array(z.string().regex(SERVER_NAME, "must be a server's name")).max(50) })
    .optional(),
  intake: intake.optional(),
  escalation: escalation.optional(),
  recording: recording.optional(),
  limits: limits.optional(),
  outbound: outbound.optional(),
  memory: memory.optional(),
});

function areNamedOnce(fields: readonly { readonly name: string }[]): boolean {
  return new Set(fields.map(({ name }) => name)).size === fields.length;
}

export type OrganizationConfig = z.infer<typeof organizationConfig>;
export type IntakeField = z.infer<typeof intakeField>;
export type Hours = z.infer<typeof hours>;
