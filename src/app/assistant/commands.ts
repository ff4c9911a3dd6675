// What a client wants done -> what OpenAI is told, in its words of today. Pure.
import type { ClientCommand, ClientSettings, UserItem } from "../../wire/assistant/client-events.ts";
import type { RelayEvent } from "../../speech/relayed-session.ts";

export type Sent = Exclude<ClientCommand, { kind: "audio" }>;

export function toOpenAI(command: Sent, eventId: string): RelayEvent {
  switch (command.kind) {
    case "commit":
      return { type: "input_audio_buffer.commit", event_id: eventId };
    case "clear":
      return { type: "input_audio_buffer.clear", event_id: eventId };
    case "item":
      return {
        type: "conversation.item.create",
        event_id: eventId,
        ...(command.after !== undefined && { previous_item_id: command.after }),
        item: { type: "message", role: "user", id: command.item.id, content: command.item.content },
      };
    case "respond": {
      const { modality, maxOutputTokens, metadata } = command.params;
      return {
        type: "response.create",
        event_id: eventId,
        response: {
          ...(modality && { output_modalities: [modality] }),
          ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
          ...(metadata && { metadata }),
        },
      };
    }
    case "cancel":
      return {
        type: "response.cancel",
        event_id: eventId,
        ...(command.responseId !== undefined && { response_id: command.responseId }),
      };
    case "truncate":
      return {
        type: "conversation.item.truncate",
        event_id: eventId,
        item_id: command.itemId,
        content_index: command.contentIndex,
        audio_end_ms: command.audioEndMs,
      };
    case "settings":
      return { type: "session.update", event_id: eventId, session: settingsUpdate(command.settings) };
  }
}

function settingsUpdate({ voice, speed, turnDetection }: ClientSettings) {
  return {
    type: "realtime",
    audio: {
      ...(turnDetection !== undefined && { input: { turn_detection: turnDetection } }),
      ...((voice !== undefined || speed !== undefined) && {
        output: { ...(voice !== undefined && { voice }), ...(speed !== undefined && { speed }) },
      }),
    },
  };
}

/** The written words of an item; "" where it is spoken. */
export const textOf = ({ content }: UserItem): string =>
  content
    .flatMap((part) => (part.type === "input_text" ? [part.text] : []))
    .join("\n")
    .trim();
