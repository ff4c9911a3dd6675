/**
 * From a raw frame to the act it asks for: parsed, checked, refused with an `error` event that names the client's event, or
 * done. Every client event of the GA vocabulary has its one place here.
 */
import { Refusal, isObject, type Json } from "../check.ts";
import type { Context } from "./context.ts";
import type { Item } from "./conversation.ts";
import { CODECS } from "./codec.ts";
import { checkClientEvent, type ClientEvent } from "./event-schema.ts";
import type { Input } from "./input.ts";
import type { Responses } from "./responses.ts";
import { announce } from "./transcribe.ts";

export interface Parts {
  input: Input;
  responses: Responses;
  /** Applies a checked session update. @throws Refusal */
  update(session: Json): void;
  /** Told of every frame before it is acted on; what is no event comes as `{type: "(unparsable)", raw}`. */
  seen(event: Json): void;
}

/** Returns the function that takes one frame, undefined for a binary one. */
export function createDispatch(ctx: Context, parts: Parts): (raw: string | undefined) => void {
  return (raw) => {
    let parsed: unknown;
    try {
      parsed = parse(raw);
      parts.seen(isObject(parsed) ? parsed : { type: "(unparsable)", raw });
      const event = checkClientEvent(parsed, { takeBetaUpdate: ctx.fault("takeBetaTranscriptionUpdate") ?? false });
      const refuse = ctx.fault("refuseEvent");
      if (refuse?.type === event.type) ctx.sendError(refuse.error, event.event_id ?? null);
      else act(ctx, parts, event);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const given = isObject(parsed) ? parsed["event_id"] : undefined;
      ctx.sendError(error, typeof given === "string" ? given : null);
    }
  };
}

/** The JSON of a text frame; undefined, which no check accepts, for anything else. */
function parse(raw: string | undefined): unknown {
  try {
    return raw === undefined ? undefined : JSON.parse(raw);
  } catch {
    return undefined;
  }
}

function act(ctx: Context, parts: Parts, event: ClientEvent): void {
  const { input, responses } = parts;
  switch (event.type) {
    case "session.update":
    case "transcription_session.update":
      return updateSession(ctx, event, parts);
    case "input_audio_buffer.append":
      return input.append(event["audio"] as string);
    case "input_audio_buffer.commit":
      return input.commit();
    case "input_audio_buffer.clear":
      return input.clear();
    case "conversation.item.create":
      return createItem(ctx, event);
    case "conversation.item.retrieve":
      return retrieveItem(ctx, event["item_id"] as string);
    case "conversation.item.delete": {
      const item = ctx.conversation.remove(event["item_id"] as string);
      return ctx.send("conversation.item.deleted", { item_id: item.id });
    }
    case "conversation.item.truncate": {
      const at = event as unknown as { item_id: string; content_index: number; audio_end_ms: number };
      ctx.conversation.truncate(at.item_id, at.content_index, at.audio_end_ms);
      return ctx.send("conversation.item.truncated", {
        item_id: at.item_id,
        content_index: at.content_index,
        audio_end_ms: at.audio_end_ms,
      });
    }
    case "response.create":
      return responses.create((event["response"] ?? {}) as Json);
    case "response.cancel":
      return responses.cancel(event["response_id"] as string | undefined);
    default:
      throw new Error(`unreachable: ${event.type} passed the check`);
  }
}

function updateSession(ctx: Context, event: ClientEvent, parts: Parts): void {
  if (ctx.fault("ignoreUpdates")) return;
  ctx.later(ctx.fault("updatedDelayMs") ?? 0, () => {
    try {
      if (event.type === "session.update") parts.update(event["session"] as Json);
      ctx.send("session.updated", { session: ctx.config });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ctx.sendError(error, event.event_id ?? null);
    }
  });
}

function createItem(ctx: Context, event: ClientEvent): void {
  const given = event["item"] as Json;
  const item = {
    ...structuredClone(given),
    id: given["id"] ?? ctx.chance.id("item_"),
    object: "realtime.item",
    status: "completed",
  } as Item;
  if (item.type === "function_call") item.call_id ??= ctx.chance.id("call_", 16);
  const previous = ctx.conversation.add(item, event["previous_item_id"] as string | undefined);
  const codec = CODECS[ctx.config.audio.input.format.type];
  for (const part of item.content ?? []) {
    if (part.type !== "input_audio") continue;
    ctx.conversation.audio.set(item.id, {
      samples: codec.decode(Buffer.from(part["audio"] as string, "base64")),
      rate: codec.rate,
    });
    ctx.conversation.heard.set(item.id, part.transcript ?? "");
    delete part["audio"];
  }
  announce(ctx, item, previous);
}

function retrieveItem(ctx: Context, id: string): void {
  const item = ctx.conversation.get(id);
  if (!item) {
    throw new Refusal(
      "item_retrieve_invalid_item_id",
      `Error retrieving item: the item with id '${id}' does not exist.`,
      {
        param: "item_id",
      },
    );
  }
  const copy = structuredClone(item);
  const audio = ctx.conversation.audio.get(id);
  const part = copy.content?.find((one) => one.type === "input_audio");
  if (audio && part) {
    const codec = CODECS[ctx.config.audio.input.format.type];
    part["audio"] = Buffer.from(codec.encode(audio.samples)).toString("base64");
  }
  ctx.send("conversation.item.retrieved", { item: copy });
}
