// The thread for any server that speaks Chat Completions: the history is kept here and sent whole with every request, so
// nothing has to be mended at a far side. Protocol: Chat Completions as the openai package 7.55 types it, read with some leniency.
import type OpenAI from "openai";
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageFunctionToolCall,
} from "openai/resources/chat/completions";
import { createChatHistory, type ChatHistory } from "./chat-history.ts";
import { ThreadFailure } from "./failure.ts";
import { nestedTools } from "./function-tools.ts";
import type { Link, OpenWire, Round, WireEvent } from "./wire.ts";

export interface ChatOptions {
  readonly openai: OpenAI;
  readonly model: string;
  readonly maxOutputTokens?: number;
  /** How many histories outlive their call, for callers who come back: 0 unless a thread belongs to a caller. */
  readonly keep: number;
}

export function chatWire({ openai, model, maxOutputTokens, keep }: ChatOptions): OpenWire {
  /** Histories that may be gone on with, least recently used first. They live as long as the program. */
  const kept = new Map<string, ChatHistory>();

  return ({ callId, instructions, tools, threadId, history: before = [] }) => {
    const known = threadId === undefined ? undefined : kept.get(threadId);
    const history = known ?? createChatHistory();
    if (!known) history.seed(before);
    const id = keep > 0 ? (known ? threadId : `chat_${callId}`) : undefined;
    let begun = known !== undefined;
    let rounds = 0;
    /** Text given out of an answer that is not complete. */
    let partial = "";

    async function* round(round: Round, link: Link): AsyncGenerator<WireEvent, void> {
      if (round.kind === "messages") history.begin(round.messages);
      else history.results(round.results);
      partial = "";
      begun = true;
      const part = `round ${++rounds}`;
      const body: ChatCompletionCreateParamsStreaming = {
        model,
        messages: [{ role: "system", content: instructions }, ...history.entries()],
        stream: true,
        stream_options: { include_usage: true },
        ...(tools.length > 0 && { tools: nestedTools(tools) }),
        ...(maxOutputTokens !== undefined && { max_completion_tokens: maxOutputTokens }),
      };
      const stream = await link.send((signal) => openai.chat.completions.create(body, { signal }));
      const calls = createCalls(part);
      let finish: string | undefined;
      for await (const chunk of link.read<ChatCompletionChunk>(
        stream,
        () => false,
        () => finish !== undefined,
      )) {
        if (chunk.usage) {
          yield {
            type: "usage",
            usage: {
              model,
              inputTokens: chunk.usage.prompt_tokens,
              cachedInputTokens: chunk.usage.prompt_tokens_details?.cached_tokens ?? 0,
              outputTokens: chunk.usage.completion_tokens,
            },
          };
        }
        // Some servers send chunks without any choices, the last one with the usage among them.
        const choice = chunk.choices?.[0];
        if (!choice) continue;
        const delta = choice.delta?.content ?? choice.delta?.refusal ?? "";
        if (delta !== "") {
          partial += delta;
          yield { type: "text", delta, part };
        }
        for (const fragment of choice.delta?.tool_calls ?? []) calls.take(fragment);
        finish = choice.finish_reason ?? finish;
      }
      const asked = calls.all();
      const cut = finish === "length" || finish === "content_filter";
      if (cut && (asked.length > 0 || partial === "")) {
        throw new ThreadFailure("failed", `The answer is incomplete (${finish})`, {
          reached: true,
          ...(finish !== undefined && { upstreamCode: finish }),
        });
      }
      history.answer(partial, asked);
      partial = "";
      for (const call of asked) {
        yield { type: "call", call: { callId: call.id, name: call.function.name, arguments: call.function.arguments } };
      }
    }

    return {
      id: () => (begun ? id : undefined),
      round,
      async repair(turn) {
        if (!turn) return { held: true };
        const held = history.breakOff(turn, partial);
        partial = "";
        return { held };
      },
      correct: ({ heard }) => history.correct(heard),
      close() {
        if (id === undefined || !begun) return;
        kept.delete(id);
        kept.set(id, history);
        for (const oldest of kept.keys()) {
          if (kept.size <= keep) break;
          kept.delete(oldest);
        }
      },
    };
  };
}

type Fragment = NonNullable<ChatCompletionChunk.Choice["delta"]["tool_calls"]>[number];

/** Joins the fragments of tool calls by index; id and name come with the first one only. */
function createCalls(part: string) {
  const calls: { index: number; id: string; name: string; args: string }[] = [];
  return {
    take(fragment: Fragment): void {
      // Servers are known that leave the index out, or give every call the same: a new id then begins a new call.
      const index = fragment.index ?? 0;
      let call = calls.findLast((each) => each.index === index);
      if (!call || (fragment.id && call.id !== "" && call.id !== fragment.id)) {
        call = { index, id: "", name: "", args: "" };
        calls.push(call);
      }
      call.id ||= fragment.id ?? "";
      call.name ||= fragment.function?.name ?? "";
      call.args += fragment.function?.arguments ?? "";
    },
    all(): ChatCompletionMessageFunctionToolCall[] {
      return calls.map(({ id, name, args }, at) => ({
        id: id || `call_${part.replace(" ", "_")}_${at}`,
        type: "function",
        function: { name, arguments: args },
      }));
    },
  };
}
