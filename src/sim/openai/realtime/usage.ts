/** Token counts of a response as OpenAI reports them: rough per token, exact in how the parts add up. Also the rate limits. */
import type { Conversation, Item } from "./conversation.ts";

/** One token per 100 ms of the caller's audio and per 50 ms of the model's; text at four characters a token. */
const USER_MS = 100;
const MODEL_MS = 50;

export function textTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

export function audioTokens(ms: number): number {
  return Math.ceil(ms / MODEL_MS);
}

export interface InputCount {
  text: number;
  audio: number;
}

function itemText(item: Item): string {
  const parts = (item.content ?? []).map(
    (part) => part.text ?? (item.role === "assistant" ? part.transcript : "") ?? "",
  );
  return [...parts, item.arguments ?? "", item.output ?? ""].join("");
}

export function countInput(instructions: string, items: readonly Item[], conversation: Conversation): InputCount {
  let text = textTokens(instructions);
  let audio = 0;
  for (const item of items) {
    text += textTokens(itemText(item));
    const heard = conversation.audio.get(item.id);
    if (heard) audio += Math.ceil(((heard.samples.length / heard.rate) * 1000) / USER_MS);
    audio += audioTokens(conversation.spokenMs.get(item.id) ?? 0);
  }
  return { text, audio };
}

/** @param before what an earlier response on the same conversation already read; a cached prefix comes in blocks of 64 */
export function usageOf(input: InputCount, before: InputCount, output: InputCount): Record<string, unknown> {
  const block = (tokens: number) => Math.floor(tokens / 64) * 64;
  const cached = { text: block(Math.min(before.text, input.text)), audio: block(Math.min(before.audio, input.audio)) };
  const inputTokens = input.text + input.audio;
  const outputTokens = output.text + output.audio;
  return {
    total_tokens: inputTokens + outputTokens,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    input_token_details: {
      text_tokens: input.text,
      audio_tokens: input.audio,
      image_tokens: 0,
      cached_tokens: cached.text + cached.audio,
      cached_tokens_details: { text_tokens: cached.text, audio_tokens: cached.audio, image_tokens: 0 },
    },
    output_token_details: { text_tokens: output.text, audio_tokens: output.audio },
  };
}

const REQUESTS = 5000;
const TOKENS = 400_000;

/** What is left of a minute's allowance after this session's responses. */
export function rateLimits(requests: number, tokens: number): Record<string, unknown>[] {
  return [
    { name: "requests", limit: REQUESTS, remaining: Math.max(0, REQUESTS - requests), reset_seconds: 0.012 },
    { name: "tokens", limit: TOKENS, remaining: Math.max(0, TOKENS - tokens), reset_seconds: 0.05 },
  ];
}
