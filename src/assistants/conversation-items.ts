// Translation between our words for what a thread holds and the items of a Conversation. Pure.
import type { ConversationItem } from "openai/resources/conversations/items";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import { CANCELLED_OUTPUT } from "./notes.ts";
import type { Addition, HeldItem } from "./repair-plan.ts";
import type { Message } from "./wire.ts";

export function itemOf({ from, text }: Message): ResponseInputItem {
  return { role: from === "note" ? "developer" : "user", content: text };
}

export function inputOf(addition: Addition): ResponseInputItem {
  switch (addition.kind) {
    case "message":
      return itemOf(addition.message);
    case "text":
      return { role: "assistant", content: addition.text };
    case "output":
      return { type: "function_call_output", call_id: addition.callId, output: addition.output };
  }
}

export function heldItem(item: ConversationItem): HeldItem {
  const id = item.id ?? "";
  switch (item.type) {
    case "message":
      if (item.role === "user" || item.role === "developer" || item.role === "system") return { kind: "message", id };
      // Commentary was not spoken, and is not wrong for that: it leads to the call that follows it.
      if (item.role !== "assistant" || item.phase === "commentary") return { kind: "other", id };
      return { kind: "text", id, text: textOf(item.content) };
    case "function_call":
      return { kind: "call", id, callId: item.call_id, complete: item.status !== "incomplete" };
    case "function_call_output":
      return { kind: "output", id, callId: item.call_id ?? "" };
    case "reasoning":
      return { kind: "reasoning", id };
    default:
      return { kind: "other", id };
  }
}

function textOf(content: Extract<ConversationItem, { type: "message" }>["content"]): string {
  return content
    .map((part) => (part.type === "output_text" ? part.text : part.type === "refusal" ? part.refusal : ""))
    .join("");
}

/** Answers for the calls that nobody answered; `items` are newest first. */
export function unansweredIn(items: readonly ConversationItem[]): Addition[] {
  const held = items.map(heldItem).toReversed();
  return held
    .flatMap((item) => (item.kind === "call" ? [item.callId] : []))
    .filter((callId) => !held.some((item) => item.kind === "output" && item.callId === callId))
    .map((callId) => ({ kind: "output", callId, output: CANCELLED_OUTPUT }));
}
