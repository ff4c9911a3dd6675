// Health, readiness, the index, the status page and the metrics' door.
import type { Request } from "express";
import { isBearer } from "../../src/http/auth.ts";
import request from "supertest";
import { openPage } from "../../src/http/page.ts";
import { builtPage } from "./built-page.ts";
import { testServer } from "./support.ts";

describe("health", () => {
  test("of a running server", async () => {
    const { app } = testServer();
    const health = await request(app).get("/health");
    expect([health.status, health.text]).toEqual([200, '{"status":"healthy"}']);
    expect((await request(app).get("/livez")).body).toEqual({ status: "alive" });
    const ready = await request(app).get("/readyz");
    expect([ready.status, ready.text]).toEqual([200, '{"status":"ready"}']);
    expect((await request(app).head("/health")).status).toBe(200);
  });

  test("while draining", async () => {
    const { app } = testServer({ isDraining: () => true });
    for (const path of ["/health", "/readyz"]) {
      const answer = await request(app).get(path);
      expect([answer.status, answer.text]).toEqual([503, '{"status":"draining"}']);
    }
    expect((await request(app).get("/livez")).status).toBe(200);
  });

  test("of a server that is alive but cannot take calls", async () => {
    const { app } = testServer({ isReady: () => false });
    expect((await request(app).get("/health")).status).toBe(200);
    const ready = await request(app).get("/readyz");
    expect([ready.status, ready.text]).toEqual([503, '{"status":"not-ready"}']);
  });

  test.each(["/", "/health", "/livez", "/readyz", "/status"])("%s is only read", async (path) => {
    const { app } = testServer();
    for (const method of ["post", "put", "delete", "patch"] as const) {
      const answer = await request(app)[method](path);
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe("GET, HEAD");
      expect(answer.type).toBe("application/problem+json");
    }
  });
});

describe("GET /", () => {
  test.each([
    [undefined, "text/plain"],
    ["*/*", "text/plain"],
    ["text/plain", "text/plain"],
    ["text/*", "text/plain"],
    ["image/png", "text/plain"],
    ["application/json", "application/json"],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"],
  ])("Accept %s gives %s", async (accept, type) => {
    const page = openPage(builtPage);
    const { app } = testServer({ page });
    const ask = request(app).get("/");
    const answer = await (accept === undefined ? ask.unset("Accept") : ask.set("Accept", accept));
    expect(answer.status).toBe(200);
    expect(answer.type).toBe(type);
    expect(answer.headers.vary).toBe("Accept");
    if (type === "text/plain") expect(answer.text).toBe("Voice Agent API is running.");
    if (type === "application/json")
      expect(answer.body).toMatchObject({ status: "healthy", links: { health: "/health" } });
  });

  test("the index leads to the documentation, where there is one", async () => {
    const linksOf = async (hasDocs: boolean): Promise<Record<string, string>> =>
      (await request(testServer({ hasDocs }).app).get("/").set("Accept", "application/json")).body.links;
    const health = { health: "/health", live: "/livez", ready: "/readyz", status: "/status", metrics: "/metrics" };
    const docs = { docs: "/docs", redoc: "/redoc", openapi: "/openapi.json", asyncapi: "/asyncapi.json" };
    expect(await linksOf(true)).toEqual({ ...health, ...docs });
    expect(await linksOf(false)).toEqual(health);
  });

  test("a browser gets the text where no page was built", async () => {
    const answer = await request(testServer().app).get("/").set("Accept", "text/html");
    expect([answer.type, answer.text]).toEqual(["text/plain", "Voice Agent API is running."]);
  });
});

test("/status tells counts and reasons", async () => {
  const status = () => ({ upSeconds: 93_784, callsActive: 7, callsEnded: { "caller-hangup": 3 } });
  const answer = await request(testServer({ status }).app).get("/status").set("Accept", "text/html");
  expect(answer.body).toEqual({
    upSeconds: 93_784,
    callsActive: 7,
    callsEnded: { "caller-hangup": 3 },
    draining: false,
  });
});

describe("/metrics", () => {
  const metrics = {
    mayRead: (request: Request) => isBearer(request, "0123456789abcdef"),
    render: async () => "up 1\n",
    contentType: "text/plain; version=0.0.4",
  };

  test("opens to its token alone", async () => {
    const { app } = testServer({ metrics });
    const answer = await request(app).get("/metrics").set("Authorization", "Bearer 0123456789abcdef");
    expect([answer.status, answer.text]).toEqual([200, "up 1\n"]);
    expect(answer.headers["content-type"]).toContain("version=0.0.4");
  });

  test.each([
    undefined,
    "Bearer ",
    "Bearer 0123456789abcdee",
    "Bearer 0123456789abcdef0",
    "Basic 0123456789abcdef",
    "0123456789abcdef",
  ])("is closed to %s", async (authorization) => {
    const { app } = testServer({ metrics });
    const ask = request(app).get("/metrics");
    const answer = await (authorization === undefined ? ask : ask.set("Authorization", authorization));
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toMatch(/^Bearer/);
    expect(answer.text).toContain("METRICS_TOKEN");
    expect(answer.text).not.toContain("up 1");
  });

  test("without a configured token are closed to everybody, and not there without metrics", async () => {
    const open = { ...metrics, mayRead: (request: Request) => isBearer(request, undefined) };
    const { app } = testServer({ metrics: open });
    for (const value of ["Bearer ", "Bearer undefined", "Bearer 0123456789abcdef"]) {
      expect((await request(app).get("/metrics").set("Authorization", value)).status).toBe(401);
    }
    expect((await request(testServer().app).get("/metrics")).status).toBe(404);
  });

  test("that fail are a problem, not a crash", async () => {
    const broken = { ...metrics, render: () => Promise.reject(new Error("no")) };
    const { app } = testServer({ metrics: broken });
    expect((await request(app).get("/metrics").set("Authorization", "Bearer 0123456789abcdef")).status).toBe(500);
  });
});
