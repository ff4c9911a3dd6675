import {
  audioFrameInWords,
  BETA_NAMES,
  betaSession,
  inWords,
  isAudioFrame,
} from "../../../src/wire/assistant/words.ts";

const FORMAT = { type: "audio/pcm", rate: 24_000 };
const SESSION = {
  type: "realtime",
  object: "realtime.session",
  id: "sess_1",
  model: "gpt-realtime-2.1-mini",
  output_modalities: ["audio"],
  instructions: "Be brief.",
  tools: [],
  tool_choice: "auto",
  max_output_tokens: "inf",
  expires_at: 1_800_000_000,
  audio: {
    input: {
      format: FORMAT,
      transcription: { model: "gpt-live-transcribe" },
      noise_reduction: { type: "near_field" },
      turn_detection: { type: "server_vad" },
    },
    output: { format: FORMAT, voice: "ash", speed: 1 },
  },
};

test.each([...BETA_NAMES])("%s is %s in the document's words, and itself in today's", (today, beta) => {
  const event = { type: today, event_id: "event_1", item_id: "item_1", delta: "x" };
  expect(inWords(event, "beta")).toEqual({ ...event, type: beta });
  expect(inWords(event, "ga")).toBe(event);
});

test.each([
  "error",
  "response.function_call_arguments.delta",
  "input_audio_buffer.speech_started",
  "rate_limits.updated",
  "conversation.item.input_audio_transcription.completed",
  "something.of.tomorrow",
])("%s is called the same in both", (type) => {
  const event = { type, event_id: "event_1", some: { thing: [1] } };
  expect(inWords(event, "beta")).toEqual(event);
  expect(inWords(event, "ga")).toEqual(event);
});

test("the end of an item has no name in the beta, and what OpenAI sends for old clients is told once", () => {
  expect(inWords({ type: "conversation.item.done", item: {} }, "beta")).toBeUndefined();
  expect(inWords({ type: "conversation.item.done", item: {} }, "ga")).toBeDefined();
  for (const type of ["conversation.item.created", "conversation.created"]) {
    expect(inWords({ type }, "beta")).toBeUndefined();
    expect(inWords({ type }, "ga")).toBeUndefined();
  }
});

test("a session has the fields that the document shows", () => {
  expect(inWords({ type: "session.updated", session: SESSION }, "beta")).toEqual({
    type: "session.updated",
    session: {
      object: "realtime.session",
      id: "sess_1",
      model: "gpt-realtime-2.1-mini",
      modalities: ["text", "audio"],
      instructions: "Be brief.",
      voice: "ash",
      speed: 1,
      input_audio_format: "pcm16",
      output_audio_format: "pcm16",
      input_audio_transcription: { model: "gpt-live-transcribe" },
      input_audio_noise_reduction: { type: "near_field" },
      turn_detection: { type: "server_vad" },
      tools: [],
      tool_choice: "auto",
      max_response_output_tokens: "inf",
      expires_at: 1_800_000_000,
    },
  });
  expect(betaSession({ ...SESSION, output_modalities: ["text"] })["modalities"]).toEqual(["text"]);
  expect(betaSession({ audio: { input: { format: { type: "audio/pcmu" }, turn_detection: null } } })).toMatchObject({
    input_audio_format: "g711_ulaw",
    turn_detection: null,
  });
});

test("what the assistant said is audio and text, of a response as of an item", () => {
  const item = {
    id: "item_1",
    type: "message",
    role: "assistant",
    content: [
      { type: "output_audio", transcript: "Hello." },
      { type: "output_text", text: "Hello." },
      { type: "input_text", text: "as it is" },
    ],
  };
  const told = {
    ...item,
    content: [
      { type: "audio", transcript: "Hello." },
      { type: "text", text: "Hello." },
      { type: "input_text", text: "as it is" },
    ],
  };
  expect(inWords({ type: "response.output_item.done", item }, "beta")).toEqual({
    type: "response.output_item.done",
    item: told,
  });
  const response = {
    id: "resp_1",
    status: "completed",
    output: [item, { type: "function_call", name: "web_search" }],
    output_modalities: ["audio"],
    audio: { output: { format: FORMAT, voice: "ash" } },
    usage: { total_tokens: 3 },
  };
  expect(inWords({ type: "response.done", response }, "beta")).toEqual({
    type: "response.done",
    response: {
      id: "resp_1",
      status: "completed",
      output: [told, { type: "function_call", name: "web_search" }],
      modalities: ["text", "audio"],
      voice: "ash",
      output_audio_format: "pcm16",
      usage: { total_tokens: 3 },
    },
  });
});

test("a frame of audio is renamed without being parsed, and means the same", () => {
  const event = { type: "response.output_audio.delta", event_id: "e", response_id: "r", item_id: "i", delta: "AAAA" };
  const frame = JSON.stringify(event);
  expect(isAudioFrame(frame)).toBe(true);
  expect(JSON.parse(audioFrameInWords(frame, "beta"))).toEqual(inWords(event, "beta"));
  expect(audioFrameInWords(frame, "ga")).toBe(frame);
  expect(isAudioFrame(JSON.stringify({ ...event, type: "response.output_audio.done" }))).toBe(false);
});

test.each([
  ["an item that is none", { type: "conversation.item.added", item: 7 }],
  ["a session that is none", { type: "session.updated", session: null }],
  ["a response whose output is none", { type: "response.done", response: { output: "no", audio: 3 } }],
  ["content that is none", { type: "conversation.item.added", item: { content: [null, "x"] } }],
])("%s is passed on as it is", (_name, event) => {
  expect(() => inWords(event, "beta")).not.toThrow();
  expect(inWords(event, "beta")).toBeDefined();
});
