// The stock phrases of a call: what must be heard at once, or without any voice.

export const CLIP_IDS = [
  "greeting",
  "hold",
  "trouble",
  "sorry",
  "apology-end",
  "say-again",
  "filler-1",
  "filler-2",
  "filler-3",
  "filler-4",
  "cut-off",
  "still-there",
  "silence-goodbye",
  "time-up",
  "transfer",
  "shutdown",
] as const;

export type ClipId = (typeof CLIP_IDS)[number];

export interface Clip {
  readonly text: string;
  /** Raw mu-law, 8000 Hz mono. */
  readonly audio: Buffer;
}
