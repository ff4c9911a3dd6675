// What the server tells of the caller's side - speech began, ended, became a turn, was transcribed - as voice events, with
// the server's own padding and waiting taken off its times.
import type { Log } from "../core/observe.ts";
import type { VoiceEvent } from "../core/voice.ts";
import type { ServerEvent, ServerEventOf } from "../wire/openai-realtime.ts";
import type { VadSettings, VoiceSettings } from "./session-config.ts";
import { transcriptionUsage } from "./usage.ts";

export interface HearingPorts {
  readonly emit: (event: VoiceEvent) => void;
  /** ms of caller audio that never reached the server: its clock is behind ours by this much. */
  readonly droppedMs: () => number;
  readonly log: Log;
}

export interface Hearing {
  /** @returns whether the event was about the caller's side. */
  take(event: ServerEvent): boolean;
}

export function createHearing(
  { vad, transcription }: Pick<VoiceSettings, "vad" | "transcription">,
  { emit, droppedMs, log }: HearingPorts,
): Hearing {
  const times = createSpeechTimes(vad);

  function transcribed(event: ServerEventOf<"conversation.item.input_audio_transcription.completed">): void {
    const usage = transcriptionUsage(event, transcription.model);
    if (usage) emit({ type: "voice.usage", ...usage });
    const text = event.transcript.trim();
    if (text === "") emit({ type: "voice.unheard", itemId: event.item_id, cause: "empty" });
    else emit({ type: "voice.heard", itemId: event.item_id, text });
  }

  return {
    take(event) {
      switch (event.type) {
        case "input_audio_buffer.speech_started":
          emit({ type: "voice.speech-started", audioMs: times.started(event.audio_start_ms) + droppedMs() });
          return true;
        case "input_audio_buffer.speech_stopped": {
          const { audioMs, speechMs } = times.stopped(event.audio_end_ms);
          emit({ type: "voice.speech-stopped", audioMs: audioMs + droppedMs(), speechMs });
          return true;
        }
        case "input_audio_buffer.committed":
          emit({ type: "voice.committed", itemId: event.item_id });
          return true;
        case "conversation.item.input_audio_transcription.delta":
          if (event.delta) emit({ type: "voice.hearing", itemId: event.item_id, delta: event.delta });
          return true;
        case "conversation.item.input_audio_transcription.completed":
          transcribed(event);
          return true;
        case "conversation.item.input_audio_transcription.failed":
          log.warn("a transcription failed", { code: event.error?.code ?? "unknown" });
          emit({ type: "voice.unheard", itemId: event.item_id, cause: "failed" });
          return true;
        default:
          return false;
      }
    },
  };
}

export interface SpeechTimes {
  /** @returns ms of audio at which the speech began. */
  started(audioStartMs: number): number;
  /** @returns ms of audio at which the speech ended, and how long it was. */
  stopped(audioEndMs: number): { readonly audioMs: number; readonly speechMs: number };
}

/**
 * With server_vad, `audio_start_ms` lies `prefix_padding_ms` before the detected speech and `audio_end_ms` includes the
 * `silence_duration_ms` that had to pass. semantic_vad has neither setting and waits a variable time, so its times stand
 * as they are and speech may look longer than it was. The padding reaches back to the start of the session or the end of
 * the turn before at most; where it ends there its length is unknown, and counts as none: rather too much speech than too
 * little, since short speech may be passed over.
 */
export function createSpeechTimes(vad: VadSettings): SpeechTimes {
  const paddingMs = vad.type === "server_vad" ? vad.prefixMs : 0;
  const silenceMs = vad.type === "server_vad" ? vad.silenceMs : 0;
  let startMs: number | undefined;
  let floorMs = 0;
  return {
    started(audioStartMs) {
      startMs = audioStartMs > floorMs ? audioStartMs + paddingMs : audioStartMs;
      return startMs;
    },
    stopped(audioEndMs) {
      floorMs = audioEndMs;
      const audioMs = Math.max(0, audioEndMs - silenceMs);
      const speechMs = startMs === undefined ? 0 : Math.max(0, audioMs - startMs);
      startMs = undefined;
      return { audioMs, speechMs };
    },
  };
}
