// What clients of the assistant's socket may send, in either vocabulary, read into what is to be done. An allow-list of events and of
// each one's fields: whatever else comes is refused in OpenAI's own words and changes nothing. Pure.
import { z } from "zod";
import { isJson, type Json } from "./json.ts";
import { VOICES } from "./models.ts";
import type { Vocabulary } from "./words.ts";

export type TurnDetection = z.infer<typeof turnDetection>;

/** Settings of a session that are the client's to choose. */
export interface ClientSettings {
  readonly voice?: string | undefined;
  readonly speed?: number | undefined;
  readonly turnDetection?: TurnDetection | undefined;
}

export interface UserItem {
  readonly id?: string | undefined;
  readonly content: readonly UserContent[];
}
export type UserContent =
  { readonly type: "input_text"; readonly text: string } | { readonly type: "input_audio"; readonly audio: string };

export type ClientCommand =
  /** base64 of pcm16 at 24 kHz. */
  | { readonly kind: "audio"; readonly audio: string }
  | { readonly kind: "commit" }
  | { readonly kind: "clear" }
  | { readonly kind: "item"; readonly item: UserItem; readonly after?: string | undefined }
  | { readonly kind: "respond"; readonly params: ResponseParams }
  | { readonly kind: "cancel"; readonly responseId?: string | undefined }
  | { readonly kind: "truncate"; readonly itemId: string; readonly contentIndex: number; readonly audioEndMs: number }
  | { readonly kind: "settings"; readonly settings: ClientSettings };

export interface ResponseParams {
  readonly modality?: "audio" | "text";
  readonly maxOutputTokens?: number | "inf" | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export type ReadEvent =
  /** `vocabulary`: the one the socket has from now on. */
  | {
      readonly outcome: "command";
      readonly command: ClientCommand;
      readonly eventId?: string;
      readonly vocabulary: Vocabulary;
    }
  | ({ readonly outcome: "refused"; readonly vocabulary: Vocabulary } & Refusal);

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly eventId?: string;
}

const LONGEST_TEXT = 16_000;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const eventId = z.string().max(512).optional();
const itemId = z.string().min(1).max(64);
const audio = z
  .string()
  .refine((text) => text.length > 0 && text.length % 4 === 0 && BASE64.test(text), "Expected base64-encoded audio");

const decides = { create_response: z.boolean().optional(), interrupt_response: z.boolean().optional() };
const milliseconds = z.number().int().min(0).max(10_000);
const turnDetection = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("server_vad"),
      threshold: z.number().min(0).max(1).optional(),
      prefix_padding_ms: milliseconds.optional(),
      silence_duration_ms: milliseconds.optional(),
      idle_timeout_ms: z.number().int().min(5000).max(30_000).nullable().optional(),
      ...decides,
    }),
    z.strictObject({
      type: z.literal("semantic_vad"),
      eagerness: z.enum(["low", "medium", "high", "auto"]).optional(),
      ...decides,
    }),
  ])
  .nullable();
const voice = z.enum(VOICES);
const speed = z.number().min(0.25).max(1.5);

const betaSettings = z.strictObject({
  voice: voice.optional(),
  speed: speed.optional(),
  turn_detection: turnDetection.optional(),
});
const gaSettings = z.strictObject({
  type: z.literal("realtime"),
  audio: z
    .strictObject({
      input: z.strictObject({ turn_detection: turnDetection.optional() }).optional(),
      output: z.strictObject({ voice: voice.optional(), speed: speed.optional() }).optional(),
    })
    .optional(),
});

const item = z.strictObject({
  // Items of this name are the server's: they are neither guarded nor told.
  id: z
    .string()
    .regex(/^(?!vb_).{1,32}$/su, "Expected 1 to 32 characters, and vb_ is the server's own")
    .optional(),
  object: z.literal("realtime.item").optional(),
  type: z.literal("message"),
  status: z.enum(["completed", "incomplete", "in_progress"]).optional(),
  role: z.literal("user"),
  content: z
    .array(
      z.discriminatedUnion("type", [
        z.strictObject({ type: z.literal("input_text"), text: z.string().min(1).max(LONGEST_TEXT) }),
        z.strictObject({ type: z.literal("input_audio"), audio }),
      ]),
    )
    .min(1)
    .max(16),
});

const response = {
  max_output_tokens: z.union([z.number().int().min(1).max(4096), z.literal("inf")]).optional(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((given) => Object.keys(given).length <= 15, "Expected at most 15 pairs")
    // By these the server knows its own responses again.
    .refine((given) => !("say" in given || "respond" in given), "say and respond are the server's own")
    .optional(),
};
/** The beta took both, or text alone. */
const betaResponse = z.strictObject({
  modalities: z
    .array(z.enum(["text", "audio"]))
    .min(1)
    .max(2)
    .optional(),
  ...response,
});
const gaResponse = z.strictObject({
  output_modalities: z.tuple([z.enum(["text", "audio"])]).optional(),
  ...response,
});

type Reader = (event: Json, vocabulary: Vocabulary) => ClientCommand;

/** One event's fields besides its type and id. @throws z.ZodError */
const fields = <Shape extends z.ZodRawShape>(event: Json, shape: Shape) =>
  z.strictObject({ type: z.string(), event_id: eventId, ...shape }).parse(event);

const READERS: Readonly<Record<string, Reader>> = {
  "session.update": (event, vocabulary) => ({ kind: "settings", settings: settingsIn(event, vocabulary) }),
  "input_audio_buffer.append": (event) => ({ kind: "audio", audio: fields(event, { audio }).audio }),
  "input_audio_buffer.commit": (event) => (fields(event, {}), { kind: "commit" }),
  "input_audio_buffer.clear": (event) => (fields(event, {}), { kind: "clear" }),
  "conversation.item.create"(event) {
    const read = fields(event, { item, previous_item_id: itemId.nullable().optional() });
    return {
      kind: "item",
      item: { id: read.item.id, content: read.item.content },
      after: read.previous_item_id ?? undefined,
    };
  },
  "conversation.item.truncate"(event) {
    const whole = z.number().int().min(0).max(86_400_000);
    const read = fields(event, { item_id: itemId, content_index: whole, audio_end_ms: whole });
    return {
      kind: "truncate",
      itemId: read.item_id,
      contentIndex: read.content_index,
      audioEndMs: read.audio_end_ms,
    };
  },
  "response.create": (event, vocabulary) => ({ kind: "respond", params: paramsIn(event, vocabulary) }),
  "response.cancel"(event) {
    return { kind: "cancel", responseId: fields(event, { response_id: itemId.optional() }).response_id };
  },
};

export const CLIENT_EVENTS: readonly string[] = Object.keys(READERS);

function settingsIn(event: Json, vocabulary: Vocabulary): ClientSettings {
  if (vocabulary === "beta") {
    const { session } = fields(event, { session: betaSettings });
    return { voice: session.voice, speed: session.speed, turnDetection: session.turn_detection };
  }
  const { audio: given } = fields(event, { session: gaSettings }).session;
  return { ...given?.output, turnDetection: given?.input?.turn_detection };
}

function paramsIn(event: Json, vocabulary: Vocabulary): ResponseParams {
  const read =
    vocabulary === "beta"
      ? fields(event, { response: betaResponse.nullable().optional() }).response
      : fields(event, { response: gaResponse.nullable().optional() }).response;
  const wanted: readonly string[] | undefined = !read
    ? undefined
    : "modalities" in read
      ? read.modalities
      : "output_modalities" in read
        ? read.output_modalities
        : undefined;
  return {
    ...(wanted && { modality: wanted.includes("audio") ? ("audio" as const) : ("text" as const) }),
    maxOutputTokens: read?.max_output_tokens,
    metadata: read?.metadata,
  };
}

/** One text frame of a client. `before`: the socket's vocabulary so far. Never throws. */
export function readClientEvent(frame: string, before: Vocabulary): ReadEvent {
  const refuse = (refusal: Refusal, vocabulary = before): ReadEvent => ({ outcome: "refused", vocabulary, ...refusal });
  let event: unknown;
  try {
    event = JSON.parse(frame);
  } catch {
    event = undefined;
  }
  if (!isJson(event) || typeof event["type"] !== "string") {
    const param = isJson(event) ? "type" : null;
    return refuse({ code: "invalid_event", message: "Expected a JSON object with a 'type' that is a string.", param });
  }
  const { type, event_id: given } = event;
  const id = typeof given === "string" && given.length <= 512 ? { eventId: given } : {};
  const reader = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (!reader) {
    const message = `This event is not taken here. Supported are: ${CLIENT_EVENTS.map((name) => `'${name}'`).join(", ")}.`;
    return refuse({ code: "invalid_value", message, param: "type", ...id });
  }
  // Whoever writes a session as it is written today understands today's events.
  const vocabulary = type === "session.update" && isOfToday(event["session"]) ? "ga" : before;
  try {
    return { outcome: "command", command: reader(event, vocabulary), ...id, vocabulary };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return refuse({ ...told(error), ...id }, vocabulary);
  }
}

const isOfToday = (session: unknown): boolean =>
  isJson(session) && ["type", "audio", "output_modalities"].some((key) => key in session);

const PLAIN_NAME = /^[\w.-]{1,64}$/;

/** The first thing wrong, as OpenAI tells it. What a client wrote is not repeated, except for names. */
function told(error: z.ZodError): Refusal {
  const issue = error.issues[0] as z.core.$ZodIssue;
  const path = issue.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  const at = path.replace(/^\./, "");
  if (issue.code === "unrecognized_keys") {
    const name = issue.keys[0] ?? "";
    const param = PLAIN_NAME.test(name) ? [at, name].filter(Boolean).join(".") : at || null;
    return { code: "unknown_parameter", message: `Not taken here: ${param ?? "a parameter"}.`, param };
  }
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined"))
    return { code: "missing_required_parameter", message: `Missing required parameter: '${at}'.`, param: at };
  return { code: "invalid_value", message: `Invalid '${at}': ${issue.message}.`, param: at || null };
}
