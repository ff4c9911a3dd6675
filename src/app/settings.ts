// The configuration in the words of the parts that are given it: what the voice, the bridge and the banner need of it. Pure.
import type { BridgeSettings } from "../bridge/parts.ts";
import type { Message, OutboundRules } from "../channels/phone/index.ts";
import type { Config } from "../config.ts";
import type { VoiceSettings } from "../speech/session-config.ts";
import type { OrganizationConfig } from "../wire/rest/organization.ts";

const KEYPAD_TIMEOUT_MS = 3000;
const THREAD_GRACE_MS = 1000;

/** Lines for the start banner and the status page; no secrets. */
export function describe(config: Config): Record<string, string> {
  const assistant = config.THREAD_CLIENT === "assistants" ? config.AGENT_WORKFLOW_ID : config.ASSISTANT_MODEL;
  return {
    mode: config.VOICE_MODE,
    "thread client": config.VOICE_MODE === "assistant" ? `${config.THREAD_CLIENT} (${assistant})` : "none",
    voice: `${config.REALTIME_MODEL}, ${config.VOICE}`,
    "public address": config.phone?.webhookUrl ?? "none (phone routes are off)",
    ...(config.DEMO_NUMBER !== undefined && { "simulated phone": config.DEMO_NUMBER }),
    ...(config.DEMO_EAR !== undefined && { "simulated ear": config.DEMO_EAR }),
  };
}

export function voiceSettings(config: Config, instructions: string, tools: VoiceSettings["tools"]): VoiceSettings {
  const language = config.TRANSCRIPTION_LANGUAGE;
  return {
    mode: config.VOICE_MODE,
    model: config.REALTIME_MODEL,
    voice: config.VOICE,
    speed: config.VOICE_SPEED,
    vad:
      config.VAD === "semantic_vad"
        ? { type: "semantic_vad", eagerness: config.VAD_EAGERNESS }
        : {
            type: "server_vad",
            threshold: config.VAD_THRESHOLD,
            prefixMs: config.VAD_PREFIX_MS,
            silenceMs: config.VAD_SILENCE_MS,
          },
    transcription: { model: config.TRANSCRIPTION_MODEL, ...(language !== undefined && { language }) },
    instructions,
    tools,
  };
}

export interface SpeechSettings {
  readonly hears: { readonly engine: "rest" | "realtime"; readonly model: string };
  readonly speaks: { readonly engine: "rest" | "realtime"; readonly model: string; readonly voice: string };
}

/** Speech that is no call. What is not said follows from the engine. */
export function speechSettings(config: Config): SpeechSettings {
  const { STT_ENGINE: hears, TTS_ENGINE: speaks, TRANSCRIPTION_MODEL, TTS_VOICE = config.VOICE } = config;
  return {
    hears: { engine: hears, model: config.STT_MODEL ?? (hears === "rest" ? "gpt-transcribe" : TRANSCRIPTION_MODEL) },
    speaks: {
      engine: speaks,
      model: config.TTS_MODEL ?? (speaks === "rest" ? "gpt-4o-mini-tts" : "gpt-realtime-2.1-mini"),
      voice: TTS_VOICE,
    },
  };
}

export function bridgeSettings(config: Config): BridgeSettings {
  return {
    greeting: config.GREETING,
    backchannelMs: config.BACKCHANNEL_MS,
    endSilenceMs: config.VAD_SILENCE_MS,
    transcriptTimeoutMs: config.TRANSCRIPTION_TIMEOUT_MS,
    fillerAfterMs: config.FILLER_AFTER_MS,
    silencePromptMs: config.SILENCE_PROMPT_S * 1000,
    keypadTimeoutMs: KEYPAD_TIMEOUT_MS,
    // The thread has the same limit, and knows better what to say of it; the bridge's own is for a thread that cannot even tell.
    threadTimeoutMs: config.THREAD_TIMEOUT_MS + THREAD_GRACE_MS,
    maxCallMs: config.MAX_CALL_MINUTES * 60_000,
    logContent: config.LOG_CONTENT,
  };
}

/** What a machine is told that answers a call of the organization's. */
export function voicemailOf({ outbound, language }: OrganizationConfig): Message | undefined {
  return outbound?.voicemail === undefined ? undefined : { words: outbound.voicemail, language };
}

export function outboundRules(config: Config): OutboundRules {
  return {
    from: config.TWILIO_PHONE_NUMBER,
    countries: config.OUTBOUND_COUNTRIES,
    perDay: config.OUTBOUND_PER_DAY,
    perNumberPerDay: config.OUTBOUND_PER_NUMBER_PER_DAY,
    doNotCallFile: config.DO_NOT_CALL_FILE,
    // Ours comes first; a minute for the goodbye.
    longestSeconds: Math.round(config.MAX_CALL_MINUTES * 60) + 60,
  };
}
