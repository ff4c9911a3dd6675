/**
 * The effective session: its defaults, and how a checked `session.update` changes it. An update that breaks a rule of
 * state (model, voice after audio, tracing, speed during a response) is refused whole, so nothing here is half applied.
 */
import { PROMPTS_END, type Faults } from "../faults.ts";
import { Refusal, type Json } from "../check.ts";
import { reasons } from "../models.ts";

export type FormatName = "audio/pcm" | "audio/pcmu" | "audio/pcma";

export interface Format {
  type: FormatName;
  rate?: number;
}

export type TurnDetection =
  | {
      type: "server_vad";
      threshold: number;
      prefix_padding_ms: number;
      silence_duration_ms: number;
      idle_timeout_ms: number | null;
      create_response: boolean;
      interrupt_response: boolean;
    }
  | {
      type: "semantic_vad";
      eagerness: "low" | "medium" | "high" | "auto";
      create_response: boolean;
      interrupt_response: boolean;
    };

export interface Transcription {
  model?: string;
  language?: string;
  [key: string]: unknown;
}

export interface AudioInput {
  format: Format;
  transcription: Transcription | null;
  noise_reduction: Json | null;
  turn_detection: TurnDetection | null;
}

/** The session as `session.created` and `session.updated` show it. */
export interface SessionConfig {
  type: "realtime" | "transcription";
  object: string;
  id: string;
  model?: string;
  output_modalities?: ("audio" | "text")[];
  instructions?: string;
  tools?: Json[];
  tool_choice?: unknown;
  max_output_tokens?: number | "inf";
  tracing?: unknown;
  prompt?: Json | null;
  truncation?: unknown;
  parallel_tool_calls?: boolean;
  reasoning?: Json;
  expires_at: number;
  audio: { input: AudioInput; output?: { format: Format; voice: string | { id: string }; speed: number } };
  include: string[] | null;
}

export interface SessionState {
  /** A response is being generated. */
  responding: boolean;
  /** Some audio has been sent on this session. */
  spoke: boolean;
  nowMs: number;
  faults: Faults;
}

const PCM: Format = { type: "audio/pcm", rate: 24000 };

function withRate(format: Format): Format {
  return format.type === "audio/pcm" ? { ...PCM } : { type: format.type };
}

function detection(given: Json | null, silenceMs: number): TurnDetection | null {
  if (given === null) return null;
  const answer = { create_response: true, interrupt_response: true };
  const defaults: TurnDetection =
    given["type"] === "semantic_vad"
      ? { type: "semantic_vad", eagerness: "auto", ...answer }
      : {
          type: "server_vad",
          threshold: 0.5,
          prefix_padding_ms: 300,
          silence_duration_ms: silenceMs,
          idle_timeout_ms: null,
          ...answer,
        };
  return { ...defaults, ...given };
}

export interface NewSession {
  id: string;
  type: "realtime" | "transcription";
  model: string;
  expiresAt: number;
  /** See Shared.silenceMs. */
  silenceMs: number;
}

export function defaultConfig(given: NewSession): SessionConfig {
  const input: AudioInput = {
    format: { ...PCM },
    transcription: null,
    noise_reduction: null,
    turn_detection: detection({ type: "server_vad" }, given.silenceMs),
  };
  if (given.type === "transcription") {
    return {
      type: "transcription",
      object: "realtime.transcription_session",
      id: given.id,
      expires_at: given.expiresAt,
      audio: { input },
      include: null,
    };
  }
  return {
    type: "realtime",
    object: "realtime.session",
    id: given.id,
    model: given.model,
    output_modalities: ["audio"],
    instructions: "You are a helpful, friendly assistant who speaks briefly and clearly.",
    tools: [],
    tool_choice: "auto",
    max_output_tokens: "inf",
    tracing: null,
    prompt: null,
    truncation: "auto",
    ...(reasons(given.model) ? { reasoning: { effort: "low" }, parallel_tool_calls: true } : {}),
    expires_at: given.expiresAt,
    audio: { input, output: { format: { ...PCM }, voice: "marin", speed: 1 } },
    include: null,
  };
}

/** A prompt object is refused from the day OpenAI switched them off, or as the switch says. */
export function checkPrompt(prompt: unknown, path: string, nowMs: number, faults: Faults): void {
  if (prompt === undefined || prompt === null) return;
  const resolves = faults.prompts === "yes" || (faults.prompts !== "no" && nowMs < PROMPTS_END);
  if (resolves) return;
  throw new Refusal("prompt_not_found", "Reusable prompts are no longer available. Send 'instructions' instead.", {
    param: `${path}.id`,
  });
}

export function checkReasoning(given: Json, model: string | undefined, path: string): void {
  for (const key of ["reasoning", "parallel_tool_calls"]) {
    if (given[key] === undefined || (model && reasons(model))) continue;
    throw new Refusal("unsupported_parameter", `Parameter '${path}.${key}' is not supported with model '${model}'.`, {
      param: `${path}.${key}`,
    });
  }
}

/**
 * The session after a shape-checked update. The given config is not touched.
 * @throws Refusal when a rule of state forbids it
 */
export function applyUpdate(now: SessionConfig, update: Json, state: SessionState, silenceMs: number): SessionConfig {
  if (update["type"] !== now.type) {
    throw new Refusal(
      "invalid_value",
      `Passing a ${String(update["type"])} session update event to a ${now.type} session is not allowed.`,
      { param: "session.type" },
    );
  }
  const audio = (update["audio"] ?? {}) as { input?: Json; output?: Json };
  const input = nextInput(now.audio.input, audio.input ?? {}, silenceMs);
  if (now.type === "transcription") {
    return { ...now, ...(update["include"] ? { include: update["include"] as string[] } : {}), audio: { input } };
  }

  if (update["model"] !== undefined && update["model"] !== now.model) {
    throw new Refusal("invalid_value", "The model of a session cannot be changed after it was created.", {
      param: "session.model",
    });
  }
  checkReasoning(update, now.model, "session");
  checkPrompt(update["prompt"], "session.prompt", state.nowMs, state.faults);
  const traced = now.tracing !== null && now.tracing !== undefined;
  if (traced && update["tracing"] !== undefined && JSON.stringify(update["tracing"]) !== JSON.stringify(now.tracing)) {
    throw new Refusal("invalid_value", "Tracing cannot be changed once it is set for a session.", {
      param: "session.tracing",
    });
  }

  const output = now.audio.output as NonNullable<SessionConfig["audio"]["output"]>;
  const wanted = (audio.output ?? {}) as Partial<typeof output>;
  if (state.spoke && wanted.voice !== undefined && JSON.stringify(wanted.voice) !== JSON.stringify(output.voice)) {
    throw new Refusal("cannot_update_voice", "Cannot update a conversation's voice if assistant audio is present.", {
      param: "session.audio.output.voice",
    });
  }
  if (state.responding && wanted.speed !== undefined && wanted.speed !== output.speed) {
    throw new Refusal("invalid_value", "Speed can only be changed between responses, not while one is in progress.", {
      param: "session.audio.output.speed",
    });
  }
  const { audio: _audio, ...plain } = update;
  return {
    ...now,
    ...plain,
    type: "realtime",
    audio: { input, output: { ...output, ...wanted, format: withRate(wanted.format ?? output.format) } },
  };
}

function nextInput(now: AudioInput, given: Json, silenceMs: number): AudioInput {
  const next: AudioInput = {
    ...now,
    ...(given as Partial<AudioInput>),
    format: withRate((given["format"] as Format | undefined) ?? now.format),
    turn_detection:
      given["turn_detection"] === undefined
        ? now.turn_detection
        : detection(given["turn_detection"] as Json | null, silenceMs),
  };
  if (next.transcription?.model === "gpt-realtime-whisper" && next.turn_detection !== null) {
    throw new Refusal(
      "invalid_value",
      "Turn detection is not supported with transcription model 'gpt-realtime-whisper'. Set it to null.",
      { param: "session.audio.input.turn_detection" },
    );
  }
  return next;
}
