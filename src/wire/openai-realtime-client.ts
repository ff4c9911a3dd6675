// OpenAI Realtime, GA: makers for the client events we send, with exactly the fields the GA schema has (it refuses others,
// and a refused event changes nothing). test/wire checks them against the openai package's own types.

export type ReasoningEffort = "minimal" | "low" | "medium" | "high" | "xhigh";

export interface FunctionTool {
  type: "function";
  name: string;
  description: string;
  /** A JSON Schema object. */
  parameters: Record<string, unknown>;
}

type TurnDetection =
  | {
      type: "server_vad";
      threshold: number;
      prefix_padding_ms: number;
      silence_duration_ms: number;
      create_response: boolean;
      interrupt_response: boolean;
    }
  | {
      type: "semantic_vad";
      eagerness: "low" | "medium" | "high" | "auto";
      create_response: boolean;
      interrupt_response: boolean;
    };

/** The session of a phone call. The mu-law format has no `rate` here (OpenAI Live wants one; Realtime refuses it). */
export interface RealtimeSession {
  type: "realtime";
  output_modalities: ["audio"];
  instructions: string;
  audio: {
    input: {
      format: { type: "audio/pcmu" };
      noise_reduction: null;
      transcription: { model: string; language?: string };
      turn_detection: TurnDetection;
    };
    output: { format: { type: "audio/pcmu" }; voice: string; speed: number };
  };
  tools: FunctionTool[];
  tool_choice: "auto" | "none";
  reasoning?: { effort: ReasoningEffort };
}

export function sessionUpdate<Session extends RealtimeSession | SpeakingSession | TranscriptionSession>(
  eventId: string,
  session: Session,
) {
  return { type: "session.update", event_id: eventId, session } as const;
}

interface Pcm {
  type: "audio/pcm";
  rate: 24000;
}

/** A session that only speaks, in full quality, what it is given piece by piece. */
export interface SpeakingSession {
  type: "realtime";
  output_modalities: ["audio"];
  instructions: string;
  audio: {
    input: { format: Pcm; turn_detection: null };
    output: { format: Pcm; voice: string; speed: number };
  };
  tools: FunctionTool[];
  tool_choice: "none";
  reasoning?: { effort: ReasoningEffort };
}

/** A session that only understands; its socket is opened with `intent=transcription`. Turns are committed by hand. */
export interface TranscriptionSession {
  type: "transcription";
  audio: {
    input: {
      format: Pcm;
      noise_reduction: null;
      transcription: { model: string; language?: string };
      turn_detection: null;
    };
  };
}

/** What was appended is one utterance. */
export function commitAudio(eventId: string) {
  return { type: "input_audio_buffer.commit", event_id: eventId } as const;
}

/**
 * Caller audio as a finished frame, ASCII as its payload is. The payload is base64 from the carrier and goes through
 * untouched: joining strings costs a tenth of serialising, and this is half of all messages.
 */
export function appendFrame(payload: string): string {
  return `{"type":"input_audio_buffer.append","audio":"${payload}"}`;
}

export function userText(eventId: string, text: string) {
  const content: { type: "input_text"; text: string }[] = [{ type: "input_text", text }];
  return {
    type: "conversation.item.create",
    event_id: eventId,
    item: { type: "message", role: "user", content },
  } as const;
}

export function systemText(eventId: string, text: string) {
  const content: { type: "input_text"; text: string }[] = [{ type: "input_text", text }];
  return {
    type: "conversation.item.create",
    event_id: eventId,
    item: { type: "message", role: "system", content },
  } as const;
}

/** What the agent said before this session: text only, since assistant audio cannot be put into a conversation. */
export function assistantText(eventId: string, text: string) {
  const content: { type: "output_text"; text: string }[] = [{ type: "output_text", text }];
  return {
    type: "conversation.item.create",
    event_id: eventId,
    item: { type: "message", role: "assistant", content },
  } as const;
}

export function functionOutput(eventId: string, callId: string, output: string) {
  return {
    type: "conversation.item.create",
    event_id: eventId,
    item: { type: "function_call_output", call_id: callId, output },
  } as const;
}

/** @param audioEndMs a whole number: the API refuses fractions, and anything beyond the item's audio. */
export function truncateItem(eventId: string, itemId: string, contentIndex: number, audioEndMs: number) {
  return {
    type: "conversation.item.truncate",
    event_id: eventId,
    item_id: itemId,
    content_index: contentIndex,
    audio_end_ms: audioEndMs,
  } as const;
}

export function deleteItem(eventId: string, itemId: string) {
  return { type: "conversation.item.delete", event_id: eventId, item_id: itemId } as const;
}

/** An answer of the model's own, in the session's conversation. */
export function answer(eventId: string, metadata: Record<string, string>) {
  return { type: "response.create", event_id: eventId, response: { metadata } } as const;
}

export interface SpeechParams {
  /** Comes back in response.created and response.done: the only link between a request and its response. */
  readonly metadata: Record<string, string>;
  readonly instructions: string;
  readonly text: string;
  readonly maxOutputTokens: number;
  /** Only reasoning models take it; the others refuse the whole event. */
  readonly effort?: ReasoningEffort;
}

/** A response outside the conversation: sees only this input, leaves nothing behind, may not call tools. */
export function speech(eventId: string, { metadata, instructions, text, maxOutputTokens, effort }: SpeechParams) {
  const modalities: ["audio"] = ["audio"];
  const content: { type: "input_text"; text: string }[] = [{ type: "input_text", text }];
  const input: { type: "message"; role: "user"; content: typeof content }[] = [
    { type: "message", role: "user", content },
  ];
  const tools: FunctionTool[] = [];
  return {
    type: "response.create",
    event_id: eventId,
    response: {
      conversation: "none",
      metadata,
      output_modalities: modalities,
      tools,
      tool_choice: "none",
      max_output_tokens: maxOutputTokens,
      instructions,
      input,
      ...(effort && { reasoning: { effort } }),
    },
  } as const;
}

/** Always by id: without one only a response of the session's own conversation is cancelled. */
export function cancelResponse(eventId: string, responseId: string) {
  return { type: "response.cancel", event_id: eventId, response_id: responseId } as const;
}

export type ClientEvent = ReturnType<
  | typeof sessionUpdate
  | typeof userText
  | typeof systemText
  | typeof assistantText
  | typeof functionOutput
  | typeof truncateItem
  | typeof deleteItem
  | typeof answer
  | typeof speech
  | typeof cancelResponse
  | typeof commitAudio
>;
