/** The models the simulated OpenAI offers, what each is for, and the day it goes away, as `GET /v1/models` tells it. */

export type ModelUse = "realtime" | "text" | "transcription" | "speech" | "embedding" | "live";

export interface Model {
  id: string;
  use: ModelUse;
  /** "YYYY-MM-DD", null while no end is announced, undefined for a server whose list has no such field. */
  shutdown_date: string | null | undefined;
}

const NO_END = null;

function models(use: ModelUse, shutdown: string | null, ...ids: string[]): Model[] {
  return ids.map((id) => ({ id, use, shutdown_date: shutdown }));
}

export const MODELS: readonly Model[] = [
  ...models("realtime", NO_END, "gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-realtime-2", "gpt-realtime-1.5"),
  ...models("realtime", "2027-01-20", "gpt-realtime", "gpt-realtime-2025-08-28"),
  ...models("realtime", "2027-01-20", "gpt-realtime-mini", "gpt-realtime-mini-2025-12-15"),
  ...models("live", NO_END, "gpt-live-1"),
  ...models("text", NO_END, "gpt-6-luna", "gpt-5.6-luna", "gpt-5.6-sol"),
  ...models("text", "2026-12-11", "gpt-5", "gpt-5-mini", "o3"),
  ...models("text", "2027-01-14", "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"),
  ...models("transcription", NO_END, "gpt-transcribe", "gpt-live-transcribe", "gpt-realtime-whisper"),
  ...models("transcription", "2027-02-26", "whisper-1", "gpt-4o-transcribe", "gpt-4o-transcribe-diarize"),
  ...models("transcription", "2027-02-26", "gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe-2025-12-15"),
  ...models("speech", "2027-01-06", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"),
  ...models("embedding", NO_END, "text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"),
];

/** Whether a model still answers at the instant `nowMs` (ms since the epoch). */
export function isServed(model: Model, nowMs: number): boolean {
  return typeof model.shutdown_date !== "string" || nowMs < Date.parse(model.shutdown_date);
}

/** gpt-realtime-2 and its successors reason, so they alone take `reasoning` and `parallel_tool_calls`. */
export function reasons(model: string): boolean {
  return model.startsWith("gpt-realtime-2") && !model.startsWith("gpt-realtime-2025");
}
