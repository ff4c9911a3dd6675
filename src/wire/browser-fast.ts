// The fast way through nearly all that our page sends in live talk: a piece of the microphone's sound exactly as the page writes it,
// read from its bytes. Everything else is for the full parse in browser.ts, and whatever is taken here means the same there
// (differential test).
import { base64End } from "./base64.ts";

/** A type and no interface, so that it is one of the loose objects of the full parse. */
export type PageAudio = {
  readonly type: "audio_chunk";
  /** Canonical base64 of at least one byte. */
  readonly audio_data: string;
  readonly format: "pcm" | "mulaw";
};

const HEAD = '{"type":"audio_chunk","audio_data":"';
const TAILS = new Map((["pcm", "mulaw"] as const).map((format) => [`","format":"${format}"}`, format]));
const LONGEST_TAIL = Math.max(...Array.from(TAILS.keys(), ({ length }) => length));

/** Undefined for everything else. */
export function readPageAudio(data: Buffer): PageAudio | undefined {
  if (data.toString("latin1", 0, HEAD.length) !== HEAD) return undefined;
  const end = base64End(data, HEAD.length);
  if (end < 0 || data.length - end > LONGEST_TAIL) return undefined;
  const format = TAILS.get(data.toString("latin1", end));
  return format && { type: "audio_chunk", audio_data: data.toString("latin1", HEAD.length, end), format };
}
