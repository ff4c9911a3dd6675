// What no well-behaved server does, over real sockets and the openai package, for each of the three clients.
import type { ServerResponse } from "node:http";
import { createThreadClient } from "../../src/assistants/index.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { ThreadClient } from "../../src/core/thread.ts";
import { ThreadError } from "../../src/core/thread.ts";
import { countedClock, manualClock, type ManualClock } from "../support/clock.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { readReply, tinyServer, type TinyServer } from "./fixtures.ts";

type Name = ThreadClient["name"];
type Sse = readonly string[];

interface Dialect {
  /** Which request streams an answer. */
  readonly isRun: (method: string, url: string) => boolean;
  readonly text: (delta: string) => string;
  readonly end: string;
  readonly error: string;
  readonly unknown: string;
}

const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const response = { id: "resp_1", status: "completed", output: [{ type: "message", id: "msg_1", role: "assistant" }] };
const run = { id: "run_1", status: "completed" };

const DIALECTS: Readonly<Record<Name, Dialect>> = {
  responses: {
    isRun: (method, url) => method === "POST" && url === "/v1/responses",
    text: (delta) =>
      event("response.output_text.delta", { type: "response.output_text.delta", item_id: "msg_1", delta }),
    end: event("response.completed", { type: "response.completed", response }),
    error: event("error", { type: "error", code: "server_error", message: "sorry", param: null }),
    unknown: event("response.sung", { type: "response.sung", tune: 1 }),
  },
  assistants: {
    isRun: (method, url) => method === "POST" && url.endsWith("/runs"),
    text: (delta) =>
      event("thread.message.delta", {
        id: "msg_1",
        delta: { content: [{ index: 0, type: "text", text: { value: delta } }] },
      }),
    end: event("thread.run.completed", run) + "event: done\ndata: [DONE]\n\n",
    error: event("error", { code: "server_error", message: "sorry" }),
    unknown: event("thread.run.sung", { id: "run_1" }),
  },
  chat: {
    isRun: (method, url) => method === "POST" && url === "/v1/chat/completions",
    text: (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
    end: `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`,
    error: `data: ${JSON.stringify({ error: { code: "server_error", message: "sorry" } })}\n\n`,
    unknown: `data: ${JSON.stringify({ object: "song", choices: [] })}\n\n`,
  },
};

let server: TinyServer;
afterEach(() => server.close());

/** ms without a word from the server: they pass when a test lets them, so that no machine is too slow for an answer. */
const PATIENCE_MS = 20_000;
let time: ManualClock;
beforeEach(() => (time = manualClock()));
const real = countedClock();
const clock: Clock = { ...real, after: (ms, fn) => (ms === PATIENCE_MS ? time : real).after(ms, fn) };

/** A server whose runs are answered by `answers` in turn; everything else works and holds nothing. */
async function setUp(client: Name, ...answers: ((answer: ServerResponse) => void)[]) {
  const { isRun } = DIALECTS[client];
  let runs = 0;
  server = await tinyServer(({ method, url }, answer) => {
    if (isRun(method, url)) {
      const play = answers[runs++];
      if (play) play(answer);
      else answer.writeHead(500).end();
      return;
    }
    const body = method === "GET" && !url.includes("asst_") ? { data: [], has_more: false } : { id: "x_1", tools: [] };
    answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const log = keptLog();
  const thread = createThreadClient({
    client,
    apiKey: "sk-secret",
    baseUrl: server.baseUrl,
    model: "m",
    assistantId: "asst_1",
    timeoutMs: PATIENCE_MS,
    log,
    meter: keptMeter(),
    clock,
  }).open({ instructions: "be brief", callId: "call", tools: [] });
  return { thread, log, runs: () => runs };
}

const plays =
  (...pieces: Sse) =>
  (answer: ServerResponse) => {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) {
      if (piece === "cut") answer.socket?.destroySoon();
      else if (piece !== "hang") answer.write(piece);
    }
    if (!pieces.includes("cut") && !pieces.includes("hang")) answer.end();
  };

async function outcome(client: Name, ...answers: ((answer: ServerResponse) => void)[]) {
  return outcomeWhen(client, () => undefined, ...answers);
}

async function outcomeWhen(client: Name, heard: () => void, ...answers: ((answer: ServerResponse) => void)[]) {
  const { thread, log, runs } = await setUp(client, ...answers);
  let text = "";
  let result = "ok";
  try {
    for await (const one of thread.reply(
      { text: "Mrs Jones" },
      { signal: new AbortController().signal, runTool: () => Promise.resolve("") },
    )) {
      if (one.type !== "text") continue;
      text += one.delta;
      heard();
    }
  } catch (error) {
    result = error instanceof ThreadError ? error.code : String(error);
  }
  await thread.close();
  for (const secret of ["sk-secret", "Mrs Jones", "hello"]) expect(JSON.stringify(log.lines)).not.toContain(secret);
  return { text, result, runs: runs() };
}

describe.each(["responses", "assistants", "chat"] as const)("%s", (client) => {
  const { text, end, error, unknown } = DIALECTS[client];

  test("a stream that stops before its end", async () => {
    expect(await outcome(client, plays(text("hello")))).toEqual({ text: "hello", result: "unavailable", runs: 1 });
  });

  test("a stream cut in the middle", async () => {
    expect(await outcome(client, plays(text("hello"), "cut"))).toEqual({
      text: "hello",
      result: "unavailable",
      runs: 1,
    });
  });

  test("an event that is no JSON", async () => {
    const answer = plays(text("hello"), 'data: {"type": "resp\n\n', end);
    expect(await outcome(client, answer)).toEqual({ text: "hello", result: "unavailable", runs: 1 });
  });

  test("an error event", async () => {
    expect(await outcome(client, plays(text("hello"), error))).toEqual({
      text: "hello",
      result: "unavailable",
      runs: 1,
    });
  });

  test("no stream at all but a page", async () => {
    const page = (answer: ServerResponse) =>
      answer.writeHead(200, { "content-type": "text/html" }).end("<h1>Hi</h1>\n");
    expect(await outcome(client, page)).toEqual({ text: "", result: "unavailable", runs: 1 });
  });

  test("a 200 without a body", async () => {
    const nothing = (answer: ServerResponse) => answer.writeHead(200, { "content-length": "0" }).end();
    expect(await outcome(client, nothing)).toEqual({ text: "", result: "unavailable", runs: 1 });
  });

  test("comments, events nobody has heard of, CRLF and bytes that part a character", async () => {
    const answer = (answer: ServerResponse) => {
      answer.writeHead(200, { "content-type": "text/event-stream" });
      const whole = [": ping\n\n", unknown, text("héllo "), text("🙂 – 你好"), end].join("").replaceAll("\n", "\r\n");
      const bytes = Buffer.from(whole);
      let at = 0;
      const more = (): void => {
        if (at >= bytes.length) return void answer.end();
        answer.write(bytes.subarray(at, (at += 7)), more);
      };
      more();
    };
    expect(await outcome(client, answer)).toEqual({ text: "héllo 🙂 – 你好", result: "ok", runs: 1 });
  });

  test("a connection lost before the answer is tried again, once", async () => {
    const lost = (answer: ServerResponse) => void answer.socket?.destroy();
    const fine = plays(text("hello"), end);
    expect(await outcome(client, lost, fine)).toEqual({ text: "hello", result: "ok", runs: 2 });
    await server.close();
    expect(await outcome(client, lost, lost, fine)).toEqual({ text: "", result: "unavailable", runs: 2 });
  });

  test("no answer, and an answer that stops in the middle without closing", async () => {
    const passes = (): void => time.advance(PATIENCE_MS);
    expect(await outcome(client, passes)).toEqual({ text: "", result: "timeout", runs: 1 });
    await server.close();
    expect(await outcomeWhen(client, passes, plays(text("hello"), "hang"))).toEqual({
      text: "hello",
      result: "timeout",
      runs: 1,
    });
  });

  test("a stream held open after its end does not hold the reply", async () => {
    const { thread } = await setUp(client, plays(text("hello"), end, "hang"), plays(text("hello"), end));
    expect((await readReply(thread, "one")).text).toBe("hello");
    expect((await readReply(thread, "two")).text).toBe("hello");
    await thread.close();
  });

  test("a redirect is not followed with the key", async () => {
    const away = (answer: ServerResponse) => answer.writeHead(307, { location: "http://127.0.0.1:1/" }).end();
    expect(await outcome(client, away)).toEqual({ text: "", result: "failed", runs: 1 });
  });
});

test("three replies over one thread use one connection", async () => {
  const { text, end } = DIALECTS.responses;
  const fine = plays(text("hello"), end);
  const { thread } = await setUp("responses", fine, fine, fine);
  for (const words of ["one", "two", "three"]) await readReply(thread, words);
  await thread.close();
  expect(server.requests.filter(({ url }) => url === "/v1/responses")).toHaveLength(3);
  expect(server.connections()).toBe(1);
});
