// What a browser and we say to each other over a socket: docs/browser.md in schemas. The words of the general voice backend, and
// those of live talk besides. It keeps no state and decodes no sound.
import { z } from "zod";
import { isBase64 } from "./base64.ts";
import { readPageAudio } from "./browser-fast.ts";

/** Characters of a typed turn. */
export const MOST_TEXT = 4000;

const named = z.string().min(1).max(64);

// Loose: pages carry fields of their own.
const messages = {
  audio_chunk: z.looseObject({
    type: z.literal("audio_chunk"),
    audio_data: z.string().refine(isBase64, "is not base64"),
    // MediaRecorder's own name for it has its codec in it.
    format: z
      .string()
      .max(64)
      .transform((format) => format.toLowerCase().trim())
      .default(""),
  }),
  text_input: z.looseObject({
    type: z.literal("text_input"),
    text: z
      .string()
      .refine((text) => !/\p{Surrogate}/u.test(text), "is not text")
      .transform((text) => text.trim())
      .refine((text) => text !== "", "is empty"),
  }),
  audio_end: z.looseObject({ type: z.literal("audio_end") }),
  mark: z.looseObject({ type: z.literal("mark"), name: named }),
  digit: z.looseObject({ type: z.literal("digit"), digit: z.string().regex(/^[0-9*#]$/) }),
  end: z.looseObject({ type: z.literal("end") }),
} as const;

export const clientMessage = z.discriminatedUnion("type", [
  messages.audio_chunk,
  messages.text_input,
  messages.audio_end,
  messages.mark,
  messages.digit,
  messages.end,
]);
export type ClientMessage = z.output<typeof clientMessage>;

export type ClientParsed =
  | { readonly outcome: "ok"; readonly message: ClientMessage }
  | { readonly outcome: "bad"; readonly code: "bad_message" | "unknown_type" | "bad_audio"; readonly why: string };

const bad = (why: string, code: "bad_message" | "unknown_type" | "bad_audio" = "bad_message"): ClientParsed => ({
  outcome: "bad",
  code,
  why,
});

/** Never throws. `why` names what is wrong and repeats nothing of what was sent. */
export function parseClientMessage(data: Buffer, isBinary: boolean): ClientParsed {
  if (isBinary) return bad("messages are JSON text");
  const audio = readPageAudio(data);
  return audio ? { outcome: "ok", message: audio } : parseFully(data);
}

/** For whatever the fast way leaves. */
export function parseFully(data: Buffer): ClientParsed {
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch {
    return bad("the message is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return bad("the message is not an object");
  const { type } = value as { readonly type?: unknown };
  if (typeof type !== "string") return bad("the message has no type");
  if (!Object.hasOwn(messages, type)) return bad("there is no message of this type", "unknown_type");
  const read = messages[type as keyof typeof messages].safeParse(value);
  if (read.success) return { outcome: "ok", message: read.data };
  const issue = read.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  return bad(`${type}: ${where} ${issue?.message ?? "is not good"}`, where === "audio_data" ? "bad_audio" : undefined);
}

/** The format of `audio_delta`: how it is written down, and its samples a second. */
export const LIVE_FORMATS = { pcm: 24_000, mulaw: 8000 } as const;
export type LiveFormat = keyof typeof LIVE_FORMATS;

const type = <Name extends string>(name: Name) => z.literal(name);

/** Everything we say. Strict: it is what our documentation promises. */
export const serverMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: type("session"),
    session_id: z.string(),
    call_id: z.string(),
    organization: z.string(),
    format: z.enum(["pcm", "mulaw"]),
    sample_rate: z.int(),
  }),
  z.strictObject({
    type: type("state"),
    conversation_state: z.enum(["greeting", "intake", "clarification", "escalation", "completed"]),
  }),
  z.strictObject({ type: type("speech_started") }),
  z.strictObject({ type: type("speech_stopped") }),
  z.strictObject({ type: type("transcription_delta"), text: z.string() }),
  z.strictObject({ type: type("transcription"), text: z.string() }),
  z.strictObject({ type: type("response_delta"), text: z.string(), reply_id: z.string() }),
  z.strictObject({
    type: type("audio_delta"),
    audio_base64: z.base64(),
    audio_format: z.enum(["pcm", "mulaw"]),
    sample_rate: z.int(),
    reply_id: z.string(),
  }),
  z.strictObject({ type: type("mark"), name: z.string() }),
  z.strictObject({ type: type("clear") }),
  z.strictObject({ type: type("response_cut"), reply_id: z.string(), heard_text: z.string() }),
  z.strictObject({ type: type("conversation_response"), text: z.string(), reply_id: z.string().optional() }),
  z.strictObject({
    type: type("audio_response"),
    audio_base64: z.base64(),
    audio_format: z.enum(["mp3", "wav"]),
  }),
  z.strictObject({ type: type("tool"), name: z.string(), state: z.string() }),
  z.strictObject({ type: type("error"), code: z.string(), message: z.string() }),
  z.strictObject({ type: type("ended"), reason: z.string() }),
]);
export type ServerMessage = z.input<typeof serverMessage>;

export const formatServerMessage = (message: ServerMessage): string => JSON.stringify(message);

/** The frame of a piece of sound, put together without a walk through the object: fifty times a second for every caller. */
export const formatAudioDelta = (base64: string, format: LiveFormat, replyId: string): string =>
  `{"type":"audio_delta","audio_base64":"${base64}","audio_format":"${format}","sample_rate":${LIVE_FORMATS[format]},"reply_id":${JSON.stringify(replyId)}}`;

/** What stands in a socket's address. */
export const SESSION_ID = /^[\w.~-]{1,128}$/;

export interface SocketQuery {
  readonly isLive: boolean;
  readonly format: LiveFormat;
  /** Of whole replies. */
  readonly audio: "mp3" | "wav";
  readonly ticket?: string;
  readonly orgId?: string;
}

/** Undefined for an address that asks for something there is not. */
export function readSocketQuery(url: string): SocketQuery | undefined {
  const query = new URLSearchParams(url.split("?", 2)[1] ?? "");
  const format = query.get("format") ?? "pcm";
  const audio = query.get("audio") ?? "mp3";
  const stream = query.get("stream") ?? "0";
  if (!(format === "pcm" || format === "mulaw") || !(audio === "mp3" || audio === "wav")) return undefined;
  if (!["0", "1", "false", "true"].includes(stream)) return undefined;
  const ticket = query.get("ticket");
  const orgId = query.get("org_id");
  return {
    isLive: stream === "1" || stream === "true",
    format,
    audio,
    ...(ticket !== null && { ticket }),
    ...(orgId !== null && { orgId }),
  };
}

/** The id of a socket's call among those of carriers: `ws:<session>:<call>`, which tells the session to whoever lists calls. */
export const socketCarrierId = {
  of: (sessionId: string, callId: string): string => `ws:${sessionId}:${callId.slice(-10)}`,
  sessionOf: (carrierId: string): string | undefined => /^ws:([\w.~-]+):/.exec(carrierId)?.[1],
};
