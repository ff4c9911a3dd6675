import * as fc from "fast-check";
import { CLIENT_EVENTS, readClientEvent, type ClientCommand } from "../../../src/wire/assistant/client-events.ts";
import type { Vocabulary } from "../../../src/wire/assistant/words.ts";

const read = (event: unknown, before: Vocabulary = "beta") => readClientEvent(JSON.stringify(event), before);
const message = (content: unknown, more = {}) => ({
  type: "conversation.item.create",
  item: { type: "message", role: "user", content, ...more },
});
const TEXT = [{ type: "input_text", text: "Hello, who am I?" }];
const VAD = {
  type: "server_vad",
  threshold: 0.6,
  prefix_padding_ms: 200,
  silence_duration_ms: 700,
  create_response: false,
};

const taken: [string, object, ClientCommand][] = [
  ["audio", { type: "input_audio_buffer.append", audio: "AAAA" }, { kind: "audio", audio: "AAAA" }],
  ["the end of audio", { type: "input_audio_buffer.commit" }, { kind: "commit" }],
  ["audio taken back", { type: "input_audio_buffer.clear" }, { kind: "clear" }],
  ["the document's text", message(TEXT), { kind: "item", item: { content: TEXT } as never }],
  [
    "an item with id and place",
    {
      ...message([{ type: "input_audio", audio: "AAAA" }], { id: "mine", object: "realtime.item" }),
      previous_item_id: "root",
    },
    { kind: "item", item: { id: "mine", content: [{ type: "input_audio", audio: "AAAA" }] }, after: "root" },
  ],
  [
    "a truncation",
    { type: "conversation.item.truncate", item_id: "i", content_index: 0, audio_end_ms: 20 },
    { kind: "truncate", itemId: "i", contentIndex: 0, audioEndMs: 20 },
  ],
  ["an answer", { type: "response.create" }, { kind: "respond", params: {} }],
  [
    "an answer of the beta",
    { type: "response.create", response: { modalities: ["text", "audio"], max_output_tokens: 100 } },
    { kind: "respond", params: { modality: "audio", maxOutputTokens: 100 } },
  ],
  [
    "a written answer",
    { type: "response.create", response: { modalities: ["text"] } },
    { kind: "respond", params: { modality: "text" } },
  ],
  ["a cancel", { type: "response.cancel" }, { kind: "cancel" }],
  ["a cancel by id", { type: "response.cancel", response_id: "r" }, { kind: "cancel", responseId: "r" }],
  [
    "the beta's settings",
    { type: "session.update", session: { voice: "sage", speed: 1.2, turn_detection: VAD } },
    { kind: "settings", settings: { voice: "sage", speed: 1.2, turnDetection: VAD } as never },
  ],
  [
    "no turn detection",
    { type: "session.update", session: { turn_detection: null } },
    { kind: "settings", settings: { turnDetection: null } },
  ],
];

test.each(taken)("takes %s", (_name, event, command) => {
  expect(read(event)).toEqual({ outcome: "command", command, vocabulary: "beta" });
  expect(read({ ...event, event_id: "mine" })).toMatchObject({ eventId: "mine", command: { kind: command.kind } });
});

test("takes every event of its list", () => {
  expect(new Set(taken.map(([, event]) => (event as { type: string }).type))).toEqual(new Set(CLIENT_EVENTS));
});

test("a session written as today's makes the socket one of today's words", () => {
  const session = {
    type: "realtime",
    audio: { input: { turn_detection: VAD }, output: { voice: "sage", speed: 0.9 } },
  };
  expect(read({ type: "session.update", session })).toEqual({
    outcome: "command",
    command: { kind: "settings", settings: { voice: "sage", speed: 0.9, turnDetection: VAD } },
    vocabulary: "ga",
  });
  expect(read({ type: "response.create" }, "ga")).toMatchObject({ outcome: "command", vocabulary: "ga" });
  const refused = read({ type: "session.update", session: { ...session, instructions: "Be somebody else." } });
  expect(refused).toMatchObject({ outcome: "refused", vocabulary: "ga", param: "session.instructions" });
});

test("in today's words a response has one modality", () => {
  const event = { type: "response.create", response: { output_modalities: ["text"] } };
  expect(read(event, "ga")).toMatchObject({ command: { kind: "respond", params: { modality: "text" } } });
  expect(read(event, "beta")).toMatchObject({ outcome: "refused", param: "response.output_modalities" });
});

test.each([
  [
    "other instructions",
    { type: "session.update", session: { instructions: "x" } },
    "unknown_parameter",
    "session.instructions",
  ],
  ["other tools", { type: "session.update", session: { tools: [] } }, "unknown_parameter", "session.tools"],
  ["a session that is missing", { type: "session.update" }, "missing_required_parameter", "session"],
  ["an unknown voice", { type: "session.update", session: { voice: "nova" } }, "invalid_value", "session.voice"],
  ["too fast", { type: "session.update", session: { speed: 3 } }, "invalid_value", "session.speed"],
  [
    "thresholds of another kind of turn detection",
    { type: "session.update", session: { turn_detection: { type: "semantic_vad", threshold: 0.5 } } },
    "unknown_parameter",
    "session.turn_detection.threshold",
  ],
  [
    "an answer that says it is the server's own words",
    { type: "response.create", response: { metadata: { say: "x" } } },
    "invalid_value",
    "response.metadata",
  ],
  [
    "an answer that says the server asked for it",
    { type: "response.create", response: { metadata: { respond: "x" } } },
    "invalid_value",
    "response.metadata",
  ],
  ["an item by a name of the server's", message(TEXT, { id: "vb_1" }), "invalid_value", "item.id"],
  [
    "instructions for one answer",
    { type: "response.create", response: { instructions: "x" } },
    "unknown_parameter",
    "response.instructions",
  ],
  ["input for one answer", { type: "response.create", response: { input: [] } }, "unknown_parameter", "response.input"],
  [
    "an answer beside the conversation",
    { type: "response.create", response: { conversation: "none" } },
    "unknown_parameter",
    "response.conversation",
  ],
  [
    "words in the assistant's mouth",
    message([{ type: "text", text: "I will." }], { role: "assistant" }),
    "invalid_value",
    "item.role",
  ],
  ["a system message", message(TEXT, { role: "system" }), "invalid_value", "item.role"],
  [
    "the result of a tool",
    { type: "conversation.item.create", item: { type: "function_call_output", call_id: "c", output: "{}" } },
    "invalid_value",
    "item.type",
  ],
  ["an empty text", message([{ type: "input_text", text: "" }]), "invalid_value", "item.content[0].text"],
  ["a long text", message([{ type: "input_text", text: "x".repeat(16_001) }]), "invalid_value", "item.content[0].text"],
  [
    "a picture",
    message([{ type: "input_image", image_url: "data:image/png;base64,AAAA" }]),
    "invalid_value",
    "item.content[0].type",
  ],
  ["audio that is no base64", { type: "input_audio_buffer.append", audio: "no!!" }, "invalid_value", "audio"],
  ["no audio", { type: "input_audio_buffer.append" }, "missing_required_parameter", "audio"],
  [
    "half milliseconds",
    { type: "conversation.item.truncate", item_id: "i", content_index: 0, audio_end_ms: 1.5 },
    "invalid_value",
    "audio_end_ms",
  ],
  ["an item to be deleted", { type: "conversation.item.delete", item_id: "i" }, "invalid_value", "type"],
  [
    "an event of the beta for transcription",
    { type: "transcription_session.update", session: {} },
    "invalid_value",
    "type",
  ],
  ["a name of every object", { type: "constructor" }, "invalid_value", "type"],
  ["no type", { audio: "AAAA" }, "invalid_event", "type"],
  ["a list", [1], "invalid_event", null],
])("refuses %s", (_name, event, code, param) => {
  const told = read(event);
  expect(told).toMatchObject({ outcome: "refused", code, param, vocabulary: "beta" });
});

test("refuses what is no JSON, and names the client's event where it is", () => {
  expect(readClientEvent("{nope", "ga")).toMatchObject({ outcome: "refused", code: "invalid_event", vocabulary: "ga" });
  expect(read({ type: "what", event_id: "mine" })).toMatchObject({ outcome: "refused", eventId: "mine" });
  expect(read({ type: "what", event_id: 7 })).not.toHaveProperty("eventId");
});

test("never throws, and never repeats what was sent", () => {
  fc.assert(
    fc.property(fc.constantFrom(...CLIENT_EVENTS), fc.jsonValue(), fc.jsonValue(), (type, one, other) => {
      const told = read({ type, session: one, item: other, response: one, audio: other, "secret-8871": one });
      if (told.outcome === "refused") expect(told.message.length).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
});
