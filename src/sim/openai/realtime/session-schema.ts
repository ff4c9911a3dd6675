/**
 * The shape of a session as `session.update` and `client_secrets` may send it: the 14 keys of a realtime session, the three
 * of a transcription session, and nothing else. Every beta name is refused simply because it is not here.
 */
import {
  Refusal,
  anyObject,
  anything,
  decimal,
  flag,
  invalidValue,
  isObject,
  list,
  metadata,
  missingParameter,
  nullable,
  oneOf,
  shape,
  text,
  textOr,
  variants,
  whole,
  type Check,
} from "../check.ts";

export const VOICES = [
  "alloy",
  "ash",
  "ballad",
  "coral",
  "echo",
  "sage",
  "shimmer",
  "verse",
  "marin",
  "cedar",
] as const;

export const EFFORTS = ["minimal", "low", "medium", "high", "xhigh"] as const;

const PCM_RATE = 24000;

export const format: Check = variants("type", {
  "audio/pcm": shape({ type: anything, rate: whole({ min: PCM_RATE, max: PCM_RATE }) }),
  // The telephone formats have one possible rate, so the key does not exist here (it does in the Live API).
  "audio/pcmu": shape({ type: anything }),
  "audio/pcma": shape({ type: anything }),
});

const noiseReduction: Check = nullable(
  shape({ type: oneOf("near_field", "far_field"), strength: decimal({ min: 0, max: 1 }) }),
);

export const TRANSCRIBERS = [
  "whisper-1",
  "gpt-transcribe",
  "gpt-live-transcribe",
  "gpt-4o-mini-transcribe",
  "gpt-4o-mini-transcribe-2025-12-15",
  "gpt-4o-transcribe",
  "gpt-4o-transcribe-diarize",
  "gpt-realtime-whisper",
] as const;

const languageCode = text({ pattern: /^[a-z]{2,3}$/ });

/** Some transcription options belong to some models only. */
const transcriptionFor: Check = (value, path) => {
  if (!isObject(value) || typeof value["model"] !== "string") return;
  const model = value["model"];
  const only = (key: string, models: readonly string[], sense: "only" | "except") => {
    if (value[key] === undefined || models.includes(model) === (sense === "only")) return;
    throw new Refusal("unsupported_parameter", `Parameter '${path}.${key}' is not supported by model '${model}'.`, {
      param: `${path}.${key}`,
    });
  };
  only("delay", ["gpt-realtime-whisper"], "only");
  only("keywords", ["gpt-transcribe", "gpt-live-transcribe"], "only");
  only("languages", ["gpt-transcribe", "gpt-live-transcribe"], "only");
  only("prompt", ["gpt-realtime-whisper", "gpt-4o-transcribe-diarize"], "except");
};

const transcription: Check = nullable((value, path) => {
  shape({
    model: oneOf(...TRANSCRIBERS),
    language: languageCode,
    languages: list(languageCode),
    keywords: list(text()),
    prompt: text(),
    delay: oneOf(...EFFORTS),
  })(value, path);
  transcriptionFor(value, path);
});

const turnDetection: Check = nullable(
  variants("type", {
    server_vad: shape({
      type: anything,
      threshold: decimal({ min: 0, max: 1 }),
      prefix_padding_ms: whole({ min: 0 }),
      silence_duration_ms: whole({ min: 0 }),
      idle_timeout_ms: nullable(whole({ min: 5000, max: 30000 })),
      create_response: flag,
      interrupt_response: flag,
    }),
    semantic_vad: shape({
      type: anything,
      eagerness: oneOf("low", "medium", "high", "auto"),
      create_response: flag,
      interrupt_response: flag,
    }),
  }),
);

const audioInput = shape({
  format,
  noise_reduction: noiseReduction,
  transcription,
  turn_detection: turnDetection,
});

export const voice: Check = textOr(oneOf(...VOICES), shape({ id: text() }, ["id"]));

export const outputModalities: Check = (value, path) => {
  list(oneOf("audio", "text"), { min: 1 })(value, path);
  const wanted = value as string[];
  if (wanted.length === 1) return;
  throw new Refusal(
    "invalid_value",
    `Invalid modalities: ${JSON.stringify(wanted)}. Supported combinations are: ['text'] and ['audio'].`,
    { param: path },
  );
};

const tool: Check = variants("type", {
  function: shape(
    {
      type: anything,
      name: text({ max: 64, pattern: /^[a-zA-Z0-9_-]+$/ }),
      description: text(),
      parameters: anyObject,
    },
    ["name"],
  ),
  mcp: shape(
    {
      type: anything,
      server_label: text(),
      server_url: text(),
      server_description: text(),
      connector_id: text(),
      tunnel_id: text(),
      authorization: text(),
      headers: nullable(anyObject),
      allowed_tools: anything,
      allowed_callers: nullable(list(oneOf("direct", "programmatic"))),
      defer_loading: flag,
      require_approval: anything,
    },
    ["server_label"],
  ),
});

export const tools: Check = list(tool);

export const toolChoice: Check = textOr(
  oneOf("none", "auto", "required"),
  variants("type", {
    function: shape({ type: anything, name: text() }, ["name"]),
    mcp: shape({ type: anything, server_label: text(), name: nullable(text()) }, ["server_label"]),
  }),
);

export const maxOutputTokens: Check = textOr(
  (value, path) => {
    if (value !== "inf") throw invalidValue(path, value, ["inf"]);
  },
  whole({ min: 1, max: 4096 }),
);

export const reasoning: Check = shape({ effort: oneOf(...EFFORTS) });

export const prompt: Check = nullable(
  shape({ id: text(), version: nullable(text()), variables: nullable(anyObject) }, ["id"]),
);

const tracing: Check = nullable(textOr(oneOf("auto"), shape({ workflow_name: text(), group_id: text(), metadata })));

const truncation: Check = textOr(
  oneOf("auto", "disabled"),
  variants("type", {
    retention_ratio: shape(
      {
        type: anything,
        retention_ratio: decimal({ min: 0, max: 1 }),
        token_limits: shape({ post_instructions: whole({ min: 0 }) }),
      },
      ["retention_ratio"],
    ),
  }),
);

const include: Check = list(oneOf("item.input_audio_transcription.logprobs"));

const realtimeSession = shape({
  type: anything,
  model: text(),
  output_modalities: outputModalities,
  instructions: text(),
  audio: shape({
    input: audioInput,
    output: shape({ format, voice, speed: decimal({ min: 0.25, max: 1.5 }) }),
  }),
  include,
  tools,
  tool_choice: toolChoice,
  parallel_tool_calls: flag,
  reasoning,
  max_output_tokens: maxOutputTokens,
  tracing,
  truncation,
  prompt,
});

const transcriptionSession = shape({ type: anything, audio: shape({ input: audioInput }), include });

/** A whole session object; `path` is "session". The type decides which keys exist and is required every time. */
export const session: Check = (value, path) => {
  anyObject(value, path);
  const type = (value as Record<string, unknown>)["type"];
  if (type === undefined) throw missingParameter(`${path}.type`);
  if (type !== "realtime" && type !== "transcription") {
    throw invalidValue(`${path}.type`, type, ["realtime", "transcription"]);
  }
  (type === "realtime" ? realtimeSession : transcriptionSession)(value, path);
};
