// The Realtime session of a browser that talks to OpenAI itself: it answers and lets itself be interrupted, since nobody is between.
// Pure; the same settings as a phone call's, with a microphone's audio instead of a telephone's.
import type { ClientSecretCreateParams } from "openai/resources/realtime/client-secrets";
import { effortFor, type VadSettings, type VoiceSettings } from "./session-config.ts";

type RealtimeSession = Extract<NonNullable<ClientSecretCreateParams["session"]>, { type: "realtime" }>;
type TurnDetection = NonNullable<NonNullable<NonNullable<RealtimeSession["audio"]>["input"]>["turn_detection"]>;

const PCM = { type: "audio/pcm", rate: 24_000 } as const;

export function browserSession(settings: VoiceSettings): RealtimeSession {
  const effort = effortFor(settings.model);
  const { model, language } = settings.transcription;
  return {
    type: "realtime",
    model: settings.model,
    output_modalities: ["audio"],
    instructions: settings.instructions,
    audio: {
      input: {
        format: PCM,
        noise_reduction: { type: "near_field" },
        transcription: { model, ...(language !== undefined && { language }) },
        turn_detection: turnDetection(settings.vad),
      },
      output: { format: PCM, voice: settings.voice, speed: settings.speed },
    },
    tools: settings.tools.map(({ name, description, parameters }) => ({
      type: "function",
      name,
      description,
      parameters: { ...parameters },
    })),
    tool_choice: "auto",
    ...(effort && { reasoning: { effort } }),
  };
}

function turnDetection(vad: VadSettings): TurnDetection {
  const decisions = { create_response: true, interrupt_response: true };
  if (vad.type === "semantic_vad") return { type: vad.type, eagerness: vad.eagerness, ...decisions };
  return {
    type: vad.type,
    threshold: vad.threshold,
    prefix_padding_ms: vad.prefixMs,
    silence_duration_ms: vad.silenceMs,
    ...decisions,
  };
}
