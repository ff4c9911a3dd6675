// The Realtime session of a browser that talks to OpenAI itself: it answers and lets itself be interrupted, since nobody is between.
// Pure; the same settings as a phone call's, with a microphone's audio instead of a telephone's.
import type { ClientSecretCreateParams } from "openai/resources/realtime/client-secrets";
import { effortFor, functionTools, turnDetection, type VoiceSettings } from "./session-config.ts";

type RealtimeSession = Extract<NonNullable<ClientSecretCreateParams["session"]>, { type: "realtime" }>;

/** Nobody stands between the browser and the engine who could decide better. */
const BY_ITSELF = { create_response: true, interrupt_response: true };
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
        turn_detection: turnDetection(settings.vad, BY_ITSELF),
      },
      output: { format: PCM, voice: settings.voice, speed: settings.speed },
    },
    tools: functionTools(settings.tools),
    tool_choice: "auto",
    ...(effort && { reasoning: { effort } }),
  };
}
