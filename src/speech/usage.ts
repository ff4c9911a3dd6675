// Usage as the API tells it, twice: flattened into sums that a call record can add up, where cached tokens are part of the input
// tokens, and as it is billed, where no token is counted twice.
import type { ModelUsage, UsageKind } from "../core/usage.ts";
import type { RealtimeResponse, ServerEventOf } from "../wire/openai-realtime.ts";

type Usage = Readonly<Record<string, number>>;

export interface ToldUsage {
  readonly usage: Usage;
  readonly billed: ModelUsage;
}

export function responseUsage({ usage }: RealtimeResponse, model: string): ToldUsage | undefined {
  if (!usage) return undefined;
  const { input_token_details: input, output_token_details: output } = usage;
  const sums = present({
    voice_input_tokens: usage.input_tokens,
    voice_input_audio_tokens: input?.audio_tokens,
    voice_cached_tokens: input?.cached_tokens,
    voice_output_tokens: usage.output_tokens,
    voice_output_audio_tokens: output?.audio_tokens,
  });
  if (!sums) return undefined;
  // What is not told apart is taken for what costs more.
  const text = input?.text_tokens ?? 0;
  const audio = input?.audio_tokens ?? (usage.input_tokens ?? 0) - text;
  const cached = input?.cached_tokens ?? 0;
  const cachedText = Math.min(text, input?.cached_tokens_details?.text_tokens ?? cached);
  const cachedAudio = Math.min(audio, input?.cached_tokens_details?.audio_tokens ?? cached - cachedText);
  const spoken = output?.audio_tokens ?? (usage.output_tokens ?? 0) - (output?.text_tokens ?? 0);
  return {
    usage: sums,
    billed: billed("voice", model, {
      input: text - cachedText,
      cached_input: cachedText,
      audio_input: audio - cachedAudio,
      cached_audio_input: cachedAudio,
      audio_output: spoken,
      output: output?.text_tokens ?? 0,
    }),
  };
}

type Transcription = ServerEventOf<"conversation.item.input_audio_transcription.completed">;

export function transcriptionUsage({ usage }: Transcription, model: string): ToldUsage | undefined {
  if (!usage) return undefined;
  const sums = present({ transcription_seconds: usage.seconds, transcription_tokens: usage.total_tokens });
  if (!sums) return undefined;
  const output = usage.output_tokens ?? 0;
  const input = usage.input_tokens ?? Math.max(0, (usage.total_tokens ?? 0) - output);
  const text = usage.input_token_details?.text_tokens ?? 0;
  return {
    usage: sums,
    billed: billed("transcription", model, {
      ...(typeof usage.seconds === "number" && { seconds: usage.seconds }),
      input: text,
      audio_input: input - text,
      output,
    }),
  };
}

function billed(purpose: ModelUsage["purpose"], model: string, counts: Partial<Record<UsageKind, number>>): ModelUsage {
  const used = Object.entries(counts).filter(([, count]) => count > 0);
  return { purpose, model, counts: Object.fromEntries(used) };
}

function present(sums: Readonly<Record<string, number | null | undefined>>): Usage | undefined {
  const told = Object.entries(sums).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  return told.length > 0 ? Object.fromEntries(told) : undefined;
}
