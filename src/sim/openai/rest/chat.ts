/** Chat Completions, streamed and not. It keeps nothing: each request carries the whole conversation. */
import { Refusal, type Json } from "../check.ts";
import { callsOf, piecesOf, type BrainReply } from "../script.ts";
import { checkChat, checkToolTurns, saidIn, type Message } from "./chat-shape.ts";
import type { Call, Route } from "./http.ts";
import type { Env } from "./index.ts";
import { requireModel } from "./models.ts";
import { checkForModel } from "./response-shape.ts";
import { ask, deliver, lastBreak, textOf } from "./thinking.ts";

export function chatRoutes(env: Env): Route[] {
  async function create(call: Call): Promise<void> {
    const { body } = call;
    checkChat(body, "");
    const model = requireModel(env, body["model"], ["text"]).id;
    checkForModel(body, model, "reasoning_effort");
    if (body["max_tokens"] && !model.startsWith("gpt-4")) {
      throw new Refusal(
        "unsupported_parameter",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        { param: "max_tokens" },
      );
    }
    if (body["stream_options"] && !body["stream"]) {
      throw new Refusal(null, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", {
        param: "stream_options",
      });
    }
    const messages = body["messages"] as Message[];
    checkToolTurns(messages);
    const tools = body["tool_choice"] === "none" ? [] : ((body["tools"] ?? []) as { function: { name: string } }[]);
    const asked = body["response_format"] as { type: string; json_schema?: { name: string } } | undefined;
    const format = asked?.json_schema;
    const question = {
      api: "chat",
      model,
      said: saidIn(messages),
      tools: tools.map((one) => one.function.name),
      instructions: messages
        .filter((one) => one.role === "system" || one.role === "developer")
        .map((one) => textOf(one.content))
        .join("\n"),
      thread: "",
      ...(format && { format: format.name }),
    } as const;
    const reply = await ask(env, question);
    const calls = callsOf(reply)
      .filter((wanted) => question.tools.includes(wanted.name))
      .map((wanted) => ({
        id: env.chance.id("call_", 24),
        type: "function",
        function: { name: wanted.name, arguments: wanted.args },
      }));
    const said = textOf(question.said.map(({ text }) => ({ text })));
    await (body["stream"] ? streamed : atOnce)(call, { model, reply, calls, said });
  }

  interface Answer {
    model: string;
    reply: BrainReply;
    calls: { id: string; type: string; function: { name: string; arguments: string } }[];
    /** Everything that was said before, for counting. */
    said: string;
  }

  function limited(call: Call, reply: BrainReply): { pieces: string[]; cut: boolean } {
    const max =
      ((call.body["max_completion_tokens"] ?? call.body["max_tokens"]) as number | null | undefined) ?? Infinity;
    const all = piecesOf(reply);
    let used = 0;
    const pieces = all.filter((piece) => (used += Math.ceil(piece.length / 4)) <= max);
    return { pieces, cut: pieces.length < all.length };
  }

  function finishReason(answer: Answer, cut: boolean): string {
    if (answer.reply.incomplete === "content_filter") return "content_filter";
    if (cut || answer.reply.incomplete) return "length";
    return answer.calls.length > 0 ? "tool_calls" : "stop";
  }

  function head(model: string, object: string): Json {
    const created = Math.floor(env.shared.now() / 1000);
    return {
      id: env.chance.id("chatcmpl-", 29),
      object,
      created,
      model,
      service_tier: "default",
      system_fingerprint: "fp_sim",
    };
  }

  function usage(said: string, written: string): Json {
    const prompt = Math.ceil(said.length / 4);
    const completion = Math.ceil(written.length / 4);
    return {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    };
  }

  async function atOnce(call: Call, answer: Answer): Promise<void> {
    const { pieces, cut } = limited(call, answer.reply);
    let content = "";
    const paced = { ...answer.reply, chunks: pieces, delayMs: answer.reply.delayMs ?? 0 };
    if ((await deliver(env, call, paced, (piece) => (content += piece))) === "gone") return;
    if ((await lastBreak(call, paced)) === "gone") return;
    const message = {
      role: "assistant",
      content: content === "" && answer.calls.length > 0 ? null : content,
      refusal: answer.reply.refusal ?? null,
      ...(answer.calls.length > 0 ? { tool_calls: answer.calls } : {}),
      annotations: [],
    };
    const choice = { index: 0, message, logprobs: null, finish_reason: finishReason(answer, cut) };
    call.json({ ...head(answer.model, "chat.completion"), choices: [choice], usage: usage(answer.said, content) });
  }

  async function streamed(call: Call, answer: Answer): Promise<void> {
    const withUsage = (call.body["stream_options"] as { include_usage?: boolean } | null)?.include_usage === true;
    const { pieces, cut } = limited(call, answer.reply);
    const common = head(answer.model, "chat.completion.chunk");
    const sse = call.sse();
    const chunk = (delta: Json, finish_reason: string | null = null) =>
      sse.send({
        ...common,
        choices: [{ index: 0, delta, logprobs: null, finish_reason }],
        ...(withUsage ? { usage: null } : {}),
      });

    chunk({ role: "assistant", content: answer.calls.length > 0 && pieces.length === 0 ? null : "", refusal: null });
    if (answer.reply.refusal !== undefined) chunk({ refusal: answer.reply.refusal });
    let written = "";
    const delivered = await deliver(env, call, { ...answer.reply, chunks: pieces }, (piece) => {
      written += piece;
      chunk({ content: piece });
    });
    const failed = () => {
      sse.send({
        error: {
          message: "The server had an error while processing your request.",
          type: "server_error",
          param: null,
          code: null,
        },
      });
      sse.end();
    };
    if (delivered === "gone") return;
    if (delivered === "failed") return failed();
    answer.calls.forEach(({ id, type, function: { name, arguments: args } }, index) => {
      // Only the first fragment of a call has its id and name; the rest are joined by index.
      chunk({ tool_calls: [{ index, id, type, function: { name, arguments: "" } }] });
      for (const piece of args.match(/[\s\S]{1,12}/g) ?? [])
        chunk({ tool_calls: [{ index, function: { arguments: piece } }] });
    });
    const last = await lastBreak(call, { ...answer.reply, chunks: pieces });
    if (last === "gone") return;
    if (last === "failed") return failed();
    chunk({}, finishReason(answer, cut));
    if (withUsage) sse.send({ ...common, choices: [], usage: usage(answer.said, written) });
    sse.send("[DONE]");
    sse.end();
  }

  return [{ method: "POST", pattern: "/v1/chat/completions", handle: create }];
}
