// How much audio each item of the session's conversation has, so that a truncation never asks for more than there is: the
// API refuses that, and would go on believing that all of it was heard.
import type { SpeechPart } from "../core/voice.ts";
import { payloadBytes } from "./caller-audio.ts";

const BYTES_PER_MS = 8;
/** Only items that may still be playing matter; a caller is never this many items behind. */
const ITEMS_KEPT = 64;

export interface ItemAudio {
  add(part: SpeechPart, payload: string): void;
  /**
   * What to tell the API about an item cut after `heardMs`. An item nobody heard any of is deleted: LiveKit found that a
   * truncation at 0 ms is refused, although the schema allows it.
   */
  cut(
    part: SpeechPart,
    heardMs: number,
  ): { readonly kind: "truncate"; readonly ms: number } | { readonly kind: "delete" };
}

export function createItemAudio(): ItemAudio {
  const bytesByItem = new Map<string, Map<number, number>>();
  return {
    add({ itemId, contentIndex }, payload) {
      let bytes = bytesByItem.get(itemId);
      if (!bytes) {
        bytes = new Map();
        bytesByItem.set(itemId, bytes);
        const [oldest] = bytesByItem.keys();
        if (bytesByItem.size > ITEMS_KEPT && oldest !== undefined) bytesByItem.delete(oldest);
      }
      bytes.set(contentIndex, (bytes.get(contentIndex) ?? 0) + payloadBytes(payload));
    },
    cut({ itemId, contentIndex }, heardMs) {
      const item = bytesByItem.get(itemId);
      const bytes = item?.get(contentIndex);
      const ms = Math.max(0, Math.floor(bytes === undefined ? heardMs : Math.min(heardMs, bytes / BYTES_PER_MS)));
      const onlyPart = item !== undefined && item.size === 1;
      return ms === 0 && onlyPart ? { kind: "delete" } : { kind: "truncate", ms };
    },
  };
}
