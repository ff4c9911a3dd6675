/**
 * The client events a Realtime WebSocket takes and the exact fields of each. What an event may do in the present state of
 * a session (is there a response to cancel, does the item exist) is decided where that state is kept.
 */
import {
  Refusal,
  anyObject,
  anything,
  flag,
  invalidValue,
  isObject,
  list,
  metadata,
  nullable,
  oneOf,
  shape,
  text,
  variants,
  whole,
  type Check,
  type Json,
} from "../check.ts";
import {
  format,
  maxOutputTokens,
  outputModalities,
  prompt,
  reasoning,
  session,
  toolChoice,
  tools,
  voice,
} from "./session-schema.ts";

/** Outside base64's standard alphabet. Node's decoder would skip over it; looking for one such sign is linear at any length. */
const NOT_BASE64 = /[^A-Za-z0-9+/]/;
const MAX_AUDIO_BYTES = 15 * 1024 * 1024;

export const base64Audio: Check = (value, path) => {
  text()(value, path);
  const encoded = value as string;
  if ((encoded.length / 4) * 3 > MAX_AUDIO_BYTES + 2) {
    throw new Refusal("invalid_value", `Invalid '${path}': audio above the maximum of 15 MiB.`, { param: path });
  }
  const padding = encoded.endsWith("==") ? 2 : encoded.endsWith("=") ? 1 : 0;
  const digits = padding === 0 ? encoded : encoded.slice(0, -padding);
  if (encoded.length === 0 || encoded.length % 4 !== 0 || NOT_BASE64.test(digits)) {
    throw new Refusal("invalid_value", `Invalid '${path}'. Expected base64-encoded audio bytes.`, { param: path });
  }
};

/** A non-empty list of content parts, each of one of these types. */
function content(types: Record<string, Check>): Check {
  return list(variants("type", types), { min: 1 });
}

const inputText = shape({ type: anything, text: text() }, ["text"]);

const common = {
  id: text({ max: 32 }),
  type: anything,
  object: oneOf("realtime.item"),
  status: oneOf("completed", "incomplete", "in_progress"),
};

const assistantContent: Check = (value, path) => {
  if (Array.isArray(value)) {
    value.forEach((part, index) => {
      if (!isObject(part) || part["type"] !== "output_audio") return;
      // The type exists, but a client cannot put words into the model's mouth as audio.
      throw invalidValue(`${path}[${index}].type`, "output_audio", ["output_text"]);
    });
  }
  content({ output_text: inputText })(value, path);
};

const message: Check = variants("role", {
  system: shape({ ...common, role: anything, content: content({ input_text: inputText }) }, ["content"]),
  user: shape(
    {
      ...common,
      role: anything,
      content: content({
        input_text: inputText,
        input_audio: shape({ type: anything, audio: base64Audio, transcript: text() }, ["audio"]),
        input_image: shape(
          { type: anything, image_url: text({ pattern: /^data:image\// }), detail: oneOf("auto", "low", "high") },
          ["image_url"],
        ),
      }),
    },
    ["content"],
  ),
  assistant: shape({ ...common, role: anything, content: assistantContent }, ["content"]),
});

const itemKinds: Record<string, Check> = {
  message,
  function_call: shape({ ...common, name: text(), arguments: text(), call_id: text({ max: 64 }) }, [
    "name",
    "arguments",
  ]),
  function_call_output: shape({ ...common, call_id: text({ max: 64 }), output: text() }, ["call_id", "output"]),
  mcp_approval_response: shape({ ...common, approval_request_id: text(), approve: flag, reason: nullable(text()) }, [
    "id",
    "approval_request_id",
    "approve",
  ]),
};

export const item: Check = variants("type", itemKinds);

const inputItem: Check = variants("type", {
  ...itemKinds,
  item_reference: shape({ type: anything, id: text() }, ["id"]),
});

export const responseParams: Check = shape({
  audio: shape({ output: shape({ format, voice }) }),
  conversation: oneOf("auto", "none"),
  input: list(inputItem),
  instructions: text(),
  max_output_tokens: maxOutputTokens,
  metadata: nullable(metadata),
  output_modalities: outputModalities,
  parallel_tool_calls: flag,
  prompt,
  reasoning,
  tool_choice: toolChoice,
  tools,
});

const byItem = { item_id: text() };

const EVENTS: Record<string, { fields: Record<string, Check>; required?: string[] }> = {
  "session.update": { fields: { session }, required: ["session"] },
  "input_audio_buffer.append": { fields: { audio: base64Audio }, required: ["audio"] },
  "input_audio_buffer.commit": { fields: {} },
  "input_audio_buffer.clear": { fields: {} },
  "conversation.item.create": { fields: { item, previous_item_id: text() }, required: ["item"] },
  "conversation.item.retrieve": { fields: byItem, required: ["item_id"] },
  "conversation.item.delete": { fields: byItem, required: ["item_id"] },
  "conversation.item.truncate": {
    fields: { ...byItem, content_index: whole({ min: 0 }), audio_end_ms: whole({ min: 0 }) },
    required: ["item_id", "content_index", "audio_end_ms"],
  },
  "response.create": { fields: { response: responseParams } },
  "response.cancel": { fields: { response_id: text() } },
};

const checks = new Map<string, Check>(
  Object.entries(EVENTS).map(([type, { fields, required }]) => [
    type,
    shape({ type: anything, event_id: text({ max: 512 }), ...fields }, required),
  ]),
);

export type ClientEvent = Json & { type: string; event_id?: string };

/** The beta event, taken only behind a switch. */
const BETA = "transcription_session.update";

/**
 * Checks one client event.
 * @throws Refusal with code invalid_event, invalid_value (param "type") or whatever its first bad parameter deserves.
 */
export function checkClientEvent(event: unknown, options: { takeBetaUpdate?: boolean } = {}): ClientEvent {
  if (!isObject(event)) {
    throw new Refusal("invalid_event", "Could not parse the event: expected a text frame with a JSON object.");
  }
  const type = event["type"];
  if (typeof type !== "string") {
    throw new Refusal("invalid_event", "The event must have a 'type' that is a string.", { param: "type" });
  }
  if (type === BETA && options.takeBetaUpdate) {
    shape({ type: anything, event_id: text(), session: anyObject }, ["session"])(event, "");
    return event as ClientEvent;
  }
  const check = checks.get(type);
  if (!check) throw invalidValue("type", type, [...checks.keys()]);
  check(event, "");
  return event as ClientEvent;
}
