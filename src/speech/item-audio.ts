// How much audio each item of the session's conversation has, so that a truncation never asks for more than there is: the
// API refuses that, and would go on believing that all of it was heard.
import type { SpeechPart } from "../core/voice.ts";

const BYTES_PER_MS = 8;
/** Only items that may still be playing matter; a caller is never this many items behind. */
const ITEMS_KEPT = 64;

export interface ItemAudio {
  /** Where the bytes of this part are counted. */
  readonly account: (part: SpeechPart) => { bytes: number };
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
  const parts = new Map<string, Map<number, { bytes: number }>>();

  function account({ itemId, contentIndex }: SpeechPart): { bytes: number } {
    let item = parts.get(itemId);
    if (!item) {
      item = new Map();
      parts.set(itemId, item);
      const [oldest] = parts.keys();
      if (parts.size > ITEMS_KEPT && oldest !== undefined) parts.delete(oldest);
    }
    const known = item.get(contentIndex) ?? { bytes: 0 };
    item.set(contentIndex, known);
    return known;
  }

  return {
    account,
    cut({ itemId, contentIndex }, heardMs) {
      const item = parts.get(itemId);
      const bytes = item?.get(contentIndex)?.bytes;
      const ms = Math.max(0, Math.floor(bytes === undefined ? heardMs : Math.min(heardMs, bytes / BYTES_PER_MS)));
      const onlyPart = item !== undefined && item.size === 1;
      return ms === 0 && onlyPart ? { kind: "delete" } : { kind: "truncate", ms };
    },
  };
}
