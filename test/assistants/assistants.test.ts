// What only the Assistants wire has: tools of the assistant's own, runs that block a thread, and being gone.
import { createThreadClient } from "../../src/assistants/index.ts";
import type { ThreadError } from "../../src/core/thread.ts";
import { countedClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { noTools, readReply, tinyServer, type TinyServer } from "./fixtures.ts";

type Fields = Record<string, unknown>;

let server: TinyServer;
afterEach(() => server.close());

interface Route {
  readonly match: RegExp;
  readonly answer: (
    body: Fields,
  ) => Fields | { readonly status: number } | { readonly events: [string, Fields][]; readonly hang?: boolean };
}

const finished: Route["answer"] = () => ({
  events: [
    [
      "thread.message.delta",
      { id: "msg_a", delta: { content: [{ index: 0, type: "text", text: { value: "Fine." } }] } },
    ],
    ["thread.run.completed", { id: "run_1", status: "completed" }],
  ],
});

/** Routes of the test first, then a server that holds nothing. */
async function setUp(routes: Route[], threadId?: string) {
  const bodies: { at: string; body: Fields }[] = [];
  const usual: Route[] = [
    { match: /^GET \/v1\/assistants\//, answer: () => ({ id: "asst_1", tools: [] }) },
    { match: /^POST \/v1\/threads$/, answer: () => ({ id: "thread_1" }) },
    { match: /^POST .*\/runs$/, answer: finished },
    { match: /^POST .*\/messages$/, answer: () => ({ id: `msg_${bodies.length}` }) },
    { match: /^GET .*\/(runs|messages)\?/, answer: () => ({ data: [], has_more: false }) },
    { match: /^DELETE /, answer: () => ({ deleted: true }) },
  ];
  server = await tinyServer(({ method, url, body }, response, raw) => {
    const at = `${method} ${url}`;
    const fields = (body === "" ? {} : JSON.parse(body)) as Fields;
    bodies.push({ at, body: fields });
    if (raw.headers["openai-beta"] !== "assistants=v2") return void response.writeHead(400).end("{}");
    const answer = [...routes, ...usual].find(({ match }) => match.test(at))?.answer(fields) ?? { status: 405 };
    if ("events" in answer) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const [name, data] of answer.events as [string, Fields][]) {
        response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
      }
      if (!answer.hang) response.end("event: done\ndata: [DONE]\n\n");
      return undefined;
    }
    const refused = Object.keys(answer).join() === "status";
    response.writeHead(refused ? Number(answer.status) : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(refused ? { error: {} } : answer));
    return undefined;
  });
  const log = keptLog();
  const thread = createThreadClient({
    client: "assistants",
    apiKey: "sk-x",
    baseUrl: server.baseUrl,
    model: "not sent",
    assistantId: "asst_1",
    timeoutMs: 1000,
    maxOutputTokens: 77,
    log,
    meter: keptMeter(),
    clock: countedClock(),
  }).open({
    instructions: "Be brief.",
    callId: "1",
    tools: [{ name: "end_call", description: "Ends.", parameters: { type: "object" } }],
    ...(threadId !== undefined && { threadId }),
  });
  const asked = (match: RegExp) => bodies.filter(({ at }) => match.test(at));
  return { thread, asked, log };
}

const codeOf = (reading: Promise<unknown>) =>
  reading.then(
    () => "ok",
    (error: unknown) => (error as ThreadError).code,
  );

test("the run keeps the assistant's model, instructions and tools, and adds ours", async () => {
  const own = [
    { type: "file_search" },
    { type: "function", function: { name: "price", parameters: {} } },
    { type: "function", function: { name: "end_call", description: "theirs", parameters: {} } },
  ];
  const { thread, asked } = await setUp([
    { match: /^GET \/v1\/assistants\//, answer: () => ({ id: "asst_1", tools: own }) },
  ]);
  await readReply(thread, "hello");
  await readReply(thread, "again");
  expect(asked(/\/runs$/)[0]?.body).toEqual({
    assistant_id: "asst_1",
    additional_instructions: "Be brief.",
    tools: [
      own[0],
      own[1],
      { type: "function", function: { name: "end_call", description: "Ends.", parameters: { type: "object" } } },
    ],
    // 77 were asked for; a run takes no lower limit than this.
    max_completion_tokens: 256,
    stream: true,
  });
  expect(asked(/assistants/)).toHaveLength(1);
});

test("a note is a message of its own that says whose it is", async () => {
  const { thread, asked } = await setUp([]);
  await readReply(thread, "one");
  await readReply(thread, { text: "two", correction: { generated: "Fine.", heard: "Fi" } });
  expect(asked(/POST .*\/messages$/).map(({ body }) => body)).toEqual([
    { role: "user", content: "one" },
    {
      role: "user",
      content: expect.stringMatching(/^\[note of the phone system, not said by the caller\] .*heard only: "Fi"/),
    },
    { role: "user", content: "two" },
  ]);
});

describe("gone", () => {
  test.each([404, 410])("a %d where threads are made", async (status) => {
    const { thread, asked, log } = await setUp([{ match: /^POST \/v1\/threads$/, answer: () => ({ status }) }]);
    expect(await codeOf(readReply(thread, "hello"))).toBe("assistants-removed");
    expect(asked(/^POST/)).toHaveLength(1);
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      expect.stringMatching(/^error .*THREAD_CLIENT=responses/),
    ]);
  });

  test.each([404, 410])("a %d for the assistant", async (status) => {
    const { thread, asked } = await setUp([{ match: /^GET \/v1\/assistants\//, answer: () => ({ status }) }]);
    expect(await codeOf(readReply(thread, "hello"))).toBe("assistants-removed");
    expect(asked(/assistants/)).toHaveLength(1);
    expect(asked(/runs$/)).toHaveLength(0);
  });

  test("a 404 for runs, in the middle of a call", async () => {
    let gone = false;
    const { thread, asked } = await setUp([
      { match: /^POST .*\/runs$/, answer: (body) => (gone ? { status: 404 } : finished(body)) },
    ]);
    await readReply(thread, "one");
    gone = true;
    expect(await codeOf(readReply(thread, "two"))).toBe("assistants-removed");
    expect(asked(/POST .*\/runs$/)).toHaveLength(2);
    expect(asked(/POST \/v1\/threads$/)).toHaveLength(1);
  });

  test("a lost thread is not the end of the API: it is made anew from what was said", async () => {
    const { thread, asked } = await setUp(
      [{ match: /thread_old\/messages/, answer: () => ({ status: 404 }) }],
      "thread_old",
    );
    expect((await readReply(thread, "hello")).text).toBe("Fine.");
    expect(thread.threadId()).toBe("thread_1");
    expect(asked(/POST \/v1\/threads$/)).toHaveLength(1);
  });
});

test("a thread with an active run of another program: it is cancelled and waited for, then the words are sent", async () => {
  let status = "in_progress";
  let looks = 0;
  const { thread, asked, log } = await setUp(
    [
      {
        match: /^POST .*thread_old\/messages$/,
        answer: () => (status === "cancelled" ? { id: "msg_1" } : { status: 400 }),
      },
      {
        match: /^GET .*\/runs\?/,
        answer: () => ({
          data: [
            { id: "run_old", status },
            { id: "run_older", status: "completed" },
          ],
        }),
      },
      {
        match: /^POST .*run_old\/cancel$/,
        answer() {
          status = "cancelling";
          return { id: "run_old", status };
        },
      },
      {
        match: /^GET .*\/runs\/run_old$/,
        answer() {
          if (++looks === 2) status = "cancelled";
          return { id: "run_old", status };
        },
      },
    ],
    "thread_old",
  );
  expect((await readReply(thread, "hello")).text).toBe("Fine.");
  expect(looks).toBe(2);
  expect(asked(/cancel$/)).toHaveLength(1);
  expect(thread.threadId()).toBe("thread_old");
  expect(log.lines).toEqual([]);
});

test("a run that ends by itself while it is being cancelled", async () => {
  const hanging: [string, Fields][] = [["thread.run.created", { id: "run_1", status: "queued" }]];
  let runs = 0;
  const { thread, asked } = await setUp([
    { match: /^POST .*\/runs$/, answer: (body) => (runs++ === 0 ? { events: hanging, hang: true } : finished(body)) },
    { match: /^GET .*\/runs\?/, answer: () => ({ data: [{ id: "run_1", status: "in_progress" }] }) },
    { match: /cancel$/, answer: () => ({ status: 400 }) },
    { match: /^GET .*\/runs\/run_1$/, answer: () => ({ id: "run_1", status: "completed" }) },
    {
      match: /^GET .*\/messages\?/,
      answer: () => ({
        data: [
          { id: "msg_late", role: "assistant", content: [{ type: "text", text: { value: "Too late." } }] },
          { id: "msg_2", role: "user", content: [{ type: "text", text: { value: "one" } }] },
        ],
        has_more: false,
      }),
    },
  ]);
  const scope = new AbortController();
  const reading = codeOf(readReply(thread, "one", { signal: scope.signal, runTool: noTools }));
  await until("the run", () => runs === 1);
  scope.abort(new Error("barge-in"));
  await reading;
  expect((await readReply(thread, "one two")).text).toBe("Fine.");
  expect(new Set(asked(/^DELETE/).map(({ at }) => at.split("/").at(-1)))).toEqual(new Set(["msg_2", "msg_late"]));
});

test("taking a turn back leaves the turns before it alone", async () => {
  const said = (id: string, role: string) => ({ id, role, content: [{ type: "text", text: { value: "Fine." } }] });
  let posts = 0;
  let runs = 0;
  const { thread, asked } = await setUp([
    { match: /^POST .*\/messages$/, answer: () => ({ id: `msg_user_${++posts}` }) },
    { match: /^POST .*\/runs$/, answer: (body) => (runs++ === 1 ? { events: [], hang: true } : finished(body)) },
    {
      match: /^GET .*\/messages\?/,
      answer: () => ({
        data: [said("msg_user_2", "user"), said("msg_a", "assistant"), said("msg_user_1", "user")],
        has_more: false,
      }),
    },
  ]);
  await readReply(thread, "one");
  const scope = new AbortController();
  const reading = codeOf(readReply(thread, "two", { signal: scope.signal }));
  await until("the run", () => runs === 2);
  scope.abort(new Error("barge-in"));
  await reading;
  await readReply(thread, "two three");
  expect(asked(/^DELETE/).map(({ at }) => at.split("/").at(-1))).toEqual(["msg_user_2"]);
});

test("a message that was kept though its answer was a 500 is taken back before it is posted again", async () => {
  const posts: string[] = [];
  const { thread, asked } = await setUp([
    {
      match: /^POST .*\/messages$/,
      answer() {
        posts.push(`msg_${posts.length + 1}`);
        return posts.length === 1 ? { status: 500 } : { id: "msg_2" };
      },
    },
    { match: /^GET .*\/messages\?/, answer: () => ({ data: [{ id: "msg_1", role: "user", content: [] }] }) },
  ]);
  expect((await readReply(thread, "hello")).text).toBe("Fine.");
  expect(posts).toHaveLength(2);
  expect(asked(/^DELETE/).map(({ at }) => at.split("/").at(-1))).toEqual(["msg_1"]);
});

test("a run refused after the words were posted: they are not posted again when it is tried again", async () => {
  let runs = 0;
  const { thread, asked } = await setUp(
    [{ match: /^POST .*\/runs$/, answer: (body) => (runs++ === 0 ? { status: 400 } : finished(body)) }],
    "thread_old",
  );
  expect((await readReply(thread, "hello")).text).toBe("Fine.");
  expect(asked(/^POST .*\/messages$/)).toHaveLength(1);
});

test.each([
  ["failed", { last_error: { code: "rate_limit_exceeded", message: "x" } }, "rate-limited"],
  ["failed", { last_error: { code: "server_error", message: "x" } }, "unavailable"],
  ["expired", {}, "failed"],
  ["cancelled", {}, "failed"],
  ["incomplete", { incomplete_details: { reason: "max_prompt_tokens" } }, "failed"],
])("a run that ends %s %j", async (status, fields, code) => {
  const { thread } = await setUp([
    {
      match: /^POST .*\/runs$/,
      answer: () => ({ events: [[`thread.run.${status}`, { id: "run_1", status, ...fields }]] }),
    },
  ]);
  expect(await codeOf(readReply(thread, "hello"))).toBe(code);
});
