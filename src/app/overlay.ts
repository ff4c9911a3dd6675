// The program's own settings with an organization's over them: what it says counts, what it leaves out stays as it was. Pure.
import type { Config } from "../config.ts";
import type { OrganizationConfig } from "../wire/rest/organization.ts";

export function overlay(config: Config, organization: OrganizationConfig): Config {
  const { greeting, language, voice = {}, turn_detection: detection, thread = {}, limits = {} } = organization;
  return {
    ...config,
    GREETING: greeting ?? config.GREETING,
    VOICE: voice.name ?? config.VOICE,
    VOICE_SPEED: voice.speed ?? config.VOICE_SPEED,
    VOICE_MODE: voice.mode ?? config.VOICE_MODE,
    REALTIME_MODEL: voice.model ?? config.REALTIME_MODEL,
    TRANSCRIPTION_MODEL: voice.transcription_model ?? config.TRANSCRIPTION_MODEL,
    // Two letters, whatever the region.
    TRANSCRIPTION_LANGUAGE: language?.slice(0, 2) ?? config.TRANSCRIPTION_LANGUAGE,
    ...(detection?.type === "semantic_vad" && {
      VAD: detection.type,
      VAD_EAGERNESS: detection.eagerness ?? config.VAD_EAGERNESS,
    }),
    ...(detection?.type === "server_vad" && {
      VAD: detection.type,
      VAD_THRESHOLD: detection.threshold ?? config.VAD_THRESHOLD,
      VAD_PREFIX_MS: detection.prefix_padding_ms ?? config.VAD_PREFIX_MS,
      VAD_SILENCE_MS: detection.silence_duration_ms ?? config.VAD_SILENCE_MS,
    }),
    THREAD_CLIENT: thread.client ?? config.THREAD_CLIENT,
    ASSISTANT_MODEL: thread.model ?? config.ASSISTANT_MODEL,
    AGENT_WORKFLOW_ID: thread.assistant_id ?? config.AGENT_WORKFLOW_ID,
    // The program's limit is the operator's: an organization can only be stricter.
    MAX_CALL_MINUTES: Math.min(limits.call_minutes ?? Infinity, config.MAX_CALL_MINUTES),
    TRANSFER_NUMBER: organization.escalation?.contacts[0]?.number ?? config.TRANSFER_NUMBER,
  };
}
