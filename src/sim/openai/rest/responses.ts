/** The Responses API: create (streamed, at once or in the background), read, cancel, delete, and what a response reads and leaves behind. */
import { Refusal, type Json } from "../check.ts";
import { checkPrompt } from "../realtime/config.ts";
import { checkFree, requireConversation, type StoredConversation } from "./conversations.ts";
import type { Call, Route } from "./http.ts";
import type { Env } from "./index.ts";
import { checkCalls, saidIn, stored, type StoredItem } from "./items.ts";
import { requireModel } from "./models.ts";
import { checkResponseRequest, newResponse, type ResponseObject, type ResponseRequest } from "./response-shape.ts";
import { generate, type Emit } from "./response-run.ts";
import { ask, page, type Question } from "./thinking.ts";

export interface StoredResponse {
  response: ResponseObject;
  /** Everything it read, its own input included: what a later previous_response_id stands for. */
  history: StoredItem[];
  input: StoredItem[];
  /** Stops a background generation. */
  abort: AbortController;
}

/** What a request reads before its own input. @throws Refusal */
function historyOf(env: Env, body: ResponseRequest, conversation: StoredConversation | undefined): StoredItem[] {
  if (conversation) return [...conversation.items];
  const previous = body.previous_response_id;
  if (previous === undefined || previous === null) return [];
  const before = env.state.responses.get(previous);
  if (!before) {
    throw new Refusal("previous_response_not_found", `Previous response with id '${previous}' not found.`, {
      param: "previous_response_id",
    });
  }
  return [...before.history, ...before.response.output];
}

function inputOf(env: Env, body: ResponseRequest, history: readonly StoredItem[]): StoredItem[] {
  const given = body["input"] as string | Json[] | undefined;
  const items = typeof given === "string" ? [{ role: "user", content: given }] : (given ?? []);
  return items.map((item, index) => {
    if (item["type"] !== "item_reference") return stored(env.chance, item);
    const found = history.find((one) => one.id === item["id"]);
    if (found) return found;
    throw new Refusal(null, `Item with id '${String(item["id"])}' not found.`, {
      param: `input[${index}].id`,
      status: 404,
    });
  });
}

export function responseRoutes(env: Env): Route[] {
  async function create(call: Call): Promise<void> {
    const body = checkResponseRequest(call.body);
    checkPrompt(body["prompt"], "prompt", env.shared.now(), env.shared.faults);
    requireModel(env, body.model, ["text"]);
    const named = body["conversation"] as string | { id: string } | null | undefined;
    const conversationId = typeof named === "string" ? named : named?.id;
    const conversation = conversationId === undefined ? undefined : requireConversation(env, conversationId);
    if (conversation) checkFree(conversation);
    const history = historyOf(env, body, conversation);
    const input = inputOf(env, body, history);
    checkCalls(history, input);

    const response = newResponse(env, body, conversationId);
    const entry: StoredResponse = { response, history: [...history, ...input], input, abort: new AbortController() };
    const tools = body["tool_choice"] === "none" ? [] : ((body["tools"] ?? []) as Json[]);
    const question: Question = {
      api: "responses",
      model: body.model,
      said: saidIn(entry.history),
      tools: tools.filter((tool) => tool["type"] === "function").map((tool) => tool["name"] as string),
      instructions: body.instructions ?? "",
      thread: conversationId ?? "",
    };
    if (conversation) {
      conversation.busy = response.id;
      // From here on the caller's words are in the conversation, whatever becomes of the answer.
      conversation.items.push(...input);
    }
    const onItem = (item: StoredItem) => conversation?.items.push(item);
    try {
      if (body.background) return inBackground(call, entry, question, onItem);
      await inForeground(call, entry, question, onItem, body.stream === true);
    } catch (error) {
      // A request refused before any generation leaves nothing behind.
      if (conversation) conversation.items = conversation.items.filter((item) => !input.includes(item));
      throw error;
    } finally {
      if (conversation && !body.background) conversation.busy = undefined;
    }
  }

  async function inForeground(
    call: Call,
    entry: StoredResponse,
    question: Question,
    onItem: (item: StoredItem) => void,
    streamed: boolean,
  ): Promise<void> {
    const { response } = entry;
    const reply = await ask(env, question);
    const sse = streamed ? call.sse() : undefined;
    let sequence = 0;
    const emit: Emit = (type, fields) => sse?.send({ type, sequence_number: sequence++, ...fields }, type);
    const run = { env, call, response, emit, tools: question.tools, onItem };
    if ((await generate(run, reply, question.said.map((line) => line.text).join(" "))) === "gone") return;
    if (response["store"]) env.state.responses.set(response.id, entry);
    if (sse) sse.end();
    else call.json(response);
  }

  function inBackground(
    call: Call,
    entry: StoredResponse,
    question: Question,
    onItem: (item: StoredItem) => void,
  ): void {
    const { response, abort } = entry;
    const conversation = env.state.conversations.get(question.thread);
    env.state.responses.set(response.id, entry);
    call.json(response);
    const wait = (ms: number) => env.wait(ms, abort.signal);
    const own = { signal: abort.signal, wait, drop: () => abort.abort() };
    const work = ask(env, question).then((reply) =>
      generate({ env, call: own, response, emit: () => {}, tools: question.tools, onItem }, reply, ""),
    );
    work
      .catch((error: unknown) => {
        response.status = "failed";
        response.error = { code: "server_error", message: String(error) };
      })
      .finally(() => {
        if (conversation) conversation.busy = undefined;
      });
  }

  const of = (call: Call): StoredResponse => {
    const found = env.state.responses.get(call.params["id"] ?? "");
    if (!found) throw new Refusal(null, `Response with id '${call.params["id"]}' not found.`, { status: 404 });
    return found;
  };

  return [
    { method: "POST", pattern: "/v1/responses", handle: create },
    { method: "GET", pattern: "/v1/responses/:id", handle: (call) => call.json(of(call).response) },
    {
      method: "GET",
      pattern: "/v1/responses/:id/input_items",
      handle: (call) => call.json(page(of(call).input, call.request.query)),
    },
    {
      method: "POST",
      pattern: "/v1/responses/:id/cancel",
      handle(call) {
        const { response, abort } = of(call);
        if (!response["background"]) throw new Refusal(null, "Cannot cancel a synchronous response.");
        if (response.status === "queued" || response.status === "in_progress") {
          response.status = "cancelled";
          abort.abort();
        }
        call.json(response);
      },
    },
    {
      method: "DELETE",
      pattern: "/v1/responses/:id",
      handle(call) {
        const { response } = of(call);
        env.state.responses.delete(response.id);
        call.json({ id: response.id, object: "response", deleted: true });
      },
    },
  ];
}
