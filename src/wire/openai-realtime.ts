// OpenAI Realtime, GA, over a WebSocket: the server events we read (schemas, inferred types, one parser with three outcomes)
// and makers for the client events we send. It holds no connection and no policy. The wire is told in PROTOCOLS.md.
import { z } from "zod";
import { readDelta } from "./openai-deltas.ts";

export { readAudioDelta, readDelta, readWordsDelta } from "./openai-deltas.ts";

/** Of any length, and with stray bits where a server leaves them: what it decodes to has the length it seems to have. */
const BASE64_TEXT = /^(?:[A-Za-z0-9+/]+={0,2})?$/;

const text = z.string();
const index = z.number().int().nonnegative();
const inPart = { response_id: text, item_id: text, output_index: index.default(0), content_index: index.default(0) };

const format = z.object({ type: text.nullish(), rate: z.number().nullish() });
const session = z.object({
  id: text.nullish(),
  expires_at: z.number().nullish(),
  audio: z
    .object({
      input: z.object({ format: format.nullish() }).nullish(),
      output: z.object({ format: format.nullish() }).nullish(),
    })
    .nullish(),
});

const item = z.object({
  type: text,
  id: text.nullish(),
  status: text.nullish(),
  name: text.nullish(),
  call_id: text.nullish(),
  arguments: text.nullish(),
});

const count = z.number().nullish();
const usage = z.object({
  input_tokens: count,
  output_tokens: count,
  input_token_details: z
    .object({
      text_tokens: count,
      audio_tokens: count,
      cached_tokens: count,
      cached_tokens_details: z.object({ text_tokens: count, audio_tokens: count }).nullish(),
    })
    .nullish(),
  output_token_details: z.object({ text_tokens: count, audio_tokens: count }).nullish(),
});

const response = z.object({
  id: text,
  status: text.nullish(),
  conversation_id: text.nullish(),
  metadata: z.record(text, text).nullish(),
  status_details: z
    .object({
      reason: text.nullish(),
      error: z.object({ type: text.nullish(), code: text.nullish(), message: text.nullish() }).nullish(),
    })
    .nullish(),
  output: z.array(item).nullish(),
  usage: usage.nullish(),
});

const transcriptionUsage = z.object({
  type: text.nullish(),
  seconds: count,
  total_tokens: count,
  input_tokens: count,
  input_token_details: z.object({ text_tokens: count, audio_tokens: count }).nullish(),
  output_tokens: count,
});

/** Unknown fields are dropped, never refused: OpenAI adds fields without notice. */
const schemas = {
  "session.created": z.object({ type: z.literal("session.created"), session }),
  "session.updated": z.object({ type: z.literal("session.updated"), session }),
  "input_audio_buffer.speech_started": z.object({
    type: z.literal("input_audio_buffer.speech_started"),
    audio_start_ms: z.number(),
    item_id: text,
  }),
  "input_audio_buffer.speech_stopped": z.object({
    type: z.literal("input_audio_buffer.speech_stopped"),
    audio_end_ms: z.number(),
    item_id: text,
  }),
  "input_audio_buffer.committed": z.object({ type: z.literal("input_audio_buffer.committed"), item_id: text }),
  "conversation.item.input_audio_transcription.delta": z.object({
    type: z.literal("conversation.item.input_audio_transcription.delta"),
    item_id: text,
    delta: text.nullish(),
  }),
  "conversation.item.input_audio_transcription.completed": z.object({
    type: z.literal("conversation.item.input_audio_transcription.completed"),
    item_id: text,
    transcript: text,
    usage: transcriptionUsage.nullish(),
  }),
  "conversation.item.input_audio_transcription.failed": z.object({
    type: z.literal("conversation.item.input_audio_transcription.failed"),
    item_id: text,
    error: z.object({ code: text.nullish(), message: text.nullish() }).nullish(),
  }),
  "response.created": z.object({ type: z.literal("response.created"), response }),
  "response.output_audio.delta": z.object({
    type: z.literal("response.output_audio.delta"),
    ...inPart,
    delta: text.refine((payload) => payload.length % 4 === 0 && BASE64_TEXT.test(payload), "is not whole base64"),
  }),
  "response.output_audio_transcript.delta": z.object({
    type: z.literal("response.output_audio_transcript.delta"),
    ...inPart,
    delta: text,
  }),
  "response.output_audio_transcript.done": z.object({
    type: z.literal("response.output_audio_transcript.done"),
    ...inPart,
    transcript: text,
  }),
  "response.output_item.done": z.object({ type: z.literal("response.output_item.done"), response_id: text, item }),
  "response.done": z.object({ type: z.literal("response.done"), response }),
  error: z.object({
    type: z.literal("error"),
    error: z.object({
      type: text.nullish(),
      code: text.nullish(),
      message: text.nullish(),
      param: text.nullish(),
      event_id: text.nullish(),
    }),
  }),
} as const;

type Schemas = typeof schemas;
export type ServerEventName = keyof Schemas;
export type ServerEvent = { [Name in ServerEventName]: z.infer<Schemas[Name]> }[ServerEventName];
export type ServerEventOf<Name extends ServerEventName> = z.infer<Schemas[Name]>;
export type AudioDelta = ServerEventOf<"response.output_audio.delta">;
export type WordsDelta = ServerEventOf<"response.output_audio_transcript.delta">;
export type RealtimeResponse = ServerEventOf<"response.created">["response"];
export type ResponseItem = z.infer<typeof item>;

export const HANDLED_EVENTS = Object.keys(schemas) as readonly ServerEventName[];

/** Events of the vocabulary that tell us nothing we act on; they are not even parsed. */
export const IGNORED_EVENTS = [
  "conversation.created",
  "conversation.item.created",
  "conversation.item.added",
  "conversation.item.done",
  "conversation.item.deleted",
  "conversation.item.retrieved",
  "conversation.item.truncated",
  "conversation.item.input_audio_transcription.segment",
  "input_audio_buffer.cleared",
  "input_audio_buffer.timeout_triggered",
  "rate_limits.updated",
  "response.output_item.added",
  "response.content_part.added",
  "response.content_part.done",
  "response.output_audio.done",
  "response.output_text.delta",
  "response.output_text.done",
  "response.function_call_arguments.delta",
  "response.function_call_arguments.done",
] as const;

/** Names only the removed beta API sends: whoever does is not a GA server, and nothing it says will be heard. */
const BETA_EVENT = /^(response\.(audio|audio_transcript|text)\.|transcription_session\.)/;

const ignored: ReadonlySet<string> = new Set(IGNORED_EVENTS);

export type ParsedServerEvent =
  | { readonly outcome: "event"; readonly event: ServerEvent }
  | { readonly outcome: "ignored" }
  | { readonly outcome: "unknown"; readonly name: string; readonly beta: boolean }
  | { readonly outcome: "bad"; readonly reason: string };

const IGNORED: ParsedServerEvent = { outcome: "ignored" };
const TYPE_FIRST = '{"type":"';

/** One text frame of the server, as its bytes. Never throws. */
export function parseServerEvent(data: Buffer): ParsedServerEvent {
  const delta = readDelta(data);
  if (delta) return { outcome: "event", event: delta };
  const frame = data.toString();
  if (frame.startsWith(TYPE_FIRST)) {
    const end = frame.indexOf('"', TYPE_FIRST.length);
    if (ignored.has(frame.slice(TYPE_FIRST.length, end))) return IGNORED;
  }
  return parseWhole(frame);
}

/** The slow and certain way, which the fast one for audio and words is tested against. */
export function parseWhole(frame: string): ParsedServerEvent {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return { outcome: "bad", reason: "not JSON" };
  }
  const name: unknown = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  if (typeof name !== "string") return { outcome: "bad", reason: "no type" };
  if (ignored.has(name)) return IGNORED;
  if (!Object.hasOwn(schemas, name)) return { outcome: "unknown", name, beta: BETA_EVENT.test(name) };
  const parsed = schemas[name as ServerEventName].safeParse(value);
  if (parsed.success) return { outcome: "event", event: parsed.data };
  return { outcome: "bad", reason: `${name}: ${parsed.error.issues[0]?.path.join(".") ?? "shape"}` };
}
