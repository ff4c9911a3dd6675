import type { OpenAISim } from "../../../src/sim/openai/index.ts";
import { closeSims, connect, phone, sim, type Client } from "./client.ts";

let on: OpenAISim;
let client: Client;

beforeEach(async () => {
  on = await sim();
  client = await connect(on);
});
afterEach(closeSims);

/** Wraps a value into the session at a dotted path. */
function at(path: string, value: unknown): Record<string, unknown> {
  return path
    .split(".")
    .toReversed()
    .reduce<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}

const vad = (fields: Record<string, unknown>) => ({ type: "server_vad", ...fields });
const tool = { type: "function", name: "end_call", description: "Hangs up.", parameters: { type: "object" } };

describe("accepted", () => {
  test.each<[string, unknown]>([
    ["output_modalities", ["text"]],
    ["output_modalities", ["audio"]],
    ["instructions", ""],
    ["audio.input.format", { type: "audio/pcm", rate: 24000 }],
    ["audio.input.format", { type: "audio/pcm" }],
    ["audio.output.format", { type: "audio/pcmu" }],
    ["audio.output.format", { type: "audio/pcma" }],
    ["audio.input.noise_reduction", null],
    ["audio.input.noise_reduction", { type: "far_field", strength: 0.5 }],
    ["audio.input.transcription", null],
    ["audio.input.transcription", { model: "gpt-live-transcribe", language: "en", keywords: ["Voicebridge"] }],
    ["audio.input.transcription", { model: "whisper-1", prompt: "names" }],
    ["audio.input.turn_detection", null],
    ["audio.input.turn_detection", vad({ threshold: 1, prefix_padding_ms: 0, silence_duration_ms: 200 })],
    ["audio.input.turn_detection", vad({ idle_timeout_ms: 6000, create_response: false, interrupt_response: false })],
    ["audio.input.turn_detection", { type: "semantic_vad", eagerness: "low", create_response: false }],
    ["audio.output.voice", "cedar"],
    ["audio.output.voice", { id: "voice_123" }],
    ["audio.output.speed", 1.5],
    ["include", ["item.input_audio_transcription.logprobs"]],
    ["tools", [tool, { type: "mcp", server_label: "desk", server_url: "https://mcp.example.com" }]],
    ["tools", []],
    ["tool_choice", "required"],
    ["tool_choice", { type: "function", name: "end_call" }],
    ["tool_choice", { type: "mcp", server_label: "desk" }],
    ["parallel_tool_calls", false],
    ["reasoning", { effort: "minimal" }],
    ["max_output_tokens", 4096],
    ["max_output_tokens", "inf"],
    ["tracing", "auto"],
    ["tracing", { workflow_name: "calls", group_id: "g", metadata: { a: "b" } }],
    ["truncation", "disabled"],
    ["truncation", { type: "retention_ratio", retention_ratio: 0.8, token_limits: { post_instructions: 8000 } }],
    ["prompt", null],
    ["model", "gpt-realtime-2.1"],
  ])("%s = %j", async (path, value) => {
    const updated = await client.update(at(path, value));
    expect(updated).toMatchObject({ type: "session.updated", session: { type: "realtime" } });
    const shown = path
      .split(".")
      .reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], updated["session"]);
    if (value === null || typeof value !== "object" || Array.isArray(value)) expect(shown).toEqual(value);
    else expect(shown).toMatchObject(value);
  });

  test("what is not named stays, null switches off, a new kind of turn detection starts from its defaults", async () => {
    await client.update({ instructions: "Short.", audio: { input: { transcription: { model: "whisper-1" } } } });
    await client.update({ audio: { input: { turn_detection: { type: "semantic_vad" } } } });
    const updated = await client.update({
      audio: { output: { voice: "ash" }, input: { noise_reduction: { type: "near_field" } } },
    });
    expect(updated["session"]).toMatchObject({
      instructions: "Short.",
      audio: {
        input: {
          transcription: { model: "whisper-1" },
          turn_detection: { type: "semantic_vad", eagerness: "auto", create_response: true, interrupt_response: true },
          noise_reduction: { type: "near_field" },
        },
        output: { voice: "ash", format: { type: "audio/pcm", rate: 24000 }, speed: 1 },
      },
    });
    const off = await client.update({ audio: { input: { transcription: null, turn_detection: null } } });
    expect(off["session"]).toMatchObject({ audio: { input: { transcription: null, turn_detection: null } } });
  });
});

describe("refused, nothing changed, the session goes on", () => {
  test.each<[string, unknown, code: string, param?: string]>([
    // Names of the beta.
    ["modalities", ["audio", "text"], "unknown_parameter"],
    ["voice", "ash", "unknown_parameter"],
    ["speed", 1, "unknown_parameter"],
    ["input_audio_format", "g711_ulaw", "unknown_parameter"],
    ["output_audio_format", "g711_ulaw", "unknown_parameter"],
    ["input_audio_transcription", { model: "whisper-1" }, "unknown_parameter"],
    ["input_audio_noise_reduction", null, "unknown_parameter"],
    ["turn_detection", null, "unknown_parameter"],
    ["temperature", 0.8, "unknown_parameter"],
    ["max_response_output_tokens", 100, "unknown_parameter"],
    ["client_secret", {}, "unknown_parameter"],
    ["audio.input.format", "g711_ulaw", "invalid_type"],
    ["audio.output.format", "pcm16", "invalid_type"],
    // Formats.
    ["audio.input.format", { type: "audio/pcmu", rate: 8000 }, "unknown_parameter", "audio.input.format.rate"],
    ["audio.output.format", { type: "audio/pcma", rate: 8000 }, "unknown_parameter", "audio.output.format.rate"],
    ["audio.input.format", { type: "audio/pcm", rate: 16000 }, "integer_below_min_value", "audio.input.format.rate"],
    ["audio.input.format", { type: "audio/pcm", rate: 48000 }, "integer_above_max_value", "audio.input.format.rate"],
    ["audio.input.format", { type: "audio/opus" }, "invalid_value", "audio.input.format.type"],
    ["audio.input.format", { rate: 24000 }, "missing_required_parameter", "audio.input.format.type"],
    // The rest of audio.
    ["audio.input.noise_reduction", { type: "car" }, "invalid_value", "audio.input.noise_reduction.type"],
    ["audio.input.transcription", { model: "whisper-9" }, "invalid_value", "audio.input.transcription.model"],
    [
      "audio.input.transcription",
      { model: "whisper-1", language: "English" },
      "invalid_value",
      "audio.input.transcription.language",
    ],
    [
      "audio.input.transcription",
      { model: "whisper-1", delay: "low" },
      "unsupported_parameter",
      "audio.input.transcription.delay",
    ],
    [
      "audio.input.transcription",
      { model: "whisper-1", keywords: [] },
      "unsupported_parameter",
      "audio.input.transcription.keywords",
    ],
    ["audio.input.transcription", { model: "gpt-realtime-whisper" }, "invalid_value", "audio.input.turn_detection"],
    [
      "audio.input.turn_detection",
      vad({ eagerness: "low" }),
      "unknown_parameter",
      "audio.input.turn_detection.eagerness",
    ],
    [
      "audio.input.turn_detection",
      { type: "semantic_vad", threshold: 0.5 },
      "unknown_parameter",
      "audio.input.turn_detection.threshold",
    ],
    [
      "audio.input.turn_detection",
      { type: "semantic_vad", idle_timeout_ms: 6000 },
      "unknown_parameter",
      "audio.input.turn_detection.idle_timeout_ms",
    ],
    [
      "audio.input.turn_detection",
      vad({ threshold: 1.1 }),
      "decimal_above_max_value",
      "audio.input.turn_detection.threshold",
    ],
    [
      "audio.input.turn_detection",
      vad({ silence_duration_ms: 1.5 }),
      "invalid_type",
      "audio.input.turn_detection.silence_duration_ms",
    ],
    ["audio.input.turn_detection", { threshold: 0.5 }, "missing_required_parameter", "audio.input.turn_detection.type"],
    ["audio.input.turn_detection", { type: "none" }, "invalid_value", "audio.input.turn_detection.type"],
    ["audio.input.rate", 8000, "unknown_parameter"],
    ["audio.output.voice", "nova", "invalid_value"],
    ["audio.output.voice", { name: "x" }, "missing_required_parameter", "audio.output.voice.id"],
    ["audio.output.speed", 2, "decimal_above_max_value"],
    ["audio.output.speed", 0.1, "decimal_below_min_value"],
    // The other top-level keys.
    ["output_modalities", ["audio", "text"], "invalid_value"],
    ["output_modalities", ["video"], "invalid_value", "output_modalities[0]"],
    ["output_modalities", [], "array_below_min_length"],
    ["instructions", 7, "invalid_type"],
    ["include", ["everything"], "invalid_value", "include[0]"],
    ["tools", [{ type: "function", function: { name: "x" } }], "missing_required_parameter", "tools[0].name"],
    ["tools", [{ type: "function", name: "x", function: {} }], "unknown_parameter", "tools[0].function"],
    ["tools", [{ type: "function", name: "two words" }], "invalid_value", "tools[0].name"],
    ["tools", [{ type: "mcp" }], "missing_required_parameter", "tools[0].server_label"],
    ["tools", [{ name: "x" }], "missing_required_parameter", "tools[0].type"],
    ["tools", {}, "invalid_type"],
    ["tool_choice", "never", "invalid_value"],
    ["parallel_tool_calls", "yes", "invalid_type"],
    ["reasoning", { effort: "none" }, "invalid_value", "reasoning.effort"],
    ["max_output_tokens", 0, "integer_below_min_value"],
    ["max_output_tokens", 4097, "integer_above_max_value"],
    ["max_output_tokens", "all", "invalid_value"],
    ["truncation", "never", "invalid_value"],
    ["truncation", { type: "retention_ratio" }, "missing_required_parameter", "truncation.retention_ratio"],
    ["model", "gpt-realtime-1.5", "invalid_value"],
    ["type", "chat", "invalid_value"],
    ["id", "sess_1", "unknown_parameter"],
  ])("%s = %j", async (path, value, code, param = path) => {
    const before = structuredClone(on.sessions[0]?.config);
    const error = await client.refused({
      type: "session.update",
      event_id: "mine",
      session: { type: "realtime", instructions: "must not stick", ...at(path, value) },
    });
    expect(error).toMatchObject({
      type: "invalid_request_error",
      code,
      param: `session.${param}`,
      event_id: "mine",
      message: expect.any(String),
    });
    expect(on.sessions[0]?.config).toEqual(before);
    expect((await client.update({ instructions: "still here" })).type).toBe("session.updated");
  });

  test("no type: the whole update is refused", async () => {
    const error = await client.refused({ type: "session.update", session: { audio: { output: { voice: "ash" } } } });
    expect(error).toEqual({
      type: "invalid_request_error",
      code: "missing_required_parameter",
      message: "Missing required parameter: 'session.type'.",
      param: "session.type",
      event_id: null,
    });
    expect(on.sessions[0]?.config.audio.output?.voice).toBe("marin");
  });

  test("a session does not change its type", async () => {
    const error = await client.refused({ type: "session.update", session: { type: "transcription" } });
    expect(error).toMatchObject({ code: "invalid_value", param: "session.type" });
    expect(error["message"]).toContain("transcription session update event to a realtime session");
  });

  test("the unknown parameter is named in OpenAI's words", async () => {
    const error = await client.refused({ type: "session.update", session: { type: "realtime", voice: "ash" } });
    expect(error["message"]).toBe("Unknown parameter: 'session.voice'.");
  });

  test("reasoning belongs to the 2.x models", async () => {
    const older = await connect(on, { query: "?model=gpt-realtime-1.5" });
    for (const session of [{ reasoning: { effort: "low" } }, { parallel_tool_calls: true }]) {
      const param = `session.${Object.keys(session)[0]}`;
      expect((await older.update(session))["error"]).toMatchObject({ code: "unsupported_parameter", param });
    }
  });

  test("tracing is set once", async () => {
    await client.update({ tracing: "auto" });
    expect((await client.update({ tracing: "auto" })).type).toBe("session.updated");
    expect((await client.update({ tracing: null }))["error"]).toMatchObject({ param: "session.tracing" });
  });

  test("prompt objects end on 2026-11-30, or as the switch says", async () => {
    let now = Date.parse("2026-11-29T12:00:00Z");
    const dated = await sim({ now: () => now });
    const one = await connect(dated);
    const session = { prompt: { id: "pmpt_1" } };
    expect((await one.update(session)).type).toBe("session.updated");
    now = Date.parse("2026-11-30T12:00:00Z");
    expect((await one.update(session))["error"]).toMatchObject({ param: "session.prompt.id" });
    dated.faults = { prompts: "yes" };
    expect((await one.update(session)).type).toBe("session.updated");
    dated.faults = { prompts: "no" };
    expect((await one.update(session)).type).toBe("error");
  });

  test("the voice is frozen by the first audio, the speed while a response runs", async () => {
    const talker = await phone(on);
    on.timing.pace = 1;
    talker.send({ type: "response.create", response: { instructions: "<say>Some words to be spoken.</say>" } });
    await talker.next("response.output_audio.delta");
    expect((await talker.update({ audio: { output: { speed: 1.2 } } }))["error"]).toMatchObject({
      param: "session.audio.output.speed",
    });
    talker.send({ type: "response.cancel" });
    await talker.next("response.done");
    expect((await talker.update({ audio: { output: { speed: 1.2 } } })).type).toBe("session.updated");
    expect((await talker.update({ audio: { output: { voice: "ash" } } }))["error"]).toMatchObject({
      code: "cannot_update_voice",
      param: "session.audio.output.voice",
    });
    expect((await talker.update({ audio: { output: { voice: "marin" } } })).type).toBe("session.updated");
  });
});
