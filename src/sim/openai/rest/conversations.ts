/** The Conversations API: a list of items under an id, which responses read and write one at a time. */
import { Refusal, list, metadata, nullable, shape, type Json } from "../check.ts";
import type { Call, Route } from "./http.ts";
import type { Env } from "./index.ts";
import { inputItem, stored, type StoredItem } from "./items.ts";
import { page } from "./thinking.ts";

export interface StoredConversation {
  id: string;
  created_at: number;
  metadata: Json;
  items: StoredItem[];
  /** The response being generated on it. */
  busy: string | undefined;
}

const items = list(inputItem, { max: 20 });
const checkCreate = shape({ items: nullable(items), metadata: nullable(metadata) });
const checkUpdate = shape({ metadata: nullable(metadata) }, ["metadata"]);
const checkItems = shape({ items }, ["items"]);

/** @throws Refusal with 404 */
export function requireConversation(env: Env, id: string): StoredConversation {
  const conversation = env.state.conversations.get(id);
  if (!conversation) throw new Refusal(null, `Conversation with id '${id}' not found.`, { status: 404 });
  return conversation;
}

/** @throws Refusal with 409 while a response is being generated on it */
export function checkFree(conversation: StoredConversation): void {
  if (conversation.busy === undefined) return;
  throw new Refusal(
    "conversation_locked",
    "Another process is currently operating on this conversation. Please retry in a few seconds.",
    { status: 409 },
  );
}

function shown({ id, created_at, metadata }: StoredConversation) {
  return { id, object: "conversation", created_at, metadata };
}

export function conversationRoutes(env: Env): Route[] {
  const of = (call: Call) => requireConversation(env, call.params["id"] ?? "");
  const itemOf = (call: Call, conversation: StoredConversation) => {
    const item = conversation.items.find((one) => one.id === call.params["item_id"]);
    if (!item) throw new Refusal(null, `Item with id '${call.params["item_id"]}' not found.`, { status: 404 });
    return item;
  };

  function add(conversation: StoredConversation, given: readonly Json[]): StoredItem[] {
    const made = given.map((item) => {
      if (item["type"] === "item_reference") {
        throw new Refusal("invalid_value", "Items of type 'item_reference' cannot be stored.", { param: "items" });
      }
      return stored(env.chance, item);
    });
    for (const item of made) {
      if (conversation.items.some((other) => other.id === item.id)) {
        throw new Refusal("invalid_value", `An item with id '${item.id}' already exists.`, { param: "items" });
      }
    }
    conversation.items.push(...made);
    return made;
  }

  return [
    {
      method: "POST",
      pattern: "/v1/conversations",
      handle(call) {
        checkCreate(call.body, "");
        const conversation: StoredConversation = {
          id: env.chance.id("conv_", 40),
          created_at: Math.floor(env.shared.now() / 1000),
          metadata: (call.body["metadata"] ?? {}) as Json,
          items: [],
          busy: undefined,
        };
        add(conversation, (call.body["items"] ?? []) as Json[]);
        env.state.conversations.set(conversation.id, conversation);
        call.json(shown(conversation));
      },
    },
    { method: "GET", pattern: "/v1/conversations/:id", handle: (call) => call.json(shown(of(call))) },
    {
      method: "POST",
      pattern: "/v1/conversations/:id",
      handle(call) {
        const conversation = of(call);
        checkUpdate(call.body, "");
        conversation.metadata = (call.body["metadata"] ?? {}) as Json;
        call.json(shown(conversation));
      },
    },
    {
      method: "DELETE",
      pattern: "/v1/conversations/:id",
      handle(call) {
        const { id } = of(call);
        env.state.conversations.delete(id);
        call.json({ id, object: "conversation.deleted", deleted: true });
      },
    },
    {
      method: "POST",
      pattern: "/v1/conversations/:id/items",
      handle(call) {
        const conversation = of(call);
        checkItems(call.body, "");
        checkFree(conversation);
        const data = add(conversation, call.body["items"] as Json[]);
        const ids = data.map((item) => item.id);
        call.json({ object: "list", data, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null, has_more: false });
      },
    },
    {
      method: "GET",
      pattern: "/v1/conversations/:id/items",
      handle: (call) => call.json(page(of(call).items, call.request.query)),
    },
    {
      method: "GET",
      pattern: "/v1/conversations/:id/items/:item_id",
      handle: (call) => call.json(itemOf(call, of(call))),
    },
    {
      method: "DELETE",
      pattern: "/v1/conversations/:id/items/:item_id",
      handle(call) {
        const conversation = of(call);
        checkFree(conversation);
        const item = itemOf(call, conversation);
        conversation.items = conversation.items.filter((one) => one !== item);
        call.json(shown(conversation));
      },
    },
  ];
}
