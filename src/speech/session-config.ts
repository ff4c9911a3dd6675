// What a Realtime session and a spoken sentence are asked for: settings in, exactly the GA fields out. Pure; the wire itself
// is wire/openai-realtime-client.ts.
import type { ToolDescription } from "../core/thread.ts";
import type { ReasoningEffort, RealtimeSession, SpeechParams } from "../wire/openai-realtime-client.ts";

export interface VoiceSettings {
  readonly mode: "assistant" | "speech-to-speech";
  readonly model: string;
  readonly voice: string;
  /** 0.25 to 1.5. */
  readonly speed: number;
  readonly vad: VadSettings;
  readonly transcription: { readonly model: string; readonly language?: string };
  /** Who the agent is; used in speech-to-speech, where the engine itself answers. */
  readonly instructions: string;
  /** Offered to the engine in speech-to-speech only. */
  readonly tools: readonly ToolDescription[];
}

export type VadSettings =
  | {
      readonly type: "server_vad";
      readonly threshold: number;
      /** Audio kept before detected speech, ms. */
      readonly prefixMs: number;
      /** Silence that ends a turn, ms. */
      readonly silenceMs: number;
    }
  | { readonly type: "semantic_vad"; readonly eagerness: "low" | "medium" | "high" | "auto" };

export const VERBATIM =
  "You are a voice. Speak the text between <say> tags exactly, word for word, in its language. Add nothing.";

/** The reasoning family answers 2 to 3 s later at its default effort; the older models refuse the field. */
export function effortFor(model: string): ReasoningEffort | undefined {
  return /^gpt-realtime-2(?![0-9])/.test(model) ? "minimal" : undefined;
}

export function sessionFor(settings: VoiceSettings): RealtimeSession {
  const answers = settings.mode === "speech-to-speech";
  const effort = effortFor(settings.model);
  const { model, language } = settings.transcription;
  return {
    type: "realtime",
    output_modalities: ["audio"],
    instructions: answers ? settings.instructions : VERBATIM,
    audio: {
      input: {
        format: { type: "audio/pcmu" },
        // It is tuned for microphones; 8 kHz telephone audio has been through the carrier's own already.
        noise_reduction: null,
        transcription: { model, ...(language !== undefined && { language }) },
        turn_detection: turnDetection(settings.vad, BRIDGE_DECIDES),
      },
      output: { format: { type: "audio/pcmu" }, voice: settings.voice, speed: settings.speed },
    },
    tools: answers ? functionTools(settings.tools) : [],
    tool_choice: answers ? "auto" : "none",
    ...(effort && { reasoning: { effort } }),
  };
}

/**
 * The server commits turns and transcribes them; it neither answers nor interrupts by itself, in either mode. Only the bridge
 * can know whether a sound was a "mhm" (which upstream would cut the reply for, and answer) or what is really being played,
 * and `create_response` without `interrupt_response` fails anyway while a response is active. Speech outside the
 * conversation is never interrupted upstream. In speech-to-speech the bridge asks with `respond`, half a round trip later.
 */
const BRIDGE_DECIDES = { create_response: false, interrupt_response: false };

/** `decisions`: what the server does by itself at a turn's beginning and end. */
export function turnDetection(vad: VadSettings, decisions: typeof BRIDGE_DECIDES) {
  if (vad.type === "semantic_vad") return { type: vad.type, eagerness: vad.eagerness, ...decisions };
  return {
    type: vad.type,
    threshold: vad.threshold,
    prefix_padding_ms: vad.prefixMs,
    silence_duration_ms: vad.silenceMs,
    ...decisions,
  };
}

/** Tools as a session offers them. */
export function functionTools(tools: readonly ToolDescription[]) {
  return tools.map(({ name, description, parameters }) => ({
    type: "function" as const,
    name,
    description,
    parameters: { ...parameters },
  }));
}

/** One text to be spoken word for word. There is no text-to-speech mode; the instructions are all that holds the model. */
export function speechFor(settings: Pick<VoiceSettings, "model">, speechId: string, text: string): SpeechParams {
  const effort = effortFor(settings.model);
  return {
    metadata: { say: speechId },
    instructions: VERBATIM,
    // The text cannot close its own tag and go on as instructions.
    text: `<say>${text.replaceAll("<", "&lt;")}</say>`,
    maxOutputTokens: tokensFor(text),
    ...(effort && { effort }),
  };
}

const MOST_TOKENS = 4096;
const SPELLED_OUT = /[\p{N}\p{S}%#@&/\\]|(?!\p{Script=Latin})\p{L}/u;

/**
 * A bound against a model that goes on talking, with ample headroom: too small a bound cuts the sentence. Audio is about 20
 * tokens a second; a letter takes some 70 ms to say, a digit or an ideograph a word's time.
 */
export function tokensFor(text: string): number {
  let ms = 0;
  for (const character of text) ms += SPELLED_OUT.test(character) ? 600 : 70;
  const spoken = (ms / 1000) * 20 + text.length / 2;
  return Math.min(MOST_TOKENS, Math.ceil(400 + 2 * spoken));
}
