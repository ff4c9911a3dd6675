// The two vocabularies of the assistant's socket: today's Realtime (GA), which OpenAI speaks, and the beta's names, which the documents'
// clients were written for and OpenAI no longer takes. From OpenAI to the client; the other way is client-events.ts. Pure.
import type { Json } from "./json.ts";
import { isJson } from "./json.ts";

/** One of the two for a whole socket. */
export type Vocabulary = "beta" | "ga";

/** Today's names and the beta's; every other event is called the same in both. */
export const BETA_NAMES: ReadonlyMap<string, string> = new Map([
  ["response.output_audio.delta", "response.audio.delta"],
  ["response.output_audio.done", "response.audio.done"],
  ["response.output_audio_transcript.delta", "response.audio_transcript.delta"],
  ["response.output_audio_transcript.done", "response.audio_transcript.done"],
  ["response.output_text.delta", "response.text.delta"],
  ["response.output_text.done", "response.text.done"],
  ["conversation.item.added", "conversation.item.created"],
]);

/** The beta had one event for a new item and none for its end. */
const UNKNOWN_TO_BETA: ReadonlySet<string> = new Set(["conversation.item.done"]);
/** OpenAI may still send these beside today's events: a client would hear of everything twice. */
const LEGACY: ReadonlySet<string> = new Set(["conversation.item.created", "conversation.created"]);

const BETA_FORMATS: ReadonlyMap<unknown, string> = new Map([
  ["audio/pcm", "pcm16"],
  ["audio/pcmu", "g711_ulaw"],
  ["audio/pcma", "g711_alaw"],
]);
const BETA_CONTENT: ReadonlyMap<unknown, string> = new Map([
  ["output_audio", "audio"],
  ["output_text", "text"],
]);

/** A server event in these words; undefined where they have none for it. */
export function inWords(event: Json, vocabulary: Vocabulary): Json | undefined {
  const type = String(event["type"]);
  if (LEGACY.has(type)) return undefined;
  if (vocabulary === "ga") return event;
  if (UNKNOWN_TO_BETA.has(type)) return undefined;
  const { session, response, item, ...rest } = event;
  return {
    ...rest,
    type: BETA_NAMES.get(type) ?? type,
    ...(session !== undefined && { session: isJson(session) ? betaSession(session) : session }),
    ...(response !== undefined && { response: isJson(response) ? betaResponse(response) : response }),
    ...(item !== undefined && { item: betaItem(item) }),
  };
}

const AUDIO = '{"type":"response.output_audio.delta"';
const BETA_AUDIO = '{"type":"response.audio.delta"';

/** True for a frame of audio as OpenAI writes them: nearly all that it sends, and never to be parsed. */
export const isAudioFrame = (frame: string): boolean => frame.startsWith(AUDIO);

/** The same as `inWords`, of a frame for which `isAudioFrame` holds. */
export const audioFrameInWords = (frame: string, vocabulary: Vocabulary): string =>
  vocabulary === "ga" ? frame : BETA_AUDIO + frame.slice(AUDIO.length);

/** A session of today as the beta showed it, and as the document's answer has it. */
export function betaSession(session: Json): Json {
  const { type: _type, output_modalities: modalities, audio, max_output_tokens: tokens, ...rest } = session;
  const { input, output } = isJson(audio) ? audio : {};
  const heard = isJson(input) ? input : {};
  const spoken = isJson(output) ? output : {};
  return {
    ...rest,
    modalities: betaModalities(modalities),
    voice: spoken["voice"],
    ...(spoken["speed"] !== undefined && { speed: spoken["speed"] }),
    input_audio_format: betaFormat(heard["format"]),
    output_audio_format: betaFormat(spoken["format"]),
    input_audio_transcription: heard["transcription"] ?? null,
    input_audio_noise_reduction: heard["noise_reduction"] ?? null,
    turn_detection: heard["turn_detection"] ?? null,
    ...(tokens !== undefined && { max_response_output_tokens: tokens }),
  };
}

function betaResponse(response: Json): Json {
  const { output_modalities: modalities, audio, output, ...rest } = response;
  const spoken = isJson(audio) && isJson(audio["output"]) ? audio["output"] : undefined;
  return {
    ...rest,
    ...(modalities !== undefined && { modalities: betaModalities(modalities) }),
    ...(spoken && { voice: spoken["voice"], output_audio_format: betaFormat(spoken["format"]) }),
    ...(output !== undefined && { output: Array.isArray(output) ? output.map(betaItem) : output }),
  };
}

function betaItem(item: unknown): unknown {
  if (!isJson(item) || !Array.isArray(item["content"])) return item;
  const content = item["content"].map((part: unknown) => {
    const type = isJson(part) ? BETA_CONTENT.get(part["type"]) : undefined;
    return type === undefined ? part : { ...(part as Json), type };
  });
  return { ...item, content };
}

/** The beta's audio always came with its words; today's is one or the other, and audio has its transcript. */
const betaModalities = (modalities: unknown): string[] =>
  Array.isArray(modalities) && !modalities.includes("audio") ? ["text"] : ["text", "audio"];

const betaFormat = (format: unknown): string =>
  BETA_FORMATS.get(isJson(format) ? format["type"] : undefined) ?? "pcm16";
