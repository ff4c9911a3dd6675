/** Tells a client about a new item, and about the transcription of a user item: deltas and the end, or a failure, on time or late. */
import type { Transcript } from "../script.ts";
import type { Context } from "./context.ts";
import type { Item } from "./conversation.ts";

/** `conversation.item.added` and, for a finished item, `.done`. */
export function announce(ctx: Context, item: Item, previousItemId: string | null): void {
  const fields = { previous_item_id: previousItemId, item };
  ctx.send("conversation.item.added", fields);
  if (ctx.fault("legacyExtras")) ctx.send("conversation.item.created", fields);
  if (item.status !== "in_progress") ctx.send("conversation.item.done", fields);
}

/** Models billed by the length of the audio report seconds; the others report tokens. */
const BILLED_BY_TIME = ["whisper-1", "gpt-realtime-whisper"];

function usage(model: string | undefined, text: string, audioMs: number): Record<string, unknown> {
  if (model && BILLED_BY_TIME.includes(model)) return { type: "duration", seconds: Math.ceil(audioMs / 1000) };
  const audio = Math.ceil(audioMs / 100);
  const output = Math.ceil(text.length / 4);
  return {
    type: "tokens",
    total_tokens: audio + output,
    input_tokens: audio,
    input_token_details: { text_tokens: 0, audio_tokens: audio },
    output_tokens: output,
  };
}

function logprobs(ctx: Context, text: string): { logprobs?: unknown[] } {
  if (!ctx.config.include?.includes("item.input_audio_transcription.logprobs")) return {};
  const tokens = text.match(/\s*\S+/g) ?? [];
  return { logprobs: tokens.map((token) => ({ token, logprob: -0.01, bytes: [...Buffer.from(token)] })) };
}

/**
 * Sends the transcription of an item, if the session asked for one.
 * @param afterResponse keeps an act until the next response is done
 */
export function tellTranscript(
  ctx: Context,
  item: Item,
  transcript: Transcript,
  audioMs: number,
  afterResponse: (act: () => void) => void,
): void {
  const settings = ctx.config.audio.input.transcription;
  const mode = ctx.fault("transcription");
  if (!settings || mode === "never" || transcript.never) return;
  const base = { item_id: item.id, content_index: 0 };
  const late = mode === "late" ? (ctx.fault("transcriptLateMs") ?? 3000) : 0;
  const delayMs = (transcript.delayMs ?? ctx.shared.timing.transcriptMs) + late;
  const present = () => ctx.conversation.get(item.id) !== undefined;

  const finish = () => {
    if (!present()) return;
    if (transcript.failed || mode === "failed") {
      ctx.send("conversation.item.input_audio_transcription.failed", {
        ...base,
        error: {
          type: "transcription_error",
          code: "audio_unintelligible",
          message: "The audio could not be transcribed.",
          param: null,
        },
      });
      return;
    }
    const text = transcript.empty || mode === "empty" ? "" : (transcript.text ?? "");
    for (const piece of text.match(/\s*\S+/g) ?? []) {
      const fields = { ...base, delta: piece, obfuscation: ctx.chance.id("", 6), ...logprobs(ctx, piece) };
      ctx.send("conversation.item.input_audio_transcription.delta", fields);
    }
    const part = item.content?.[0];
    if (part) part.transcript = text;
    ctx.send("conversation.item.input_audio_transcription.completed", {
      ...base,
      transcript: text,
      usage: usage(settings.model, text, audioMs),
      ...logprobs(ctx, text),
    });
  };

  if (mode === "after-response") afterResponse(finish);
  else ctx.later(delayMs, finish);
}
