// What was said, as items for a connection that was not there: text alone, since nobody's audio can be put into a conversation. And which
// items are ours, so that a client does not hear of them. Pure.
import type { SpokenLine } from "../../core/voice.ts";
import type { RelayEvent } from "../../speech/relayed-session.ts";

const MOST_LINES = 60;
const MOST_CHARACTERS = 24_000;
/** Begins the ids of items that only OpenAI sees. */
const HIDDEN = "vb_";

/** The end of it, where it is long. */
export function capped(lines: readonly SpokenLine[]): SpokenLine[] {
  const kept: SpokenLine[] = [];
  let characters = 0;
  for (const line of lines.slice(-MOST_LINES).toReversed()) {
    characters += line.text.length;
    if (characters > MOST_CHARACTERS) break;
    kept.unshift(line);
  }
  return kept;
}

/** One line of text as an item that a client does not hear of. */
export function hiddenItem(id: string, role: "user" | "assistant" | "system", text: string): RelayEvent {
  const content = [{ type: role === "assistant" ? "output_text" : "input_text", text }];
  return { type: "conversation.item.create", event_id: id, item: { id, type: "message", role, content } };
}

export const historyItems = (nameIt: (prefix: string) => string, lines: readonly SpokenLine[]): RelayEvent[] =>
  capped(lines).map(({ role, text }) =>
    hiddenItem(nameIt(`${HIDDEN}h`), role === "caller" ? "user" : "assistant", text),
  );

/** For the next connection, whose predecessor broke while it was speaking. */
export const cutNote = (text: string): string =>
  `Your last reply broke off because of the connection. The user heard: ${JSON.stringify(text.slice(-500))} Go on from there and repeat nothing of it.`;

/** Items that were put there by us and mean nothing to a client, and what is the account's own business. */
export function isHidden({ type, item }: RelayEvent): boolean {
  if (type === "rate_limits.updated") return true;
  if (type !== "conversation.item.added" && type !== "conversation.item.done" && type !== "conversation.item.created")
    return false;
  const { id, role } = (item ?? {}) as { readonly id?: unknown; readonly role?: unknown };
  return role === "system" || (typeof id === "string" && id.startsWith(HIDDEN));
}
