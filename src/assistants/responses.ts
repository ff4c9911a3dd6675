// The default thread: the Responses API with a Conversation that keeps the history at OpenAI, as the
// openai package 7.55 types them.
// Text of the phase "commentary" is not spoken: it is the model's aside to itself before a tool, and the bridge has fillers.
import type OpenAI from "openai";
import type {
  Response as ModelResponse,
  ResponseCreateParamsStreaming,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { createAnchor } from "./anchor.ts";
import { heldItem, inputOf, itemOf, unansweredIn } from "./conversation-items.ts";
import { fromErrorEvent, ThreadFailure } from "./failure.ts";
import { seedOf } from "./ledger.ts";
import { planRepair, type Addition } from "./repair-plan.ts";
import type { Link, OpenWire, Round, WireEvent } from "./wire.ts";

export interface ResponsesOptions {
  readonly openai: OpenAI;
  readonly model: string;
  readonly maxOutputTokens?: number;
}

/** Items a conversation takes in one request. */
const MOST_ADDED = 20;
/** Items one turn can hardly exceed, and the longest page there is. */
const PAGE = 100;

export function responsesWire({ openai, model, maxOutputTokens }: ResponsesOptions): OpenWire {
  return ({ instructions, tools, threadId }) => {
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

    async function remove(id: string, items: readonly string[], link: Link): Promise<void> {
      const params = { conversation_id: id };
      await Promise.all(
        items.map((item) => link.send((signal) => openai.conversations.items.delete(item, params, { signal }))),
      );
    }

    /** What a failed attempt left of the caller's words would be read twice. */
    async function takeBack(id: string, link: Link): Promise<void> {
      const page = await newest(id, PAGE, link);
      await remove(
        id,
        anchor.since(page.data, !page.has_more).map((item) => item.id ?? ""),
        link,
      );
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
        // A conversation does not keep them.
        instructions,
        input: opening
          ? round.messages.map(itemOf)
          : round.results.map(({ callId, output }) => ({ type: "function_call_output", call_id: callId, output })),
        stream: true,
        ...(tools.length > 0 && {
          // Field by field: what else a tool of ours carries would be refused as unknown.
          tools: tools.map(({ name, description, parameters }) => ({
            type: "function" as const,
            strict: false,
            name,
            description,
            parameters,
          })),
        }),
        ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
      };
      touched = true;
      const stream = await link
        .send(
          (signal) => openai.responses.create(body, { signal }),
          () => takeBack(id, link),
        )
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
            model,
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
      prepare: (link) => ready(link).then(() => undefined),
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
        await remove(id, plan.remove, link);
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
