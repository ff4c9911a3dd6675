import type OpenAI from "openai";
import { AuthenticationError, ConflictError, InternalServerError, NotFoundError, RateLimitError } from "openai";
import type { BrainInput, BrainReply, OpenAISim } from "../../../src/sim/openai/index.ts";
import { closeSims, sim } from "./client.ts";
import { all, official, raw, until } from "./rest-client.ts";

afterEach(closeSims);

const model = "gpt-6-luna";
const endCall = {
  type: "function",
  name: "end_call",
  description: "Hangs up.",
  parameters: {
    type: "object",
    properties: { reason: { type: "string" } },
    required: ["reason"],
    additionalProperties: false,
  },
  strict: true,
} as const;

async function itemsOf(openai: OpenAI, conversation: string) {
  return await all(openai.conversations.items.list(conversation, { order: "asc" }));
}

describe("a response", () => {
  test("streams in the documented order, numbered, its deltas joined being its text", async () => {
    const on = await sim({ script: { brain: () => "Hello. How can I help you?" } });
    const openai = official(on);
    const events = await all(await openai.responses.create({ model, input: "hi", stream: true }));
    const types = events.map((event) => event.type).filter((type, i, list) => type !== list[i - 1]);
    expect(types).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    expect(deltas.length).toBeGreaterThan(3);
    expect(deltas.map((event) => event.delta).join("")).toBe("Hello. How can I help you?");
    const last = events.at(-1);
    if (last?.type !== "response.completed") throw new Error("not completed");
    expect(last.response).toMatchObject({
      object: "response",
      status: "completed",
      error: null,
      incomplete_details: null,
      output: [
        {
          type: "message",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "Hello. How can I help you?" }],
        },
      ],
      usage: { total_tokens: expect.any(Number) },
    });
    // The client joins the text itself for a whole answer.
    expect((await openai.responses.create({ model, input: "hi" })).output_text).toBe("Hello. How can I help you?");
    expect(await openai.responses.retrieve(last.response.id)).toMatchObject({
      id: last.response.id,
      status: "completed",
    });
    await openai.responses.delete(last.response.id);
    await expect(openai.responses.retrieve(last.response.id)).rejects.toThrow(NotFoundError);
  });

  test("calls a function and goes on from its output, by previous_response_id", async () => {
    const openai = official(await sim());
    const events = await all(
      await openai.responses.create({ model, input: "Thank you, goodbye.", tools: [endCall], stream: true }),
    );
    const added = events.findLast((event) => event.type === "response.output_item.added");
    expect(added).toMatchObject({
      output_index: 1,
      item: { type: "function_call", name: "end_call", arguments: "", status: "in_progress" },
    });
    const done = events.find((event) => event.type === "response.function_call_arguments.done");
    expect(Object.keys(done ?? {}).sort()).toEqual(["arguments", "item_id", "output_index", "sequence_number", "type"]);
    const last = events.at(-1);
    if (last?.type !== "response.completed") throw new Error("not completed");
    const call = last.response.output[1];
    if (call?.type !== "function_call") throw new Error("no call");
    expect(JSON.parse(call.arguments)).toEqual({ reason: "the caller said goodbye" });
    const next = { model, previous_response_id: last.response.id };
    await expect(openai.responses.create({ ...next, input: "And?" })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`No tool output found for function call ${call.call_id}.`),
    });
    const output = { type: "function_call_output", call_id: call.call_id, output: '{"ok":true}' } as const;
    // It said its goodbye before it called the tool.
    expect((await openai.responses.create({ ...next, input: [output] })).output_text).toBe("");
    await expect(openai.responses.create({ model, input: [{ role: "user", content: "x" }, output] })).rejects.toThrow(
      /No tool call found for function call output with call_id/,
    );
  });

  test("shows the brain what was said, by whom, and what was noted since", async () => {
    const asked: BrainInput[] = [];
    const openai = official(await sim({ script: { brain: (input) => (asked.push(input), `reply ${asked.length}`) } }));
    const { id } = await openai.responses.create({ model, input: "one", instructions: "Be short." });
    await openai.responses.create({
      model,
      previous_response_id: id,
      tools: [endCall],
      input: [
        { role: "developer", content: "The caller heard only: rep" },
        { role: "user", content: [{ type: "input_text", text: "two" }] },
      ],
    });
    expect(asked[0]).toMatchObject({ api: "responses", text: "one", turn: 1, instructions: "Be short.", tools: [] });
    expect(asked[1]).toMatchObject({
      text: "two",
      turn: 2,
      // Instructions do not carry over with previous_response_id.
      instructions: "",
      tools: ["end_call"],
      notes: ["The caller heard only: rep"],
      history: [
        { role: "user", text: "one" },
        { role: "assistant", text: "reply 1" },
        { role: "developer", text: "The caller heard only: rep" },
        { role: "user", text: "two" },
      ],
    });
  });

  test("ends incomplete, failed, as a refusal, or by a bare error event, as the script says", async () => {
    let reply: BrainReply = {};
    const openai = official(await sim({ script: { brain: () => reply } }));
    const last = async () => (await all(await openai.responses.create({ model, input: "x", stream: true }))).at(-1);
    reply = { text: "half", incomplete: "content_filter" };
    expect(await last()).toMatchObject({
      type: "response.incomplete",
      response: { incomplete_details: { reason: "content_filter" } },
    });
    reply = { text: "one two three four", breakAfter: { pieces: 2, how: "fail" } };
    const events: string[] = [];
    const failing = async () => {
      for await (const event of await openai.responses.create({ model, input: "x", stream: true }))
        events.push(event.type);
    };
    await expect(failing()).rejects.toThrow("The server had an error while processing your request.");
    expect(events.filter((type) => type === "response.output_text.delta")).toHaveLength(2);
    expect(events).not.toContain("response.completed");
    reply = { refusal: "I can not do that." };
    const refused = await all(await openai.responses.create({ model, input: "x", stream: true }));
    expect(refused.map((event) => event.type)).toContain("response.refusal.done");
    const whole = await openai.responses.create({ model, input: "x" });
    expect(whole.output[0]).toMatchObject({ content: [{ type: "refusal", refusal: "I can not do that." }] });
    reply = { text: "a long answer of quite a few words that goes on and on and on, well past sixteen tokens" };
    const short = await openai.responses.create({ model, input: "x", max_output_tokens: 16 });
    expect(short).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
    expect(short.output_text.length).toBeLessThan(70);
  });

  test.each([
    [429, RateLimitError],
    [500, InternalServerError],
    [401, AuthenticationError],
    [404, NotFoundError],
  ])("the script's %d reaches the client as its error class, streamed or not", async (status, kind) => {
    const openai = official(await sim({ script: { brain: () => ({ status }) } }));
    await expect(openai.responses.create({ model, input: "x" })).rejects.toThrow(kind);
    await expect(openai.responses.create({ model, input: "x", stream: true })).rejects.toThrow(kind);
  });

  test("an error body of the script's own", async () => {
    const body = {
      error: {
        message: "You exceeded your quota.",
        type: "insufficient_quota",
        param: null,
        code: "insufficient_quota",
      },
    };
    const openai = official(await sim({ script: { brain: () => ({ status: 429, body }) } }));
    await expect(openai.responses.create({ model, input: "x" })).rejects.toMatchObject({
      status: 429,
      code: "insufficient_quota",
    });
  });

  test("hangs before, or in the middle, or loses the connection", async () => {
    let reply: BrainReply = { hang: true };
    const on = await sim({ script: { brain: () => reply } });
    const openai = official(on);
    for (const breakAfter of [undefined, { pieces: 2, how: "hang" }] as const) {
      reply = breakAfter ? { text: "one two three", breakAfter } : { hang: true };
      const stream = await openai.responses.create({ model, input: "x", stream: true });
      const got: string[] = [];
      const read = (async () => {
        for await (const event of stream) got.push(event.type);
      })();
      await until(() => got.length >= (breakAfter ? 6 : 2));
      stream.controller.abort();
      await read;
      expect(got).not.toContain("response.completed");
    }
    reply = { text: "one two three", breakAfter: { pieces: 2, how: "drop" } };
    const stream = await openai.responses.create({ model, input: "x", stream: true });
    await expect(all(stream)).rejects.toThrow(/terminated|socket|abort/i);
    await Promise.all(on.requests.map((request) => request.ended));
    expect(on.requests.map((request) => request.aborted)).toEqual([true, true, true]);
  });

  test("in the background it can be looked at and cancelled; otherwise not", async () => {
    let reply: BrainReply = { text: "done" };
    const openai = official(await sim({ script: { brain: () => reply } }));
    const started = await openai.responses.create({ model, input: "x", background: true });
    expect(started.status).toBe("queued");
    let now = started;
    while (now.status !== "completed") now = await openai.responses.retrieve(started.id);
    expect(now.output_text).toBe("done");
    reply = { hang: true };
    const slow = await openai.responses.create({ model, input: "x", background: true });
    expect((await openai.responses.cancel(slow.id)).status).toBe("cancelled");
    reply = { text: "x" };
    const { id } = await openai.responses.create({ model, input: "x" });
    await expect(openai.responses.cancel(id)).rejects.toThrow("Cannot cancel a synchronous response.");
  });

  test("not stored on request", async () => {
    const openai = official(await sim());
    const { id } = await openai.responses.create({ model, input: "hello", store: false });
    await expect(openai.responses.retrieve(id)).rejects.toThrow(NotFoundError);
    await expect(openai.responses.create({ model, input: "x", previous_response_id: id })).rejects.toMatchObject({
      code: "previous_response_not_found",
    });
  });

  test.each([
    [{ input: "x" }, "missing_required_parameter", "model"],
    [{ model }, "missing_required_parameter", "input"],
    [{ model: "gpt-0", input: "x" }, "model_not_found", null],
    [
      { model, input: "x", conversation: "conv_1", previous_response_id: "resp_1" },
      "mutually_exclusive_parameters",
      "previous_response_id",
    ],
    [{ model, input: "x", max_output_tokens: 5 }, "integer_below_min_value", "max_output_tokens"],
    [{ model, input: "x", max_tokens: 50 }, "unknown_parameter", "max_tokens"],
    [{ model, input: "x", messages: [] }, "unknown_parameter", "messages"],
    [{ model, input: [{ role: "tool", content: "x" }] }, "invalid_value", "input[0].role"],
    [
      { model, input: [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }] },
      "invalid_value",
      "input[0].content[0].type",
    ],
    [
      { model, input: [{ role: "user", content: [{ type: "output_text", text: "x" }] }] },
      "invalid_value",
      "input[0].content[0].type",
    ],
    [
      { model, input: [{ type: "function_call_output", output: "x" }] },
      "missing_required_parameter",
      "input[0].call_id",
    ],
    [
      { model, input: "x", tools: [{ type: "function", function: { name: "f" } }] },
      "missing_required_parameter",
      "tools[0].name",
    ],
    [
      { model, input: "x", tools: [{ ...endCall, parameters: { type: "object", properties: {} } }] },
      "invalid_function_parameters",
      "tools[0].parameters",
    ],
    [
      { model, input: "x", tools: [{ ...endCall, parameters: { ...endCall.parameters, required: [] } }] },
      "invalid_function_parameters",
      "tools[0].parameters",
    ],
    [{ model: "gpt-5-mini", input: "x", temperature: 0.7 }, "unsupported_parameter", "temperature"],
    [{ model: "gpt-4o-mini", input: "x", reasoning: { effort: "low" } }, "unsupported_parameter", "reasoning.effort"],
    [{ model, input: "x", reasoning: { effort: "huge" } }, "invalid_value", "reasoning.effort"],
    [{ model, input: "x", metadata: { a: 1 } }, "invalid_type", "metadata.a"],
  ])("refused: %#", async (body, code, param) => {
    const on = await sim({ now: () => Date.parse("2026-11-20") });
    const answer = await raw(on, "POST", "/responses", body);
    expect(answer.status).toBe(code === "model_not_found" ? 404 : 400);
    expect(answer.body).toMatchObject({ error: { code, param } });
  });

  test("a prompt object stops resolving on 2026-11-30", async () => {
    let now = Date.parse("2026-11-29");
    const openai = official(await sim({ now: () => now }));
    await openai.responses.create({ model, input: "x", prompt: { id: "pmpt_1" } });
    now = Date.parse("2026-12-01");
    await expect(openai.responses.create({ model, input: "x", prompt: { id: "pmpt_1" } })).rejects.toMatchObject({
      status: 400,
      param: "prompt.id",
    });
  });
});

describe("a conversation", () => {
  let on: OpenAISim;
  let openai: OpenAI;
  let reply: BrainReply;

  beforeEach(async () => {
    reply = { text: "Yes." };
    on = await sim({ script: { brain: () => reply } });
    openai = official(on);
  });

  test("is kept, read, changed, deleted; its items too", async () => {
    const { id } = await openai.conversations.create({
      metadata: { call: "CA1" },
      items: [{ role: "system", content: "be brief" }],
    });
    expect(await openai.conversations.retrieve(id)).toMatchObject({
      object: "conversation",
      metadata: { call: "CA1" },
    });
    expect(await openai.conversations.update(id, { metadata: { call: "CA2" } })).toMatchObject({
      metadata: { call: "CA2" },
    });
    const added = await openai.conversations.items.create(id, {
      items: [
        { role: "user", content: "hi" },
        { role: "assistant", content: "hello" },
      ],
    });
    expect(added.data).toMatchObject([
      { type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] },
      { role: "assistant", content: [{ type: "output_text", text: "hello" }] },
    ]);
    const [first, second] = added.data as { id: string }[];
    // Newest first unless asked otherwise, in pages.
    const page = await openai.conversations.items.list(id, { limit: 2 });
    expect(page.data.map((item) => item.id)).toEqual([second?.id, first?.id]);
    expect(page.has_more).toBe(true);
    expect(await itemsOf(openai, id)).toHaveLength(3);
    expect(await openai.conversations.items.retrieve(first?.id ?? "", { conversation_id: id })).toMatchObject({
      id: first?.id,
    });
    expect(await openai.conversations.items.delete(first?.id ?? "", { conversation_id: id })).toMatchObject({
      id,
      object: "conversation",
    });
    expect(await itemsOf(openai, id)).toHaveLength(2);
    expect(await openai.conversations.delete(id)).toMatchObject({ deleted: true });
    await expect(openai.conversations.retrieve(id)).rejects.toThrow(NotFoundError);
    await expect(openai.responses.create({ model, input: "x", conversation: id })).rejects.toThrow(NotFoundError);
  });

  test("takes at most twenty items at once and none by reference", async () => {
    const { id } = await openai.conversations.create();
    const items = Array.from({ length: 21 }, () => ({ role: "user" as const, content: "x" }));
    await expect(openai.conversations.items.create(id, { items })).rejects.toMatchObject({
      status: 400,
      code: "array_above_max_length",
    });
    await openai.conversations.items.create(id, { items: items.slice(1) });
    expect(on.state.conversations.get(id)?.items).toHaveLength(20);
    const reference = await raw(on, "POST", `/conversations/${id}/items`, {
      items: [{ type: "item_reference", id: "msg_1" }],
    });
    expect(reference.status).toBe(400);
  });

  test("grows by each turn, and goes with the turn", async () => {
    const { id } = await openai.conversations.create();
    for (const input of ["one", "two"]) {
      const response = await openai.responses.create({ model, input, conversation: id });
      expect(response.conversation).toEqual({ id });
    }
    const said = (await itemsOf(openai, id)).map((item) => (item.type === "message" ? item.role : item.type));
    expect(said).toEqual(["user", "assistant", "user", "assistant"]);
  });

  test("has one response at a time, else 409, and is locked meanwhile", async () => {
    const { id } = await openai.conversations.create();
    reply = { hang: true };
    const stream = await openai.responses.create({ model, input: "x", conversation: id, stream: true });
    await expect(openai.responses.create({ model, input: "y", conversation: id })).rejects.toThrow(ConflictError);
    await expect(
      openai.conversations.items.create(id, { items: [{ role: "user", content: "z" }] }),
    ).rejects.toMatchObject({ code: "conversation_locked" });
    stream.controller.abort();
    await until(() => on.state.conversations.get(id)?.busy === undefined);
    reply = { text: "free again" };
    expect((await openai.responses.create({ model, input: "y", conversation: id })).output_text).toBe("free again");
  });

  test("an aborted turn leaves the caller's words behind and no half answer", async () => {
    const { id } = await openai.conversations.create();
    reply = { text: "one two three", breakAfter: { pieces: 2, how: "hang" } };
    const stream = await openai.responses.create({ model, input: "my words", conversation: id, stream: true });
    for await (const event of stream)
      if (event.type === "response.output_text.delta" && event.delta.startsWith("two")) break;
    await until(() => on.requests.at(-1)?.aborted === true);
    expect(await itemsOf(openai, id)).toMatchObject([{ role: "user", content: [{ text: "my words" }] }]);
  });

  test("an aborted turn can leave an unanswered call behind, which blocks it until repaired", async () => {
    const { id } = await openai.conversations.create();
    reply = {
      text: "One moment.",
      tool: { name: "end_call", args: { reason: "x" } },
      breakAfter: { pieces: 99, how: "hang" },
    };
    const stream = await openai.responses.create({
      model,
      input: "bye",
      conversation: id,
      tools: [endCall],
      stream: true,
    });
    for await (const event of stream)
      if (event.type === "response.output_item.done" && event.item.type === "function_call") break;
    await until(() => on.requests.at(-1)?.aborted === true);
    const items = await itemsOf(openai, id);
    expect(items.map((item) => item.type)).toEqual(["message", "message", "function_call"]);
    const call = items[2];
    if (call?.type !== "function_call") throw new Error("no call");
    reply = { text: "Back again." };
    await expect(openai.responses.create({ model, input: "hello?", conversation: id })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`No tool output found for function call ${call.call_id}.`),
    });
    // The refused turn left nothing behind.
    expect(await itemsOf(openai, id)).toHaveLength(3);
    await openai.conversations.items.delete(call.id ?? "", { conversation_id: id });
    expect((await openai.responses.create({ model, input: "hello?", conversation: id })).output_text).toBe(
      "Back again.",
    );
  });

  test("repaired by an output instead", async () => {
    const { id } = await openai.conversations.create({
      items: [{ type: "function_call", call_id: "call_1", name: "end_call", arguments: "{}" }],
    });
    await openai.conversations.items.create(id, {
      items: [{ type: "function_call_output", call_id: "call_1", output: "cancelled" }],
    });
    expect((await openai.responses.create({ model, input: "hello?", conversation: id })).output_text).toBe("Yes.");
  });

  test("a turn refused by the server leaves nothing behind", async () => {
    const { id } = await openai.conversations.create();
    reply = { status: 429 };
    await expect(openai.responses.create({ model, input: "x", conversation: id })).rejects.toThrow(RateLimitError);
    expect(await itemsOf(openai, id)).toEqual([]);
    expect(on.state.conversations.get(id)?.busy).toBeUndefined();
  });

  test("an item can be sent again by reference", async () => {
    const { id } = await openai.conversations.create({ items: [{ role: "user", content: "kept" }] });
    const [item] = await itemsOf(openai, id);
    await openai.responses.create({ model, conversation: id, input: [{ type: "item_reference", id: item?.id ?? "" }] });
    await expect(
      openai.responses.create({ model, conversation: id, input: [{ type: "item_reference", id: "msg_no" }] }),
    ).rejects.toThrow(NotFoundError);
  });
});
