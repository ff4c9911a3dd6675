// An event of OpenAI's without the words and the sound of replies that the guard has stopped: they come in deltas, whole at the end of
// each part, and once more in the item and in the response. Pure.
import type { RelayEvent } from "../../speech/relayed-session.ts";

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

/** Undefined: nothing of it is for the client. */
export function withoutStopped(event: RelayEvent, isStopped: (id: unknown) => boolean): RelayEvent | undefined {
  const { item_id: itemId, item, response } = event as Json;
  if (isStopped(itemId)) return undefined;
  if (isJson(item) && isStopped(item["id"])) return { ...event, item: { ...item, content: [] } };
  if (!isJson(response) || !Array.isArray(response["output"])) return event;
  const output = (response["output"] as readonly unknown[]).map((one) =>
    isJson(one) && isStopped(one["id"]) ? { ...one, content: [] } : one,
  );
  return { ...event, response: { ...response, output } };
}
