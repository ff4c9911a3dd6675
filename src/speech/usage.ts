// Usage as the API tells it, flattened into sums that a call record can add up. Cached tokens are part of the input tokens.
import type { RealtimeResponse, ServerEventOf } from "../wire/openai-realtime.ts";

type Usage = Readonly<Record<string, number>>;

export function responseUsage({ usage }: RealtimeResponse): Usage | undefined {
  if (!usage) return undefined;
  const { input_token_details: input, output_token_details: output } = usage;
  return present({
    voice_input_tokens: usage.input_tokens,
    voice_input_audio_tokens: input?.audio_tokens,
    voice_cached_tokens: input?.cached_tokens,
    voice_output_tokens: usage.output_tokens,
    voice_output_audio_tokens: output?.audio_tokens,
  });
}

type Transcription = ServerEventOf<"conversation.item.input_audio_transcription.completed">;

export function transcriptionUsage({ usage }: Transcription): Usage | undefined {
  if (!usage) return undefined;
  return present({ transcription_seconds: usage.seconds, transcription_tokens: usage.total_tokens });
}

function present(sums: Readonly<Record<string, number | null | undefined>>): Usage | undefined {
  const told = Object.entries(sums).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  return told.length > 0 ? Object.fromEntries(told) : undefined;
}
