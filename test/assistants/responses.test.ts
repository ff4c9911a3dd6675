// What only the Responses API has: commentary, reasoning, items a server keeps or does not keep of a cancelled response.
// The conversations of this server are a plain list that each test fills as it likes.
import { createThreadClient } from "../../src/assistants/index.ts";
import type { ThreadError } from "../../src/core/thread.ts";
import { countedClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { noTools, readReply, tinyServer, type TinyServer } from "./fixtures.ts";

type Item = Record<string, unknown>;

let server: TinyServer;
let items: Item[];
let created: Item[][];
let serial: number;
afterEach(() => server.close());

const text = (item_id: string, delta: string) => ({ type: "response.output_text.delta", item_id, delta });
const message = (id: string, words: string, more: Item = {}) => ({
  type: "message",
  id,
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: words, annotations: [] }],
  ...more,
});
const functionCall = (id: string, more: Item = {}) => ({
  type: "function_call",
  id,
  call_id: `call_${id}`,
  name: "look_up",
  arguments: "{}",
  status: "completed",
  ...more,
});
const completed = (...output: Item[]) => ({ type: "response.completed", response: { status: "completed", output } });

interface Answer {
  readonly status?: number;
  readonly error?: Item;
  readonly events?: readonly Item[];
  /** What the server keeps of it, besides the input. */
  readonly keeps?: readonly Item[];
  readonly keepsInput?: boolean;
  readonly hang?: boolean;
}

function keep(item: Item): Item {
  const content = typeof item.content === "string" ? [{ type: "input_text", text: item.content }] : item.content;
  const held = {
    id: `item_${++serial}`,
    ...(item.role !== undefined && { type: "message" }),
    ...item,
    ...(content !== undefined && { content }),
  };
  items.push(held);
  return held;
}

async function setUp(answers: Answer[], threadId?: string) {
  items = [];
  created = [];
  serial = 0;
  const bodies: Item[] = [];
  server = await tinyServer(({ method, url, body }, response) => {
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const data = (body === "" ? {} : JSON.parse(body)) as { items?: Item[]; input?: Item[] };
    if (method === "POST" && url === "/v1/conversations") {
      created.push(data.items ?? []);
      items = [];
      for (const item of data.items ?? []) keep(item);
      return void json({ id: `conv_${created.length}` });
    }
    if (method === "POST" && url.endsWith("/items")) return void json({ data: (data.items ?? []).map(keep) });
    if (method === "DELETE") {
      const id = url.split("/").at(-1);
      items = items.filter((item) => item.id !== id);
      return void json({ id: "conv" });
    }
    if (method === "GET") {
      const limit = Number(/limit=(\d+)/.exec(url)?.[1] ?? 20);
      const newest = items.toReversed();
      return void json({ data: newest.slice(0, limit), has_more: newest.length > limit });
    }
    bodies.push(data);
    const answer = answers.shift() ?? {};
    if (answer.keepsInput ?? answer.status === undefined) for (const item of data.input ?? []) keep(item);
    if (answer.status !== undefined) return void json({ error: answer.error ?? {} }, answer.status);
    for (const item of answer.keeps ?? []) keep(item);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of answer.events ?? []) {
      response.write(`event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    if (!answer.hang) response.end();
    return undefined;
  });
  const log = keptLog();
  const thread = createThreadClient({
    client: "responses",
    apiKey: "sk-x",
    baseUrl: server.baseUrl,
    model: "m",
    timeoutMs: 1000,
    log,
    meter: keptMeter(),
    clock: countedClock(),
  }).open({ instructions: "Be brief.", callId: "1", tools: [], ...(threadId !== undefined && { threadId }) });

  /** Cancels a reply as soon as it has given out this text. */
  async function cancelAt(words: string, given: string, runTool = noTools): Promise<void> {
    const scope = new AbortController();
    let read = "";
    const reading = (async () => {
      for await (const event of thread.reply({ text: words }, { signal: scope.signal, runTool })) {
        if (event.type === "text") read += event.delta;
      }
    })().catch(() => undefined);
    const before = bodies.length;
    await until("the moment to cancel", () => bodies.length > before && read === given);
    scope.abort();
    await reading;
  }
  return { thread, bodies, log, cancelAt };
}

const held = () =>
  items.map((item) => {
    const content = item.content as { text: string }[] | undefined;
    return `${String(item.role ?? item.type)}: ${content?.[0]?.text ?? String(item.output ?? item.id)}`;
  });
const fine = (words = "Fine."): Answer => ({
  events: [text("msg_fine", words), completed(message("msg_fine", words))],
  keeps: [message("msg_fine", words)],
});

test("commentary and reasoning are not spoken; refusals are", async () => {
  const { thread } = await setUp([
    {
      events: [
        { type: "response.reasoning_summary_text.delta", item_id: "rs_1", delta: "I think" },
        {
          type: "response.output_item.added",
          item: { type: "message", id: "msg_1", phase: "commentary", content: [] },
        },
        text("msg_1", "Looking it up."),
        {
          type: "response.output_item.added",
          item: { type: "message", id: "msg_2", phase: "final_answer", content: [] },
        },
        text("msg_2", "It is noon."),
        { type: "response.refusal.delta", item_id: "msg_3", delta: "I can't say more." },
        completed(message("msg_2", "It is noon.")),
      ],
    },
  ]);
  expect((await readReply(thread, "time")).text).toBe("It is noon.\nI can't say more.");
});

test("usage with cached tokens", async () => {
  const usage = { input_tokens: 90, input_tokens_details: { cached_tokens: 64 }, output_tokens: 5, total_tokens: 95 };
  const { thread } = await setUp([
    {
      events: [
        text("m", "Hi."),
        { type: "response.completed", response: { status: "completed", output: [message("m", "Hi.")], usage } },
      ],
    },
  ]);
  expect((await readReply(thread, "hi")).usage).toEqual([
    { model: "m", inputTokens: 90, cachedInputTokens: 64, outputTokens: 5 },
  ]);
});

describe("of a cancelled response", () => {
  test("a server that keeps nothing gets the words and the half reply", async () => {
    const { thread, cancelAt } = await setUp([
      { events: [text("m", "Half a")], keepsInput: false, hang: true },
      fine(),
    ]);
    await cancelAt("talk", "Half a");
    await readReply(thread, "stop");
    expect(held()).toEqual(["user: talk", "assistant: Half a", "user: stop", "assistant: Fine."]);
  });

  test("a server that keeps it whole has it cut, with the reasoning that led to it", async () => {
    const { thread, cancelAt } = await setUp([
      {
        events: [text("m", "Half a")],
        keeps: [{ type: "reasoning", id: "rs" }, message("m", "Half a reply is said.")],
        hang: true,
      },
      fine(),
    ]);
    await cancelAt("talk", "Half a");
    await readReply(thread, "stop");
    expect(held()).toEqual(["user: talk", "assistant: Half a", "user: stop", "assistant: Fine."]);
  });

  test("with nothing given out, nothing is left, whatever the server kept, and earlier turns are not touched", async () => {
    const { thread, cancelAt } = await setUp([
      fine("Hello."),
      { events: [], keeps: [{ type: "reasoning", id: "rs" }, message("late", "Never heard.")], hang: true },
      fine(),
    ]);
    await readReply(thread, "yes");
    await cancelAt("yes", "");
    await readReply(thread, "yes please");
    expect(held()).toEqual(["user: yes", "assistant: Hello.", "user: yes please", "assistant: Fine."]);
  });

  test("a call whose arguments were cut is removed, with its reasoning", async () => {
    const { thread, cancelAt } = await setUp([
      {
        events: [text("m", "One moment.")],
        keeps: [
          message("m", "One moment."),
          { type: "reasoning", id: "rs" },
          functionCall("fc", { status: "incomplete", arguments: '{"wh' }),
        ],
        hang: true,
      },
      fine(),
    ]);
    await cancelAt("talk", "One moment.");
    await readReply(thread, "stop");
    expect(held()).toEqual(["user: talk", "assistant: One moment.", "user: stop", "assistant: Fine."]);
  });

  test("in a conversation that goes on from another call only this turn's items are touched", async () => {
    const { thread, cancelAt } = await setUp([{ events: [], hang: true }, fine()], "conv_old");
    for (const words of ["yes", "old"]) keep({ role: "user", content: words });
    await cancelAt("yes", "");
    await readReply(thread, "yes again");
    expect(held()).toEqual(["user: yes", "user: old", "user: yes again", "assistant: Fine."]);
    expect(created).toEqual([]);
    expect(thread.threadId()).toBe("conv_old");
  });
});

test("an incomplete response with a call cut in its arguments is a failure, and leaves no open call", async () => {
  const { thread } = await setUp([
    {
      events: [
        text("m", "One moment."),
        {
          type: "response.incomplete",
          response: {
            status: "incomplete",
            incomplete_details: { reason: "max_output_tokens" },
            output: [message("m", "One moment."), functionCall("fc", { status: "incomplete", arguments: "{" })],
          },
        },
      ],
      keeps: [message("m", "One moment."), functionCall("fc", { status: "incomplete", arguments: "{" })],
    },
    fine(),
  ]);
  const code = await readReply(thread, "go").catch((error: unknown) => (error as ThreadError).code);
  expect(code).toBe("failed");
  await readReply(thread, "hello");
  expect(held()).toEqual(["user: go", "assistant: One moment.", "user: hello", "assistant: Fine."]);
});

test("a conversation left with an open call by another program is mended, not given up", async () => {
  const refusal = { code: "invalid_request_error", message: "No tool output found for function call call_old." };
  const { thread, log } = await setUp([{ status: 400, error: refusal }, fine()], "conv_old");
  keep({ role: "user", content: "before" });
  keep(functionCall("old"));
  expect((await readReply(thread, "hello")).text).toBe("Fine.");
  expect(held()).toEqual([
    "user: before",
    "function_call: old",
    expect.stringMatching(/^function_call_output: .*cancelled/),
    "user: hello",
    "assistant: Fine.",
  ]);
  expect(created).toEqual([]);
  expect(log.lines).toEqual([]);
});

test("a lost conversation is made anew with at most 20 items of what was said", async () => {
  const answers: Answer[] = Array.from({ length: 15 }, (_, n) => fine(`Answer ${n}.`));
  const lost = { status: 404, error: { message: "Conversation with id 'conv_1' not found.", code: null } };
  const { thread, bodies } = await setUp([...answers, lost, fine("New.")]);
  for (let n = 0; n < 15; n++) await readReply(thread, `Question ${n}`);
  expect((await readReply(thread, "And now")).text).toBe("New.");
  expect(created).toHaveLength(2);
  expect(created[1]).toHaveLength(20);
  expect(created[1]?.at(0)).toEqual({ role: "user", content: "Question 5" });
  expect(created[1]?.at(-1)).toEqual({ role: "assistant", content: "Answer 14." });
  expect(bodies.at(-1)).toMatchObject({ conversation: "conv_2", input: [{ role: "user", content: "And now" }] });
});

test("a model that does not exist is not taken for a lost conversation", async () => {
  const missing = { status: 404, error: { code: "model_not_found", message: "no model" } };
  const { thread } = await setUp([fine(), missing]);
  await readReply(thread, "one");
  const code = await readReply(thread, "two").catch((error: unknown) => (error as ThreadError).code);
  expect(code).toBe("not-found");
  expect(created).toHaveLength(1);
});

test("a 500 that kept the words: they are taken back before the request is repeated", async () => {
  const { thread } = await setUp([fine("Hello."), { status: 500, keepsInput: true }, fine()]);
  await readReply(thread, "one");
  expect((await readReply(thread, "two")).text).toBe("Fine.");
  expect(held()).toEqual(["user: one", "assistant: Hello.", "user: two", "assistant: Fine."]);
});

test("after a refusal there is nothing to repair: no request is wasted on it", async () => {
  const { thread } = await setUp([{ status: 401, error: { code: "invalid_api_key" } }, fine()]);
  await readReply(thread, "one").catch(() => undefined);
  await readReply(thread, "two");
  expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "POST /v1/conversations",
    "POST /v1/responses",
    "POST /v1/responses",
  ]);
  expect(held()).toEqual(["user: one", "user: two", "assistant: Fine."]);
});

test("a note is a developer message before the words", async () => {
  const { thread, bodies } = await setUp([fine(), fine()]);
  await readReply(thread, "one");
  await readReply(thread, { text: "two", correction: { generated: "Fine.", heard: 'a "quote' } });
  expect(bodies[1]?.input).toEqual([
    { role: "developer", content: expect.stringContaining('heard only: "a \\"quote"') },
    { role: "user", content: "two" },
  ]);
});
