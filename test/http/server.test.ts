// The HTTP server around the routes: problems, headers, limits, opening and closing.
import { once } from "node:events";
import { connect } from "node:net";
import express from "express";
import request from "supertest";
import { Problem } from "../../src/core/problem.ts";
import { sendRaw, statusOf, testServer } from "./support.ts";

function routes() {
  const router = express.Router();
  router.post("/json", express.json({ limit: 100 }), (_request, response) => void response.json({ ok: true }));
  router.get("/boom", () => {
    throw new Error("secret inside");
  });
  router.get("/rejects", async () => {
    throw Object.assign(new Error("secret inside"), { status: 200 });
  });
  router.get("/throws-nothing", () => {
    // eslint-disable-next-line no-throw-literal -- a library may.
    throw undefined;
  });
  router.get("/teapot", () => {
    throw new Problem(418, "short and stout", { "X-Tea": "green" });
  });
  router.get("/half", (_request, response) => {
    response.write("half an ");
    throw new Error("answer");
  });
  return router;
}

describe("problems", () => {
  const { app, log } = testServer({ routers: [routes()] });

  test.each<readonly [string, () => request.Test, number]>([
    ["an unknown path", () => request(app).get("/nothing?token=secret"), 404],
    ["a body that is no JSON", () => request(app).post("/json").type("json").send('{"secret'), 400],
    [
      "a body that is too large",
      () =>
        request(app)
          .post("/json")
          .send({ a: "secret".repeat(50) }),
      413,
    ],
    [
      "an unknown character set",
      () => request(app).post("/json").set("Content-Type", "application/json; charset=x-odd").send("{}"),
      415,
    ],
    ["a malformed path", () => request(app).get("/%E0%A4%A"), 404],
    ["a fault of ours", () => request(app).get("/boom"), 500],
    ["a rejected promise", () => request(app).get("/rejects"), 500],
    ["nothing thrown at all", () => request(app).get("/throws-nothing"), 404],
    ["a problem of a route", () => request(app).get("/teapot"), 418],
  ])("%s", async (_, ask, status) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(answer.type).toBe("application/problem+json");
    expect(JSON.parse(answer.text)).toMatchObject({ type: "about:blank", status, title: expect.any(String) });
    expect(answer.text).not.toMatch(/secret|\bat .*\.[jt]s|node_modules/);
  });

  test("a problem brings its headers and its detail", async () => {
    const answer = await request(app).get("/teapot");
    expect(answer.headers["x-tea"]).toBe("green");
    expect(JSON.parse(answer.text)).toMatchObject({ detail: "short and stout", title: "I'm a Teapot" });
  });

  test("a fault of ours is in the log with its stack, and a caller's is not", async () => {
    const before = log.lines.length;
    await request(app).get("/nothing");
    expect(log.lines.length).toBe(before);
    await request(app).get("/boom?token=hidden");
    expect(log.lines.at(-1)).toMatchObject({ level: "error", fields: { path: "/boom", status: 500 } });
    expect(JSON.stringify(log.lines.at(-1))).not.toContain("hidden");
    expect(log.lines.at(-1)?.fields.error).toMatch(/secret inside\n +at /);
  });

  test("half an answer is cut off, not completed with a problem", async () => {
    await expect(request(app).get("/half")).rejects.toThrow(/aborted|hang up/);
  });
});

describe("headers", () => {
  test("every answer carries the security headers and no sign of Express", async () => {
    const { app } = testServer();
    for (const path of ["/health", "/nothing", "/", "/status"]) {
      const { headers } = await request(app).get(path);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["content-security-policy"]).toMatch(/^default-src 'none'.*frame-ancestors 'none'/);
      expect(headers["cache-control"]).toBe("no-store");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["x-powered-by"]).toBeUndefined();
      expect(headers["strict-transport-security"]).toBeUndefined();
    }
  });

  test("strict transport security only where a trusted proxy says that it was https", async () => {
    const ask = (trustProxy: number) =>
      request(testServer({ trustProxy }).app).get("/health").set("X-Forwarded-Proto", "https");
    expect((await ask(0)).headers["strict-transport-security"]).toBeUndefined();
    expect((await ask(1)).headers["strict-transport-security"]).toBe("max-age=31536000");
  });
});

describe("what never becomes a request", () => {
  test.each([
    ["no HTTP at all", "hello\r\n\r\n", 400],
    ["no Host", "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["a tunnel", "CONNECT evil.example:25 HTTP/1.1\r\nHost: evil.example:25\r\n\r\n", 405],
    ["an expectation", "POST /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: a-miracle\r\n\r\n", 417],
    ["an unknown method", "FETCH /health HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["a header without a colon", "GET /health HTTP/1.1\r\nHost: a\r\nodd\r\n\r\n", 400],
    ["headers of 20 KB", `GET /health HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["two lengths", "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
  ])("%s", async (_, bytes, status) => {
    const server = testServer();
    const { port } = await server.listen(0, "127.0.0.1");
    const answer = await sendRaw(port, bytes);
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain("application/problem+json");
    expect(answer).toContain(`"status":${status}`);
    await server.close();
  });

  test("whoever asks for a tunnel and is gone before the answer harms nobody", async () => {
    const server = testServer();
    const { port } = await server.listen(0, "127.0.0.1");
    const gone = Array.from({ length: 30 }, async () => {
      const peer = connect(port, "127.0.0.1");
      peer.on("error", () => undefined);
      await once(peer, "connect");
      peer.write("CONNECT evil.example:25 HTTP/1.1\r\nHost: evil.example:25\r\n\r\n", () => peer.resetAndDestroy());
      await once(peer, "close");
    });
    await Promise.all(gone);
    // An error nobody listens to would have ended this process.
    expect(statusOf(await sendRaw(port, "GET /health HTTP/1.0\r\n\r\n"))).toBe(200);
    await server.close();
  });

  test("an HTTP/1.0 request may leave its Host out", async () => {
    const server = testServer();
    const { port } = await server.listen(0, "127.0.0.1");
    expect(statusOf(await sendRaw(port, "GET /health HTTP/1.0\r\n\r\n"))).toBe(200);
    await server.close();
  });
});

describe("opening and closing", () => {
  test("a port in use is told to who asked, once", async () => {
    const first = testServer();
    const { port } = await first.listen(0, "127.0.0.1");
    const second = testServer({ sockets: [] });
    await expect(second.listen(port, "127.0.0.1")).rejects.toMatchObject({ code: "EADDRINUSE" });
    await second.close();
    await first.close();
    await first.close();
  });

  test("closing cuts an idle connection and a request that never ends", async () => {
    const router = express.Router();
    router.get("/never", () => undefined);
    const server = testServer({ routers: [router] });
    const { port } = await server.listen(0, "127.0.0.1");
    const idle = connect(port, "127.0.0.1");
    const waiting = connect(port, "127.0.0.1");
    await Promise.all([once(idle, "connect"), once(waiting, "connect")]);
    waiting.write("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    // Not once(): it would reject on the reset that cutting may come as.
    const ended = Promise.all(
      [idle, waiting].map(
        (socket) =>
          new Promise((resolve) =>
            socket
              .on("error", () => undefined)
              .on("close", resolve)
              .resume(),
          ),
      ),
    );
    await server.close();
    await ended;
  });
});
