import type OpenAI from "openai";
import { InternalServerError, RateLimitError } from "openai";
import type { BrainInput, BrainReply } from "../../../src/sim/openai/index.ts";
import { closeSims, sim } from "./client.ts";
import { all, official, raw, until } from "./rest-client.ts";

afterEach(closeSims);

const model = "gpt-6-luna";
const tool = { type: "function", function: { name: "transfer_call", parameters: { type: "object" } } } as const;
const user = { role: "user", content: "I want to talk to a person" } as const;

describe("chat completions", () => {
  test("answer at once", async () => {
    const openai = official(await sim());
    const completion = await openai.chat.completions.create({ model, messages: [{ role: "user", content: "Hello" }] });
    expect(completion).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: "chat.completion",
      model,
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          message: {
            role: "assistant",
            content: "Hello, this is the service desk. What can I do for you?",
            refusal: null,
          },
        },
      ],
      usage: { total_tokens: expect.any(Number) },
    });
    expect(completion.choices[0]?.message.tool_calls).toBeUndefined();
  });

  test("stream in chunks, the role first, the reason last, usage in a chunk of its own when asked for", async () => {
    const openai = official(await sim());
    const messages = [{ role: "user" as const, content: "Hello" }];
    const request = { model, messages, stream: true as const };
    const chunks = await all(
      await openai.chat.completions.create({ ...request, stream_options: { include_usage: true } }),
    );
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe("Hello, this is the service desk. What can I do for you?");
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
    const plain = await all(await openai.chat.completions.create(request));
    expect(plain.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(plain.some((chunk) => "usage" in chunk)).toBe(false);
  });

  test("call tools: id and name once, arguments in pieces joined by index; then go on from the outputs", async () => {
    const asked: BrainInput[] = [];
    const two: BrainReply = {
      tools: [
        { name: "transfer_call", args: { to: "the front desk" } },
        { name: "transfer_call", args: { to: "the workshop" } },
      ],
    };
    const openai = official(
      await sim({ script: { brain: (input) => (asked.push(input), input.toolOutputs.length > 0 ? "Done." : two) } }),
    );
    const chunks = await all(
      await openai.chat.completions.create({ model, messages: [user], tools: [tool], stream: true }),
    );
    const parts = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    for (const index of [0, 1]) {
      const own = parts.filter((part) => part.index === index);
      expect(own.map((part) => Boolean(part.id && part.function?.name))).toEqual(own.map((_, i) => i === 0));
      expect(own.length).toBeGreaterThan(2);
      expect(JSON.parse(own.map((part) => part.function?.arguments ?? "").join(""))).toEqual(two.tools?.[index]?.args);
    }
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");

    const { choices } = await openai.chat.completions.create({ model, messages: [user], tools: [tool] });
    const said = choices[0]?.message as OpenAI.ChatCompletionMessage;
    expect(said).toMatchObject({ content: null, tool_calls: [{ type: "function" }, {}] });
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    const outputs = (said.tool_calls ?? []).map((call) => ({
      role: "tool" as const,
      tool_call_id: call.id,
      content: "ok",
    }));
    const next = await openai.chat.completions.create({ model, messages: [user, said, ...outputs], tools: [tool] });
    expect(next.choices[0]?.message.content).toBe("Done.");
    expect(asked.at(-1)?.toolOutputs).toEqual(
      outputs.map((one) => ({ name: "transfer_call", callId: one.tool_call_id, output: "ok" })),
    );
    // A tool turn with an output missing, or one too many, is refused.
    await expect(
      openai.chat.completions.create({ model, messages: [user, said, ...outputs.slice(1)] }),
    ).rejects.toThrow(/must be followed by tool messages.*did not have response messages: call_/s);
    await expect(openai.chat.completions.create({ model, messages: [user, said, user] })).rejects.toMatchObject({
      status: 400,
    });
    await expect(openai.chat.completions.create({ model, messages: [user, ...outputs] })).rejects.toThrow(
      /must be a response to a preceeding message with 'tool_calls'/,
    );
  });

  test("stop at the token limit, or as the script says", async () => {
    let reply: BrainReply = { text: "one two three four five six seven eight nine ten" };
    const openai = official(await sim({ script: { brain: () => reply } }));
    const ask = (more: object = {}) => openai.chat.completions.create({ model, messages: [user], ...more });
    expect((await ask({ max_completion_tokens: 5 })).choices[0]).toMatchObject({ finish_reason: "length" });
    reply = { text: "half", incomplete: "content_filter" };
    expect((await ask()).choices[0]?.finish_reason).toBe("content_filter");
    reply = { refusal: "No." };
    expect((await ask()).choices[0]?.message.refusal).toBe("No.");
    reply = { status: 429 };
    await expect(ask()).rejects.toThrow(RateLimitError);
    reply = { status: 500 };
    await expect(ask({ stream: true })).rejects.toThrow(InternalServerError);
    reply = { text: "one two three", breakAfter: { pieces: 1, how: "fail" } };
    const stream = await openai.chat.completions.create({ model, messages: [user], stream: true });
    await expect(all(stream)).rejects.toThrow(/server had an error/);
  });

  test("an abort in the middle is seen", async () => {
    const on = await sim({
      script: { brain: () => ({ text: "one two three", breakAfter: { pieces: 1, how: "hang" } }) },
    });
    const stream = await official(on).chat.completions.create({ model, messages: [user], stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === "one ") break;
    await until(() => on.requests[0]?.aborted === true);
  });

  test.each([
    [{ messages: [] }, "array_below_min_length", "messages"],
    [{ messages: [{ role: "robot", content: "x" }] }, "invalid_value", "messages[0].role"],
    [{ messages: [{ role: "user" }] }, "missing_required_parameter", "messages[0].content"],
    [{ messages: [user], max_tokens: 50 }, "unsupported_parameter", "max_tokens"],
    [{ messages: [user], stream_options: { include_usage: true } }, null, "stream_options"],
    [{ messages: [user], tools: [{ type: "function", name: "f" }] }, "missing_required_parameter", "tools[0].function"],
    [{ messages: [user], input: "x" }, "unknown_parameter", "input"],
    [{ messages: [user], temperature: 3 }, "decimal_above_max_value", "temperature"],
    [{ messages: [user], n: 2 }, "integer_above_max_value", "n"],
    [{ messages: [user], model: "gpt-5", temperature: 0.7 }, "unsupported_parameter", "temperature"],
  ])("refused: %#", async (body, code, param) => {
    const on = await sim({ now: () => Date.parse("2026-11-20") });
    expect(await raw(on, "POST", "/chat/completions", { model, ...body })).toMatchObject({
      status: 400,
      body: { error: { code, param } },
    });
  });

  test("older models take max_tokens and temperature", async () => {
    const openai = official(await sim({ now: () => Date.parse("2026-11-20") }));
    const completion = await openai.chat.completions.create({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: "Hello" }],
      max_tokens: 200,
      temperature: 0.7,
    });
    expect(completion.choices[0]?.finish_reason).toBe("stop");
  });
});
