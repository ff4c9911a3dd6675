import type OpenAI from "openai";
import { NotFoundError } from "openai";
import type { BrainReply, OpenAISim } from "../../../src/sim/openai/index.ts";
import { closeSims, sim } from "./client.ts";
import { all, official, raw, until } from "./rest-client.ts";

let on: OpenAISim;
let openai: OpenAI;
let reply: BrainReply;
let now: number;
const assistant_id = "asst_sim";
const tools = [{ type: "function", function: { name: "end_call", parameters: { type: "object" } } }] as const;

beforeEach(async () => {
  reply = { text: "Hello there." };
  now = Date.parse("2026-11-20");
  on = await sim({
    now: () => now,
    script: { brain: (input) => (input.toolOutputs.length > 0 ? "After the tool." : reply) },
  });
  openai = official(on);
});
afterEach(closeSims);

async function thread(...said: string[]): Promise<string> {
  const messages = said.map((content) => ({ role: "user" as const, content }));
  return (await openai.beta.threads.create({ messages })).id;
}

async function runs(id: string, more: object = {}) {
  return await all(await openai.beta.threads.runs.create(id, { assistant_id, stream: true, ...more }));
}

/** Reads a stream until an event of this name, and leaves it. */
async function untilEvent(stream: AsyncIterable<OpenAI.Beta.AssistantStreamEvent>, name: string) {
  for await (const event of stream) if (event.event === name) return event;
  throw new Error(`no ${name}`);
}

async function texts(id: string): Promise<string[]> {
  const messages = await all(openai.beta.threads.messages.list(id, { order: "asc" }));
  return messages.map((message) =>
    message.content[0]?.type === "text" ? `${message.role}: ${message.content[0].text.value}` : message.role,
  );
}

describe("threads", () => {
  test("need the beta header, and can be gone", async () => {
    const without = await raw(on, "POST", "/threads", {});
    expect(without).toMatchObject({ status: 400, body: { error: { code: "invalid_beta" } } });
    expect((await raw(on, "POST", "/threads", {}, { "openai-beta": "assistants=v1" })).status).toBe(400);
    const id = await thread();
    on.faults.assistantsRemoved = true;
    await expect(openai.beta.threads.retrieve(id)).rejects.toThrow(NotFoundError);
    await expect(openai.beta.assistants.retrieve(assistant_id)).rejects.toThrow(NotFoundError);
    await expect(openai.beta.threads.create()).rejects.toThrow(NotFoundError);
  });

  test("keep messages, newest first, until deleted", async () => {
    const id = await thread("one");
    const message = await openai.beta.threads.messages.create(id, {
      role: "user",
      content: [{ type: "text", text: "two" }],
    });
    expect(message).toMatchObject({
      object: "thread.message",
      thread_id: id,
      status: "completed",
      content: [{ text: { value: "two", annotations: [] } }],
    });
    expect((await openai.beta.threads.messages.list(id)).data.map((one) => one.id)[0]).toBe(message.id);
    expect(await texts(id)).toEqual(["user: one", "user: two"]);
    expect(await openai.beta.threads.messages.retrieve(message.id, { thread_id: id })).toMatchObject({
      id: message.id,
    });
    await openai.beta.threads.messages.delete(message.id, { thread_id: id });
    expect(await texts(id)).toEqual(["user: one"]);
    expect(await openai.beta.threads.update(id, { metadata: { call: "CA1" } })).toMatchObject({
      metadata: { call: "CA1" },
    });
    expect(await openai.beta.threads.delete(id)).toMatchObject({ deleted: true });
    await expect(openai.beta.threads.retrieve(id)).rejects.toThrow(NotFoundError);
  });

  test("an assistant can be made; an unknown one is 404", async () => {
    const made = await openai.beta.assistants.create({ model: "gpt-6-luna", instructions: "Be kind." });
    expect(await openai.beta.assistants.retrieve(made.id)).toMatchObject({
      instructions: "Be kind.",
      object: "assistant",
    });
    const id = await thread("x");
    await expect(openai.beta.threads.runs.create(id, { assistant_id: "asst_no" })).rejects.toThrow(NotFoundError);
  });

  test.each([
    [{ role: "system", content: "x" }, "role"],
    [{ role: "user" }, "content"],
    [{ role: "user", content: [{ type: "input_text", text: "x" }] }, "content[0].type"],
    [{ role: "user", content: "x", text: "y" }, "text"],
  ])("a message %j is refused", async (body, param) => {
    const id = await thread();
    const answer = await raw(on, "POST", `/threads/${id}/messages`, body, { "openai-beta": "assistants=v2" });
    expect(answer).toMatchObject({ status: 400, body: { error: { param } } });
  });
});

describe("runs", () => {
  test("stream named events in their order and end with done", async () => {
    const id = await thread("hi");
    const events = await runs(id);
    expect(events.map((event) => event.event as string).filter((name, i, list) => name !== list[i - 1])).toEqual([
      "thread.run.created",
      "thread.run.queued",
      "thread.run.in_progress",
      "thread.run.step.created",
      "thread.run.step.in_progress",
      "thread.message.created",
      "thread.message.in_progress",
      "thread.message.delta",
      "thread.message.completed",
      "thread.run.step.completed",
      "thread.run.completed",
    ]);
    const deltas = events.flatMap((event) =>
      event.event === "thread.message.delta" ? (event.data.delta.content ?? []) : [],
    );
    expect(deltas.map((part) => (part.type === "text" ? part.text?.value : "")).join("")).toBe("Hello there.");
    expect(await texts(id)).toEqual(["user: hi", "assistant: Hello there."]);
    const response = await fetch(`${on.baseUrl}/threads/${id}/runs`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${on.apiKey}`,
        "content-type": "application/json",
        "openai-beta": "assistants=v2",
      },
      body: JSON.stringify({ assistant_id, stream: true }),
    });
    expect((await response.text()).endsWith("event: done\ndata: [DONE]\n\n")).toBe(true);
  });

  test("without a stream are polled", async () => {
    const id = await thread("hi");
    let run = await openai.beta.threads.runs.create(id, { assistant_id });
    expect(run).toMatchObject({ object: "thread.run", status: "queued" });
    while (run.status !== "completed") run = await openai.beta.threads.runs.retrieve(run.id, { thread_id: id });
    expect((await openai.beta.threads.runs.list(id)).data).toHaveLength(1);
    expect(run.usage?.total_tokens).toBeGreaterThan(0);
  });

  test("refuse messages and runs while one is active; a cancel takes its time", async () => {
    reply = { text: "one two three", breakAfter: { pieces: 2, how: "hang" } };
    const id = await thread("hi");
    const stream = await openai.beta.threads.runs.create(id, { assistant_id, stream: true });
    const seen: string[] = [];
    let run = "";
    const read = (async () => {
      for await (const event of stream) {
        seen.push(event.event);
        if (event.event === "thread.run.created") run = event.data.id;
      }
    })();
    await until(() => seen.filter((name) => name === "thread.message.delta").length === 2);
    await expect(openai.beta.threads.messages.create(id, { role: "user", content: "x" })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`Can't add messages to ${id} while a run ${run} is active.`),
    });
    await expect(openai.beta.threads.runs.create(id, { assistant_id })).rejects.toThrow(
      `already has an active run ${run}`,
    );
    expect(await openai.beta.threads.runs.cancel(run, { thread_id: id })).toMatchObject({ status: "cancelling" });
    await expect(openai.beta.threads.messages.create(id, { role: "user", content: "x" })).rejects.toMatchObject({
      status: 400,
    });
    await read;
    expect(seen.slice(-4)).toEqual([
      "thread.run.cancelling",
      "thread.message.incomplete",
      "thread.run.step.cancelled",
      "thread.run.cancelled",
    ]);
    expect(await openai.beta.threads.runs.retrieve(run, { thread_id: id })).toMatchObject({ status: "cancelled" });
    expect(await texts(id)).toEqual(["user: hi", "assistant: one two "]);
    await expect(openai.beta.threads.runs.cancel(run, { thread_id: id })).rejects.toThrow(
      "Cannot cancel run with status 'cancelled'.",
    );
    await openai.beta.threads.messages.create(id, { role: "user", content: "x" });
  });

  test("go on when the listener leaves", async () => {
    reply = { text: "one two three four", delayMs: 5 };
    const id = await thread("hi");
    const stream = await openai.beta.threads.runs.create(id, { assistant_id, stream: true });
    await untilEvent(stream, "thread.message.delta");
    await until(() => on.requests.at(-1)?.aborted === true);
    const run = on.state.threads.get(id)?.runs[0];
    expect(run?.ended).toBe(false);
    await until(() => run?.ended === true);
    expect(await texts(id)).toEqual(["user: hi", "assistant: one two three four"]);
  });

  test("wait for the outputs of their tool calls, all of them and no others", async () => {
    reply = {
      tools: [
        { name: "end_call", args: { reason: "bye" } },
        { name: "end_call", args: {} },
      ],
    };
    const id = await thread("bye");
    const events = await runs(id, { tools });
    const last = events.at(-1);
    if (last?.event !== "thread.run.requires_action") throw new Error("no action required");
    const calls = last.data.required_action?.submit_tool_outputs.tool_calls ?? [];
    expect(calls.map((call) => [call.type, call.function.name, call.function.arguments])).toEqual([
      ["function", "end_call", '{"reason":"bye"}'],
      ["function", "end_call", "{}"],
    ]);
    const deltas = events.flatMap((event) =>
      event.event === "thread.run.step.delta" && event.data.delta.step_details?.type === "tool_calls"
        ? (event.data.delta.step_details.tool_calls ?? [])
        : [],
    );
    const first = deltas.filter((call) => call.index === 0 && call.type === "function");
    expect(
      JSON.parse(first.map((call) => (call.type === "function" ? (call.function?.arguments ?? "") : "")).join("")),
    ).toEqual({ reason: "bye" });

    const run = last.data.id;
    const submit = (outputs: { tool_call_id: string; output: string }[]) =>
      openai.beta.threads.runs.submitToolOutputs(run, { thread_id: id, tool_outputs: outputs, stream: true });
    const outputs = calls.map((call) => ({ tool_call_id: call.id, output: "ok" }));
    await expect(submit(outputs.slice(1))).rejects.toThrow(/Expected tool outputs for call_ids/);
    await expect(submit([...outputs, { tool_call_id: "call_no", output: "x" }])).rejects.toMatchObject({ status: 400 });
    const after = await all(await submit(outputs));
    expect(after.map((event) => event.event as string).filter((name) => /run\.(step\.)?[a-z_]+$/.test(name))).toEqual([
      "thread.run.step.completed",
      "thread.run.queued",
      "thread.run.in_progress",
      "thread.run.step.created",
      "thread.run.step.in_progress",
      "thread.run.step.completed",
      "thread.run.completed",
    ]);
    expect((await texts(id)).at(-1)).toBe("assistant: After the tool.");
    await expect(submit(outputs)).rejects.toThrow('Runs in status "completed" do not accept tool outputs.');
  });

  test("a run that waits for outputs can be cancelled, and expires after ten minutes", async () => {
    reply = { tool: { name: "end_call", args: {} } };
    for (const way of ["cancel", "expire"] as const) {
      const id = await thread("bye");
      const last = (await runs(id, { tools })).at(-1);
      if (last?.event !== "thread.run.requires_action") throw new Error("no action required");
      const run = { thread_id: id };
      if (way === "cancel") {
        await openai.beta.threads.runs.cancel(last.data.id, run);
        await until(() => on.state.threads.get(id)?.runs[0]?.ended === true);
      } else now += 601_000;
      const { status } = await openai.beta.threads.runs.retrieve(last.data.id, run);
      expect(status).toBe(way === "cancel" ? "cancelled" : "expired");
      await openai.beta.threads.messages.create(id, { role: "user", content: "free again" });
    }
  });

  test("fail, end incomplete, and lose their connection as the script says", async () => {
    const outcomes: [BrainReply, string][] = [
      [{ status: 429 }, "thread.run.failed"],
      [{ text: "one two", breakAfter: { pieces: 1, how: "fail" } }, "thread.run.failed"],
      [{ text: "half", incomplete: "max_output_tokens" }, "thread.run.incomplete"],
    ];
    for (const [given, event] of outcomes) {
      reply = given;
      expect((await runs(await thread("x"))).at(-1)?.event).toBe(event);
    }
    reply = { text: "one two", breakAfter: { pieces: 1, how: "drop" } };
    await expect(runs(await thread("x"))).rejects.toThrow(/terminated|socket|abort/i);
  });

  test("a tool that was not offered is not called", async () => {
    reply = { text: "Bye.", tool: { name: "end_call", args: {} } };
    expect((await runs(await thread("x"))).at(-1)?.event).toBe("thread.run.completed");
  });

  test.each([
    [{}, "assistant_id"],
    [{ assistant_id, prompt: "x" }, "prompt"],
    [{ assistant_id, max_completion_tokens: 5 }, "max_completion_tokens"],
  ])("a run %j is refused", async (body, param) => {
    const id = await thread();
    const answer = await raw(on, "POST", `/threads/${id}/runs`, body, { "openai-beta": "assistants=v2" });
    expect(answer).toMatchObject({ status: 400, body: { error: { param } } });
  });
});
