// The default thread: the Responses API with a Conversation that keeps the history at OpenAI, as the
// openai package 7.55 types them.
// Text of the phase "commentary" is not spoken: it is the model's aside to itself before a tool, and the bridge has fillers.
import type OpenAI from "openai";
import type { ConversationItem } from "openai/resources/conversations/items";
import type {
  Response as ModelResponse,
  ResponseCreateParamsStreaming,
  ResponseInputItem,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { createAnchor } from "./anchor.ts";
import { fromErrorEvent, ThreadFailure } from "./failure.ts";
import type { LedgerLine } from "./ledger.ts";
import { CANCELLED_OUTPUT } from "./notes.ts";
import { planRepair, type Addition, type HeldItem } from "./repair-plan.ts";
import type { Link, Message, OpenWire, Round, WireEvent } from "./wire.ts";

export interface ResponsesOptions {
  readonly openai: OpenAI;
  readonly model: string;
  /** Sent with every request: a conversation does not keep them. */
  readonly instructions: string;
  readonly maxOutputTokens?: number;
}

/** Items a conversation takes in one request. */
const MOST_ADDED = 20;
/** Items one turn can hardly exceed, and the longest page there is. */
const PAGE = 100;

export function responsesWire({ openai, model, instructions, maxOutputTokens }: ResponsesOptions): OpenWire {
  return ({ tools, threadId }) => {
    let conversation = threadId;
    const anchor = createAnchor();
    /** The far side may hold something of the current turn. */
    let touched = false;
    /** The last item of the current turn, as far as it is known. */
    let tail: { readonly id?: string } | undefined;
    /** Text given out in the current turn, by item id. */
    const spoken = new Map<string, string>();

    async function ready(link: Link): Promise<string> {
      if (conversation === undefined) {
        const items = link.said().map(seedOf);
        const made = await link.send((signal) =>
          openai.conversations.create(items.length > 0 ? { items } : {}, { signal }),
        );
        conversation = made.id;
        if (items.length === 0) anchor.set(undefined);
      }
      if (!anchor.isKnown()) anchor.set((await newest(conversation, 1, link)).data[0]);
      return conversation;
    }

    function newest(id: string, limit: number, link: Link) {
      return link.send((signal) => openai.conversations.items.list(id, { order: "desc", limit }, { signal }));
    }

    async function add(id: string, additions: readonly Addition[], link: Link): Promise<void> {
      const items = additions.map(inputOf);
      for (let at = 0; at < items.length; at += MOST_ADDED) {
        const part = items.slice(at, at + MOST_ADDED);
        const added = await link.send((signal) => openai.conversations.items.create(id, { items: part }, { signal }));
        anchor.set(added.data.at(-1));
      }
    }

    function begin(): void {
      // Still touched: the turn before ended well, without a repair.
      if (touched && tail) anchor.set(tail);
      else if (touched) anchor.lose();
      touched = false;
      tail = undefined;
      spoken.clear();
    }

    async function* round(round: Round, link: Link): AsyncGenerator<WireEvent, void> {
      const opening = round.kind === "messages";
      if (opening) begin();
      const id = await ready(link);
      const body: ResponseCreateParamsStreaming = {
        model,
        conversation: id,
        instructions,
        input: opening
          ? round.messages.map(itemOf)
          : round.results.map(({ callId, output }) => ({ type: "function_call_output", call_id: callId, output })),
        stream: true,
        ...(tools.length > 0 && { tools: tools.map((tool) => ({ type: "function", strict: false, ...tool })) }),
        ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
      };
      touched = true;
      const stream = await link
        .send((signal) => openai.responses.create(body, { signal }))
        .catch((error: unknown) => {
          if (opening && error instanceof ThreadFailure && !error.facts.reached) touched = false;
          throw error;
        });
      const unspoken = new Set<string>();
      for await (const event of link.read<ResponseStreamEvent>(stream, isLast)) {
        switch (event.type) {
          case "response.output_item.added":
            if (event.item.type === "message" && event.item.phase === "commentary") unspoken.add(event.item.id);
            break;
          case "response.output_text.delta":
          case "response.refusal.delta":
            if (unspoken.has(event.item_id)) break;
            spoken.set(event.item_id, (spoken.get(event.item_id) ?? "") + event.delta);
            yield { type: "text", delta: event.delta, part: event.item_id };
            break;
          case "response.completed":
          case "response.incomplete":
          case "response.failed":
            yield* ending(event.response);
            break;
          default:
            break;
        }
      }
    }

    function* ending(response: ModelResponse): Generator<WireEvent, void> {
      const { usage } = response;
      if (usage) {
        yield {
          type: "usage",
          usage: {
            inputTokens: usage.input_tokens,
            cachedInputTokens: usage.input_tokens_details?.cached_tokens ?? 0,
            outputTokens: usage.output_tokens,
          },
        };
      }
      if (response.status === "failed") throw fromErrorEvent(response.error ?? {});
      const calls = response.output.filter((item) => item.type === "function_call");
      const said = response.output.some((item) => spoken.has(item.id ?? ""));
      if (response.status === "incomplete" && (!said || calls.some((call) => call.status === "incomplete"))) {
        const upstreamCode = response.incomplete_details?.reason ?? "incomplete";
        throw new ThreadFailure("failed", `The answer is incomplete (${upstreamCode})`, {
          reached: true,
          upstreamCode,
        });
      }
      for (const call of calls) {
        yield { type: "call", call: { callId: call.call_id, name: call.name, arguments: call.arguments } };
      }
      tail = response.output.at(-1);
    }

    return {
      id: () => conversation,
      round,
      async repair(turn, link) {
        const id = conversation;
        if (id === undefined || (turn && !touched)) return { held: false };
        const page = await newest(id, PAGE, link);
        if (!turn) {
          await add(id, unansweredIn(page.data), link);
          return { held: true };
        }
        const items = anchor.since(page.data, !page.has_more);
        const plan = planRepair(items.map(heldItem), turn, spoken);
        await Promise.all(
          plan.remove.map((item) =>
            link.send((signal) => openai.conversations.items.delete(item, { conversation_id: id }, { signal })),
          ),
        );
        const last = items.findLast((item) => !plan.remove.includes(item.id ?? ""));
        if (last) anchor.set(last);
        await add(id, plan.add, link);
        touched = false;
        return { held: plan.held };
      },
      forget() {
        conversation = undefined;
        touched = false;
        anchor.lose();
      },
    };
  };
}

function isLast(event: ResponseStreamEvent): boolean {
  return (
    event.type === "response.completed" || event.type === "response.incomplete" || event.type === "response.failed"
  );
}

function seedOf({ by, text }: LedgerLine): ResponseInputItem {
  return { role: by === "caller" ? "user" : "assistant", content: text };
}

function itemOf({ from, text }: Message): ResponseInputItem {
  return { role: from === "note" ? "developer" : "user", content: text };
}

function inputOf(addition: Addition): ResponseInputItem {
  switch (addition.kind) {
    case "message":
      return itemOf(addition.message);
    case "text":
      return { role: "assistant", content: addition.text };
    case "output":
      return { type: "function_call_output", call_id: addition.callId, output: addition.output };
  }
}

function heldItem(item: ConversationItem): HeldItem {
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

function unansweredIn(items: readonly ConversationItem[]): Addition[] {
  const held = items.map(heldItem).toReversed();
  return held
    .flatMap((item) => (item.kind === "call" ? [item.callId] : []))
    .filter((callId) => !held.some((item) => item.kind === "output" && item.callId === callId))
    .map((callId) => ({ kind: "output", callId, output: CANCELLED_OUTPUT }));
}
