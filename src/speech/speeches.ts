// The book of what a session is speaking: which response is which speech, whose audio still counts, and what was said in the
// end. Speech we ask for runs outside the conversation; replies are the engine's own (speech-to-speech).
import type { AudioWay, SpeechPart, VoiceEvent } from "../core/voice.ts";
import { cancelResponse, functionOutput, speech, type ClientEvent } from "../wire/openai-realtime-client.ts";
import type { AudioDelta, RealtimeResponse, ResponseItem, ServerEventOf } from "../wire/openai-realtime.ts";
import { payloadBytes } from "../wire/base64.ts";
import { speechFor, type VoiceSettings } from "./session-config.ts";

/** Where in a response a delta belongs. */
type Place = Pick<AudioDelta, "item_id" | "content_index">;
type PartWords = SpeechPart & { text: string };

interface Speech {
  readonly id: string;
  readonly kind: "say" | "reply";
  /** Event id of the request. */
  readonly request?: string;
  responseId?: string;
  /** Event id of the cancel. */
  cancel?: string;
  cancelled: boolean;
  bytes: number;
  /** The part that took audio last. */
  part?: SpeechPart;
  /** How much audio that part has. */
  account: { bytes: number };
  /** Where the next audio of that part goes. */
  way: AudioWay | void;
  /** In order of appearance. */
  readonly words: PartWords[];
  readonly calls: Map<string, ResponseItem>;
}

export interface SpeechPorts {
  readonly send: (event: ClientEvent) => void;
  readonly emit: (event: VoiceEvent) => AudioWay | void;
  /** Where the audio of a part is counted. */
  readonly account: (part: SpeechPart) => { bytes: number };
  /** A fresh event id beginning so. */
  readonly id: (prefix: string) => string;
  /** A response nobody asked for in assistant mode, or audio that came after its speech had ended. */
  readonly stray: (what: "response" | "audio") => void;
  /** A speech ran to its end: how much audio for which words. */
  readonly measured: (bytes: number, text: string) => void;
}

export interface Speeches {
  say(speechId: string, text: string): void;
  cancel(speechId: string): void;
  created(response: RealtimeResponse): void;
  audio(delta: AudioDelta): void;
  words(event: ServerEventOf<"response.output_audio_transcript.delta">): void;
  transcript(event: ServerEventOf<"response.output_audio_transcript.done">): void;
  itemDone(event: ServerEventOf<"response.output_item.done">): void;
  done(response: RealtimeResponse): void;
  /** An error named this request (or none). @returns whether it was ours to handle. */
  refused(eventId: string | undefined, code: string): boolean;
  owes(): boolean;
}

export function createSpeeches(
  settings: VoiceSettings,
  { send, emit, account, id, stray, measured }: SpeechPorts,
): Speeches {
  const answers = settings.mode === "speech-to-speech";
  const open = new Map<string, Speech>();
  const byResponse = new Map<string, Speech>();
  /** Whose audio came last: nearly every delta is of the same response as the one before, and needs no looking up. */
  let sounding: Speech | undefined;

  function begin(speechId: string, kind: Speech["kind"], request?: string): Speech {
    const begun: Speech = {
      id: speechId,
      kind,
      ...(request !== undefined && { request }),
      cancelled: false,
      bytes: 0,
      account: { bytes: 0 },
      way: undefined,
      words: [],
      calls: new Map(),
    };
    open.set(speechId, begun);
    return begun;
  }

  /** Undefined for what is spoken outside the conversation: it cannot be truncated in it. Otherwise the same object while it lasts. */
  function partOf(speech: Speech, { item_id: itemId, content_index: contentIndex }: Place): SpeechPart | undefined {
    if (speech.kind !== "reply") return undefined;
    if (speech.part?.itemId !== itemId || speech.part.contentIndex !== contentIndex) {
      speech.part = { itemId, contentIndex };
      speech.account = account(speech.part);
      speech.way = undefined;
    }
    return speech.part;
  }

  function sendCancel(target: Speech, responseId: string): void {
    target.cancel = id("cancel");
    send(cancelResponse(target.cancel, responseId));
  }

  function end(target: Speech, status: "completed" | "cancelled" | "failed" | "incomplete", code?: string): void {
    open.delete(target.id);
    if (target.responseId !== undefined) byResponse.delete(target.responseId);
    if (sounding === target) sounding = undefined;
    const text = spokenText(target);
    if (status === "completed") measured(target.bytes, text);
    emit({ type: "voice.spoken", speechId: target.id, status, text, ...(code !== undefined && { code }) });
  }

  /** The speech a response that was just created belongs to. */
  function owner({ id: responseId, metadata }: RealtimeResponse): Speech | undefined {
    if (metadata?.say !== undefined) return open.get(metadata.say);
    if (answers) return begin(responseId, "reply");
    // A server that does not return metadata: without answers of its own, the oldest unanswered request is meant.
    return [...open.values()].find((waiting) => waiting.responseId === undefined);
  }

  function finishCalls(target: Speech, response: RealtimeResponse): void {
    for (const item of response.output ?? []) keepCall(target, item);
    const run = !target.cancelled && (response.status === "completed" || response.status === "incomplete");
    for (const { call_id: callId, name, arguments: text } of target.calls.values()) {
      if (!callId || !name) continue;
      if (run) emit({ type: "voice.tool-call", speechId: target.id, callId, name, arguments: text ?? "" });
      // A call without a result would be waited for by the model in every later answer.
      else send(functionOutput(id("item"), callId, '{"error":"not run: the reply was cut off"}'));
    }
  }

  return {
    say(speechId, text) {
      const request = id("say");
      begin(speechId, "say", request);
      send(speech(request, speechFor(settings, speechId, text)));
    },

    cancel(speechId) {
      const target = open.get(speechId);
      if (!target || target.cancelled) return;
      target.cancelled = true;
      // Not begun yet: cancelled as soon as its response has an id, the only handle there is.
      if (target.responseId !== undefined) sendCancel(target, target.responseId);
    },

    created(response) {
      const target = owner(response);
      if (!target || target.responseId !== undefined) {
        // It would be talking over what we asked for.
        stray("response");
        send(cancelResponse(id("cancel"), response.id));
        return;
      }
      target.responseId = response.id;
      byResponse.set(response.id, target);
      if (target.cancelled) sendCancel(target, response.id);
      else if (target.kind === "reply") emit({ type: "voice.reply-started", speechId: target.id });
    },

    audio(delta) {
      const target = sounding?.responseId === delta.response_id ? sounding : byResponse.get(delta.response_id);
      if (!target) return stray("audio");
      if (target.cancelled || delta.delta === "") return;
      // A store costs more than a look.
      if (sounding !== target) sounding = target;
      const bytes = payloadBytes(delta.delta);
      target.bytes += bytes;
      const part = partOf(target, delta);
      target.account.bytes += bytes;
      if (target.way?.take(delta.delta)) return;
      if (part) target.way = emit({ type: "voice.audio", speechId: target.id, payload: delta.delta, part });
      else target.way = emit({ type: "voice.audio", speechId: target.id, payload: delta.delta });
    },

    words(event) {
      const target = byResponse.get(event.response_id);
      if (!target) return;
      wordsOf(target, event).text += event.delta;
      if (target.kind !== "reply" || target.cancelled || event.delta === "") return;
      const part = partOf(target, event);
      if (part) emit({ type: "voice.words", speechId: target.id, delta: event.delta, part });
    },

    transcript(event) {
      const target = byResponse.get(event.response_id);
      if (target) wordsOf(target, event).text = event.transcript;
    },

    itemDone({ response_id, item }) {
      const target = byResponse.get(response_id);
      if (target) keepCall(target, item);
    },

    done(response) {
      const target = byResponse.get(response.id);
      if (!target) return;
      if (target.kind === "reply") finishCalls(target, response);
      const code = response.status_details?.error?.code ?? response.status_details?.error?.type;
      const detail = code ?? response.status_details?.reason ?? undefined;
      // Cut by us, although it may have run to its end upstream meanwhile: its late audio was dropped.
      const status = response.status ?? "completed";
      if (target.cancelled) end(target, "cancelled");
      else if (status === "completed") end(target, "completed");
      else if (status === "cancelled") end(target, "cancelled", detail);
      else if (status === "incomplete") end(target, "incomplete", detail);
      else end(target, "failed", detail ?? "failed");
    },

    refused(eventId, code) {
      const refused = [...open.values()].find((target) =>
        eventId === undefined
          ? target.cancel !== undefined && code === "response_cancel_not_active"
          : target.request === eventId || target.cancel === eventId,
      );
      if (!refused) return false;
      // A cancel that is refused means that the server is done with that response and will not speak of it again.
      if (refused.cancelled) end(refused, "cancelled");
      else end(refused, "failed", code);
      return true;
    },

    owes: () => open.size > 0,
  };
}

/** Only whole calls count: the arguments of a call that was cut are half a JSON text. */
function keepCall(target: Speech, item: ResponseItem): void {
  if (item.type !== "function_call" || item.status !== "completed" || !item.call_id) return;
  if (target.kind === "reply" && !target.calls.has(item.call_id)) target.calls.set(item.call_id, item);
}

function wordsOf({ words }: Speech, { item_id: itemId, content_index: contentIndex }: Place): PartWords {
  let found = words.find((part) => part.itemId === itemId && part.contentIndex === contentIndex);
  if (!found) words.push((found = { itemId, contentIndex, text: "" }));
  return found;
}

function spokenText({ words }: Speech): string {
  return words
    .map(({ text }) => text.trim())
    .filter((part) => part !== "")
    .join(" ");
}
