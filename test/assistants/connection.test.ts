import { createKeepAliveFetch, createOpenAI } from "../../src/assistants/connection.ts";
import { countedClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { tinyServer, type TinyServer } from "./fixtures.ts";

let server: TinyServer;
afterEach(() => server.close());

test("sends method, headers and body, and gives status, headers and body back", async () => {
  let seen: Record<string, unknown> = {};
  server = await tinyServer((request, response, raw) => {
    seen = { ...request, type: raw.headers["content-type"], length: raw.headers["content-length"] };
    response.writeHead(418, { "X-Two": ["a", "b"], "content-type": "text/plain" }).end("Grüße 🙂");
  });
  const answer = await createKeepAliveFetch(countedClock())(`${server.baseUrl}/x?y=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"ü":1}',
  });
  expect(seen).toEqual({
    method: "POST",
    url: "/v1/x?y=1",
    body: '{"ü":1}',
    type: "application/json",
    length: "8",
  });
  expect(answer.status).toBe(418);
  expect(answer.headers.get("x-two")).toBe("a, b");
  expect(await answer.text()).toBe("Grüße 🙂");
});

test("an answer without a body", async () => {
  server = await tinyServer((_, response) => response.writeHead(204).end());
  const answer = await createKeepAliveFetch(countedClock())(server.baseUrl);
  expect(answer.status).toBe(204);
  expect(await answer.text()).toBe("");
});

test("a body that was only looked at can be read whole", async () => {
  server = await tinyServer((_, response) => response.end("{}"));
  const answer = await createKeepAliveFetch(countedClock())(server.baseUrl);
  expect(answer.body).not.toBeNull();
  expect(await answer.json()).toEqual({});
  await expect(answer.text()).rejects.toThrow(TypeError);
});

test("an empty answer that nobody reads leaves its connection to the next request", async () => {
  const ports = new Set<number | undefined>();
  server = await tinyServer((_request, response, raw) => {
    ports.add(raw.socket.remotePort);
    response.writeHead(200, { "content-length": "0" }).end();
  });
  const fetch = createKeepAliveFetch(countedClock());
  for (let at = 0; at < 5; at++) {
    const { status } = await fetch(server.baseUrl);
    expect(status).toBe(200);
    // Its end is read in a turn of the loop of its own.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
  // Each by itself would have five.
  expect(ports.size).toBeLessThan(5);
});

test("refuses bodies it would not send as they are", async () => {
  server = await tinyServer((_, response) => response.end());
  await expect(
    createKeepAliveFetch(countedClock())(server.baseUrl, { method: "POST", body: new Uint8Array(3) }),
  ).rejects.toThrow("only string bodies");
  expect(server.requests).toEqual([]);
});

test("a refused connection rejects with the socket's code", async () => {
  server = await tinyServer((_, response) => response.end());
  const { baseUrl } = server;
  await server.close();
  await expect(createKeepAliveFetch(countedClock())(baseUrl)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("an abort before the answer rejects, one in mid-body ends the body, both let go of the socket", async () => {
  let gone = 0;
  server = await tinyServer((request, response, raw) => {
    raw.socket.once("close", () => gone++);
    if (request.url.endsWith("/body")) response.write("begun");
  });
  const fetch = createKeepAliveFetch(countedClock());

  const before = new AbortController();
  const waiting = fetch(`${server.baseUrl}/hang`, { signal: before.signal });
  await until("the request", () => server.requests.length === 1);
  before.abort();
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  await until("the first socket's end", () => gone === 1);

  const within = new AbortController();
  const answer = await fetch(`${server.baseUrl}/body`, { signal: within.signal });
  const reader = answer.body!.getReader();
  const { value } = await reader.read();
  expect(Buffer.from(value ?? []).toString()).toBe("begun");
  within.abort();
  await expect(reader.read()).rejects.toThrow(/abort/);
  await until("the second socket's end", () => gone === 2);
});

test("a connection cut in mid-body is an error, never a short body", async () => {
  server = await tinyServer((_, response, raw) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("begun", () => raw.socket.destroy());
  });
  const answer = await createKeepAliveFetch(countedClock())(server.baseUrl);
  await expect(answer.text()).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("a connection cut before anybody reads: whoever reads then hears of it, and nobody else", async () => {
  let gone = 0;
  server = await tinyServer((_, response, raw) => {
    raw.socket.once("close", () => gone++);
    response.writeHead(200, { "content-length": "100" });
    response.write("begun", () => raw.socket.destroy());
  });
  const fetch = createKeepAliveFetch(countedClock());
  const [whole, streamed] = [await fetch(server.baseUrl), await fetch(server.baseUrl)];
  await until("the ends of both connections", () => gone === 2);
  // So that they have been heard of at our end, too, which nothing tells.
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  await expect(whole.text()).rejects.toMatchObject({ code: "ECONNRESET" });
  await expect(streamed.body!.getReader().read()).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("a body is read once, as what it is asked for", async () => {
  server = await tinyServer((_, response) => {
    response.writeHead(200, "Fine", { "content-type": "application/json" }).write('\ufeff{"gr');
    setImmediate(() => response.end('üße":1}'));
  });
  const fetch = createKeepAliveFetch(countedClock());
  const ask = (): Promise<Response> => fetch(server.baseUrl);
  const answer = await ask();
  expect([answer.ok, answer.status, answer.statusText, answer.url]).toEqual([true, 200, "Fine", server.baseUrl]);
  expect(answer.bodyUsed).toBe(false);
  expect(await answer.json()).toEqual({ grüße: 1 });
  expect(answer.bodyUsed).toBe(true);
  await expect(answer.text()).rejects.toThrow("read already");
  expect(Buffer.from(await (await ask()).arrayBuffer()).toString()).toBe('\ufeff{"grüße":1}');
  const blob = await (await ask()).blob();
  expect([blob.type, blob.size]).toEqual(["application/json", 16]);
});

test("a slow reader does not make us buffer the whole answer", async () => {
  let sent = 0;
  server = await tinyServer((_, response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const more = () => {
      while (sent < 64 * 1024 * 1024) {
        sent += chunk.length;
        if (!response.write(chunk)) {
          response.once("drain", more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  const answer = await createKeepAliveFetch(countedClock())(server.baseUrl);
  const reader = answer.body!.getReader();
  let read = (await reader.read()).value!.length;
  await until("the sockets' buffers filling", () => sent > 1024 * 1024);
  let before = -1;
  await until("the sender being held up", () => {
    const still = sent === before;
    before = sent;
    return still;
  });
  expect(sent).toBeLessThan(48 * 1024 * 1024);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    read += value.length;
  }
  expect(read).toBe(64 * 1024 * 1024);
});

test("without a key the server decides", async () => {
  let key: string | undefined;
  server = await tinyServer((_, response, raw) => {
    key = raw.headers.authorization;
    response.end('{"data":[]}');
  });
  const options = { baseUrl: server.baseUrl, timeoutMs: 20_000, fetch: createKeepAliveFetch(countedClock()) };
  await createOpenAI({ apiKey: "", ...options }).models.list();
  expect(key).toBe("Bearer none");
});

test("one connection serves request after request", async () => {
  server = await tinyServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end('{"data":[]}');
  });
  const openai = openaiAt(server.baseUrl);
  for (let n = 0; n < 5; n++) expect((await openai.models.list()).data).toEqual([]);
  expect(server.requests).toHaveLength(5);
  expect(server.connections()).toBe(1);
});

test("a stream that is over at [DONE] is still read to its end: the connection is not thrown away", async () => {
  const whole: boolean[] = [];
  let finish: () => void = () => undefined;
  server = await tinyServer(({ url }, response) => {
    if (url.endsWith("/models")) return void response.end('{"data":[]}');
    response.on("close", () => whole.push(response.writableFinished));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write('data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n');
    response.write("data: [DONE]\n\n");
    finish = () => response.end();
    return undefined;
  });
  const openai = openaiAt(server.baseUrl);
  for (let turn = 1; turn <= 3; turn++) {
    const stream = await openai.chat.completions.create({ model: "m", messages: [], stream: true });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toBe("hi");
    // By the time another request is answered the server knows of a connection we would have cut.
    await openai.models.list();
    finish();
    await until("the end of the answer", () => whole.length === turn);
  }
  expect(whole).toEqual([true, true, true]);
});

function openaiAt(baseUrl: string) {
  return createOpenAI({ apiKey: "sk-x", baseUrl, timeoutMs: 20_000, fetch: createKeepAliveFetch(countedClock()) });
}
