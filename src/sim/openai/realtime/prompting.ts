/** What a response goes by: the items it reads, the text it was told to speak exactly, and what the script's brain is shown. */
import { Refusal, type Json } from "../check.ts";
import type { BrainInput, Line } from "../script.ts";
import type { Context } from "./context.ts";
import type { Item } from "./conversation.ts";
import type { Response } from "./response.ts";

/**
 * The items a response reads: its own `input`, references resolved, or the conversation.
 * @throws Refusal for a reference to an item that does not exist
 */
export function inputItems(ctx: Context, response: Response): readonly Item[] {
  const given = response.params["input"] as Json[] | undefined;
  if (!given) return ctx.conversation.items.filter((item) => !response.output.includes(item));
  return given.map((entry, index) => {
    if (entry["type"] !== "item_reference") return entry as Item;
    const item = ctx.conversation.get(entry["id"] as string);
    if (item) return item;
    throw new Refusal("invalid_value", `Item with id '${String(entry["id"])}' not found in the conversation.`, {
      param: `response.input[${index}].id`,
    });
  });
}

function textOf(ctx: Context, item: Item): string {
  const heard = ctx.conversation.heard.get(item.id);
  return (item.content ?? [])
    .map((part) => part.text ?? part.transcript ?? (part.type === "input_audio" ? heard : undefined) ?? "")
    .join(" ")
    .trim();
}

const SAY = /<say>([\s\S]*?)<\/say>/;

/**
 * The text to be spoken word for word: between say tags in the input or the instructions, else, for an out-of-band response
 * with input of its own and nothing to decide, its last user text. Undefined when the model answers by itself.
 */
export function textToSay(ctx: Context, response: Response): string | undefined {
  const items = inputItems(ctx, response);
  const last = items.findLast((item) => item.type === "message" && item.role === "user");
  const own = response.params["input"] !== undefined;
  const tagged =
    own && last ? SAY.exec(textOf(ctx, last)) : SAY.exec((response.params["instructions"] ?? "") as string);
  if (tagged) return tagged[1];
  if (response.inConversation || !own || !last || response.modality !== "audio" || response.tools.length > 0)
    return undefined;
  return textOf(ctx, last);
}

/** The conversation as a brain sees it. */
export function brainInput(ctx: Context, response: Response): BrainInput {
  const items = inputItems(ctx, response);
  const history: Line[] = [];
  for (const item of items) {
    if (item.type === "message" && item.role) history.push({ role: item.role, text: textOf(ctx, item) });
    if (item.type === "function_call_output") history.push({ role: "tool", text: item.output ?? "" });
  }
  const afterLast = (role: string) => items.slice(items.findLastIndex((item) => item.role === role) + 1);
  return {
    api: "realtime",
    model: ctx.config.model ?? "",
    text: history.findLast((line) => line.role === "user")?.text ?? "",
    history,
    tools: response.tools.map((tool) => String(tool["name"] ?? tool["server_label"])),
    toolOutputs: afterLast("user")
      .filter((item) => item.type === "function_call_output")
      .map((item) => ({
        name: items.find((other) => other.type === "function_call" && other.call_id === item.call_id)?.name ?? "",
        callId: item.call_id ?? "",
        output: item.output ?? "",
      })),
    notes: afterLast("assistant")
      .filter((item) => item.role === "system")
      .map((item) => textOf(ctx, item)),
    instructions: response.instructions,
    turn: history.filter((line) => line.role === "user").length,
    thread: ctx.id,
  };
}
