// What servers of Chat Completions do differently from each other, and what is sent to them.
import { createThreadClient } from "../../src/assistants/index.ts";
import type { AssistantThread, ThreadError, ToolRequest } from "../../src/core/thread.ts";
import { countedClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { readReply, tinyServer, type TinyServer } from "./fixtures.ts";

let server: TinyServer;
afterEach(() => server.close());

interface Body {
  readonly messages: readonly Record<string, unknown>[];
  readonly [key: string]: unknown;
}

const delta = (delta: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});
const fragments = (...tool_calls: unknown[]) => delta({ tool_calls });
const STOP = delta({}, "stop");

async function setUp(
  answers: (readonly unknown[])[],
  options: { readonly threadPer?: "caller"; readonly maxOutputTokens?: number; readonly tools?: boolean } = {},
) {
  server = await tinyServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of answers.shift() ?? []) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end("data: [DONE]\n\n");
  });
  const { tools = false, ...rest } = options;
  const client = createThreadClient({
    client: "chat",
    apiKey: "sk-x",
    baseUrl: server.baseUrl,
    model: "local-model",
    timeoutMs: 1000,
    log: keptLog(),
    meter: keptMeter(),
    clock: countedClock(),
    ...rest,
  });
  const tool = { name: "look_up", description: "Looks.", parameters: { type: "object", properties: {} } };
  let calls = 0;
  const open = (threadId?: string) =>
    client.open({
      instructions: "Be brief.",
      callId: `${++calls}`,
      tools: tools ? [tool] : [],
      ...(threadId !== undefined && { threadId }),
    });
  const bodies = () => server.requests.map(({ body }) => JSON.parse(body) as Body);
  return { open, thread: open(), bodies };
}

async function toolsAsked(thread: AssistantThread): Promise<ToolRequest[]> {
  const asked: ToolRequest[] = [];
  await readReply(thread, "go", {
    runTool(request) {
      asked.push(request);
      return Promise.resolve("ok");
    },
  });
  return asked;
}

test("the request: streamed, with usage, instructions first, nothing that was not asked for", async () => {
  const { thread, bodies } = await setUp([[delta({ content: "Hi." }), STOP]]);
  await readReply(thread, "hello");
  expect(bodies()).toEqual([
    {
      model: "local-model",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hello" },
      ],
      stream: true,
      stream_options: { include_usage: true },
    },
  ]);
});

test("with tools and a limit", async () => {
  const { thread, bodies } = await setUp([[delta({ content: "Hi." }), STOP]], { tools: true, maxOutputTokens: 99 });
  await readReply(thread, "hello");
  expect(bodies()[0]).toMatchObject({
    max_completion_tokens: 99,
    tools: [
      {
        type: "function",
        function: { name: "look_up", description: "Looks.", parameters: { type: "object", properties: {} } },
      },
    ],
  });
});

describe("fragments of tool calls", () => {
  const table: [name: string, chunks: unknown[], expected: Partial<ToolRequest>[]][] = [
    [
      "in order, two calls interleaved",
      [
        fragments({ index: 0, id: "a", type: "function", function: { name: "look_up", arguments: "" } }),
        fragments({ index: 1, id: "b", type: "function", function: { name: "look_up", arguments: '{"n"' } }),
        fragments({ index: 0, function: { arguments: '{"m":1}' } }),
        fragments({ index: 1, function: { arguments: ":2}" } }),
      ],
      [
        { callId: "a", arguments: '{"m":1}' },
        { callId: "b", arguments: '{"n":2}' },
      ],
    ],
    [
      "all under one index, told apart by their ids",
      [
        fragments({ index: 0, id: "a", function: { name: "look_up", arguments: "{}" } }),
        fragments({ index: 0, id: "b", function: { name: "look_up", arguments: "{}" } }),
      ],
      [{ callId: "a" }, { callId: "b" }],
    ],
    [
      "without any index, whole calls in one chunk",
      [
        fragments(
          { id: "a", function: { name: "look_up", arguments: '{"m":1}' } },
          { id: "b", function: { name: "look_up", arguments: '{"m":2}' } },
        ),
      ],
      [
        { callId: "a", arguments: '{"m":1}' },
        { callId: "b", arguments: '{"m":2}' },
      ],
    ],
    [
      "with the id repeated in every fragment",
      [
        fragments({ index: 0, id: "a", function: { name: "look_up", arguments: '{"m"' } }),
        fragments({ index: 0, id: "a", function: { arguments: ":1}" } }),
      ],
      [{ callId: "a", arguments: '{"m":1}' }],
    ],
    [
      "without an id: one is made up, and used for the result",
      [fragments({ index: 0, function: { name: "look_up", arguments: "{}" } })],
      [{ callId: "call_round_1_0" }],
    ],
    [
      "with finish_reason stop",
      [fragments({ index: 0, id: "a", function: { name: "look_up", arguments: "{}" } }), STOP],
      [{ callId: "a" }],
    ],
  ];
  test.each(table)("%s", async (_, chunks, expected) => {
    const { thread, bodies } = await setUp([
      [...chunks, delta({}, "tool_calls")],
      [delta({ content: "Done." }), STOP],
    ]);
    expect(await toolsAsked(thread)).toEqual(
      expected.map((one) => expect.objectContaining({ name: "look_up", ...one })),
    );
    const [asked, ...results] = bodies()[1]?.messages.slice(2) ?? [];
    const ids = ((asked?.tool_calls ?? []) as { id: string }[]).map(({ id }) => id);
    expect(ids).toEqual(expected.map(({ callId }) => callId));
    expect(results).toEqual(ids.map((id) => ({ role: "tool", tool_call_id: id, content: "ok" })));
  });
});

test("arguments cut at the length limit are not run, and the call is not left open", async () => {
  const { thread, bodies } = await setUp([
    [fragments({ index: 0, id: "a", function: { name: "look_up", arguments: '{"m"' } }), delta({}, "length")],
    [delta({ content: "Hi." }), STOP],
  ]);
  let ran = 0;
  const runTool = () => Promise.resolve(String(++ran));
  const code = await readReply(thread, "go", { runTool }).catch((error: unknown) => (error as ThreadError).code);
  expect(code).toBe("failed");
  expect(ran).toBe(0);
  await readReply(thread, "hello");
  expect(bodies()[1]?.messages.slice(1)).toEqual([
    { role: "user", content: "go" },
    { role: "user", content: "hello" },
  ]);
});

test("a server without a usage chunk, one with it in the last chunk, one with cached tokens", async () => {
  const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
  const { thread } = await setUp([
    [delta({ content: "Hi." }), STOP],
    [delta({ content: "Hi." }), { ...STOP, usage }],
    [
      delta({ content: "Hi." }),
      STOP,
      { choices: [], usage: { ...usage, prompt_tokens_details: { cached_tokens: 5 } } },
    ],
  ]);
  expect((await readReply(thread, "one")).usage).toEqual([]);
  expect((await readReply(thread, "two")).usage).toEqual([
    { model: "local-model", inputTokens: 9, cachedInputTokens: 0, outputTokens: 2 },
  ]);
  expect((await readReply(thread, "three")).usage).toEqual([
    { model: "local-model", inputTokens: 9, cachedInputTokens: 5, outputTokens: 2 },
  ]);
});

test("a thread of one call is not kept after it", async () => {
  const { open, thread, bodies } = await setUp([
    [delta({ content: "Hi." }), STOP],
    [delta({ content: "Hi." }), STOP],
  ]);
  await readReply(thread, "one");
  expect(thread.threadId()).toBeUndefined();
  await thread.close();
  await readReply(open("chat_1"), "two");
  expect(bodies()[1]?.messages).toHaveLength(2);
});

test("a thread of a caller is, and its id does not change", async () => {
  const { open, thread, bodies } = await setUp(
    Array.from({ length: 3 }, () => [delta({ content: "Hi." }), STOP]),
    { threadPer: "caller" },
  );
  await readReply(thread, "one");
  await thread.close();
  const second = open(thread.threadId());
  await readReply(second, "two");
  await second.close();
  const third = open(second.threadId());
  await readReply(third, "three");
  expect([thread, second, third].map((each) => each.threadId())).toEqual(["chat_1", "chat_1", "chat_1"]);
  expect(
    bodies()[2]
      ?.messages.filter(({ role }) => role === "user")
      .map(({ content }) => content),
  ).toEqual(["one", "two", "three"]);
});
