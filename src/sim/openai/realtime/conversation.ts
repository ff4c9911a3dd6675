/**
 * The items of one conversation in their order, with the audio that belongs to them kept aside. Rules about items
 * (duplicates, unknown ids, what may be truncated) are here; which events tell about them is not.
 */
import { Refusal, type Json } from "../check.ts";

export interface Part extends Json {
  type: string;
  text?: string;
  transcript?: string | null;
}

export interface Item extends Json {
  id: string;
  object: "realtime.item";
  type: string;
  status: "in_progress" | "completed" | "incomplete";
  role?: "system" | "user" | "assistant";
  content?: Part[];
  call_id?: string;
  name?: string;
  arguments?: string;
  output?: string;
}

export interface ItemAudio {
  samples: Int16Array;
  rate: number;
}

export interface Conversation {
  readonly items: readonly Item[];
  get(id: string): Item | undefined;
  /** What the model understood of a user item's audio, whether or not a transcription was asked for. */
  readonly heard: Map<string, string>;
  readonly audio: Map<string, ItemAudio>;
  /** Milliseconds of assistant audio generated so far for an item. */
  readonly spokenMs: Map<string, number>;
  lastId(): string | null;
  /** Adds an item at the end, or after `previousId` ("root" = first); returns the id of the item before it. */
  add(item: Item, previousId?: string): string | null;
  remove(id: string): Item;
  /** @throws Refusal as the API refuses a bad truncate */
  truncate(id: string, contentIndex: number, endMs: number): Item;
}

function unknownItem(code: string, id: string, doing: string): Refusal {
  return new Refusal(code, `Error ${doing} item: the item with id '${id}' does not exist.`, { param: "item_id" });
}

export function createConversation(): Conversation {
  const items: Item[] = [];
  const heard = new Map<string, string>();
  const audio = new Map<string, ItemAudio>();
  const spokenMs = new Map<string, number>();
  const get = (id: string) => items.find((item) => item.id === id);

  return {
    items,
    heard,
    audio,
    spokenMs,
    get,
    lastId: () => items.at(-1)?.id ?? null,
    add(item, previousId) {
      if (get(item.id)) {
        throw new Refusal(
          "item_create_duplicate_item_id",
          `Error adding item: an item with id '${item.id}' already exists.`,
          {
            param: "item.id",
          },
        );
      }
      if (item.type === "function_call_output" && !items.some((other) => isCall(other, item.call_id))) {
        throw new Refusal("invalid_tool_call_id", `Tool call ID '${item.call_id}' not found in conversation.`);
      }
      let at = items.length;
      if (previousId === "root") at = 0;
      else if (previousId !== undefined) {
        at = items.findIndex((other) => other.id === previousId) + 1;
        if (at === 0) {
          throw new Refusal(
            "item_create_invalid_previous_item_id",
            `Error adding item: the previous item with id '${previousId}' does not exist.`,
            { param: "previous_item_id" },
          );
        }
      }
      items.splice(at, 0, item);
      return items[at - 1]?.id ?? null;
    },
    remove(id) {
      const at = items.findIndex((item) => item.id === id);
      if (at < 0) throw unknownItem("item_delete_invalid_item_id", id, "deleting");
      for (const kept of [heard, audio, spokenMs]) kept.delete(id);
      return items.splice(at, 1)[0] as Item;
    },
    truncate(id, contentIndex, endMs) {
      const item = get(id);
      if (!item) throw unknownItem("item_truncate_invalid_item_id", id, "truncating");
      if (item.type !== "message" || item.role !== "assistant") {
        throw new Refusal("invalid_value", "Only model output audio messages can be truncated.", { param: "item_id" });
      }
      const part = item.content?.[contentIndex];
      if (!part || part.type !== "output_audio") {
        throw new Refusal("invalid_value", `Content part ${contentIndex} of item '${id}' is not audio.`, {
          param: "content_index",
        });
      }
      const has = Math.floor(spokenMs.get(id) ?? 0);
      if (endMs > has) {
        throw new Refusal("invalid_value", `Audio content of ${has}ms is already shorter than ${endMs}ms`, {
          param: "audio_end_ms",
        });
      }
      spokenMs.set(id, endMs);
      delete part.transcript;
      return item;
    },
  };
}

function isCall(item: Item, callId: string | undefined): boolean {
  return item.type === "function_call" && item.call_id === callId;
}
