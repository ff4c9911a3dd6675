// The wire against the openai package's own types: what we send is assignable to its client events, what we read is in its
// server vocabulary. Half of it is checked by the compiler (npm run check); the rest reads the package's declarations.
import { readFileSync } from "node:fs";
import type {
  RealtimeAudioConfigInput,
  RealtimeAudioConfigOutput,
  RealtimeClientEvent,
  RealtimeResponseCreateParams,
  RealtimeServerEvent,
  RealtimeSessionCreateRequest,
  RealtimeTranscriptionSessionCreateRequest,
  SessionUpdateEvent,
} from "openai/resources/realtime/realtime";
import * as make from "../../src/wire/openai-realtime-client.ts";
import {
  HANDLED_EVENTS,
  IGNORED_EVENTS,
  type ServerEventName,
  type ServerEventOf,
} from "../../src/wire/openai-realtime.ts";

type ServerName = RealtimeServerEvent["type"];
type Official<Name extends ServerName> = Extract<RealtimeServerEvent, { type: Name }>;

/** Compiles only when the first type is assignable to the second. */
function assignable<From extends To, To>(): [From?, To?] {
  return [];
}

// The package's own interface lists no null for noise_reduction, although its documentation of the field does.
type Sent = ReturnType<typeof make.sessionUpdate<make.RealtimeSession>>;
type SentInput = Omit<Sent["session"]["audio"]["input"], "noise_reduction">;
type SentSession = Omit<Sent["session"], "audio"> & {
  audio: Omit<Sent["session"]["audio"], "input"> & { input: SentInput };
};
assignable<Omit<Sent, "session"> & { session: SentSession }, SessionUpdateEvent>();
assignable<Exclude<make.ClientEvent, { type: "session.update" }>, RealtimeClientEvent>();
type Speaking = ReturnType<typeof make.sessionUpdate<make.SpeakingSession>>;
assignable<Speaking, SessionUpdateEvent>();
assignable<keyof Speaking["session"], keyof RealtimeSessionCreateRequest>();
assignable<keyof Speaking["session"]["audio"]["output"], keyof RealtimeAudioConfigOutput>();
assignable<keyof make.TranscriptionSession, keyof RealtimeTranscriptionSessionCreateRequest>();
assignable<
  keyof make.TranscriptionSession["audio"]["input"],
  keyof NonNullable<NonNullable<RealtimeTranscriptionSessionCreateRequest["audio"]>["input"]>
>();

// Assignable is not enough: a field the API does not know makes it refuse the whole event.
assignable<keyof Sent["session"], keyof RealtimeSessionCreateRequest>();
assignable<keyof Sent["session"]["audio"]["input"], keyof RealtimeAudioConfigInput>();
assignable<keyof Sent["session"]["audio"]["output"], keyof RealtimeAudioConfigOutput>();
assignable<keyof ReturnType<typeof make.speech>["response"], keyof RealtimeResponseCreateParams>();
assignable<keyof ReturnType<typeof make.answer>["response"], keyof RealtimeResponseCreateParams>();

// Every server event we name is one, and every field we read has a type we can take.
assignable<ServerEventName, ServerName>();
assignable<(typeof IGNORED_EVENTS)[number], ServerName>();
type Readable<Name extends ServerEventName> = Pick<
  Official<Name>,
  Extract<keyof ServerEventOf<Name>, keyof Official<Name>>
>;
assignable<
  Readable<"input_audio_buffer.speech_started">,
  Pick<ServerEventOf<"input_audio_buffer.speech_started">, "type" | "audio_start_ms" | "item_id">
>();
assignable<Readable<"input_audio_buffer.speech_stopped">, ServerEventOf<"input_audio_buffer.speech_stopped">>();
assignable<Readable<"input_audio_buffer.committed">, ServerEventOf<"input_audio_buffer.committed">>();
assignable<Readable<"response.output_audio.delta">, ServerEventOf<"response.output_audio.delta">>();
assignable<
  Readable<"response.output_audio_transcript.delta">,
  ServerEventOf<"response.output_audio_transcript.delta">
>();
assignable<Readable<"response.output_audio_transcript.done">, ServerEventOf<"response.output_audio_transcript.done">>();
assignable<Official<"error">["error"], { code?: string | null; event_id?: string | null; param?: string | null }>();
assignable<
  Official<"conversation.item.input_audio_transcription.completed">,
  { item_id: string; transcript: string }
>();
// The fields every event of ours needs exist in the official one, under the same name.
type FieldsKnown = {
  [Name in ServerEventName]: Exclude<keyof ServerEventOf<Name>, keyof Official<Name>>;
}[ServerEventName];
assignable<FieldsKnown, never>();

const declarations = readFileSync(
  new URL("../../node_modules/openai/resources/realtime/realtime.d.ts", import.meta.url),
  "utf8",
);
const official = new Set([...declarations.matchAll(/^\s+type: '([a-z_.]+)';/gm)].map((match) => match[1]));

test("every server event we know is in the openai package's vocabulary", () => {
  expect(official.size).toBeGreaterThan(40);
  expect([...HANDLED_EVENTS, ...IGNORED_EVENTS].filter((name) => !official.has(name))).toEqual([]);
});

test("every client event we make is in the openai package's vocabulary", () => {
  const session = { type: "realtime" } as unknown as make.RealtimeSession;
  const speech = { metadata: {}, instructions: "", text: "", maxOutputTokens: 1 };
  const made: make.ClientEvent[] = [
    make.sessionUpdate("e", session),
    make.userText("e", "t"),
    make.systemText("e", "t"),
    make.assistantText("e", "t"),
    make.functionOutput("e", "c", "o"),
    make.truncateItem("e", "i", 0, 1),
    make.deleteItem("e", "i"),
    make.answer("e", {}),
    make.speech("e", speech),
    make.cancelResponse("e", "r"),
  ];
  expect(made.filter((event) => !official.has(event.type))).toEqual([]);
  expect(made.every((event) => event.event_id === "e")).toBe(true);
});

test("an appended frame is the event its maker's type says, byte for byte what JSON would write", () => {
  const payload = Buffer.from(Array.from({ length: 160 }, (_, index) => index)).toString("base64");
  const event: RealtimeClientEvent = { type: "input_audio_buffer.append", audio: payload };
  expect(make.appendFrame(payload)).toBe(JSON.stringify(event));
});
