// What all routes have in common, through the routes there are: schemas, bodies, methods, and that each can be documented.
import { z } from "zod";
import { json, route } from "../../src/api/define-route.ts";
import { createIdempotency } from "../../src/api/idempotency.ts";
import { mount } from "../../src/api/mount.ts";
import { createUploads } from "../../src/api/uploads.ts";
import { systemClock } from "../../src/observe/system.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { manualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { testServer } from "../http/support.ts";
import { KEYS, phoneCall, testApi, type TestApi } from "./support.ts";

const uploads = createUploads({ dir: "/nowhere", maxBytes: 1 });
const FORM = "application/x-www-form-urlencoded";

let t: TestApi;
beforeEach(async () => (t = await testApi()));
afterEach(() => t.close());

describe("a request that does not fit", () => {
  test("is told everything that is wrong with it, with pointers", async () => {
    const told = await t.ask("acme", "POST", "/api/call/start", { session_id: "a b", metadata: 7, "o/dd": 1 });
    expect([told.status, told.body]).toEqual([
      400,
      {
        type: "about:blank",
        title: "Bad Request",
        status: 400,
        detail: expect.stringMatching(/^body\/org_id: .* \(and 3 more\)$/),
        errors: [
          { in: "body", pointer: "/org_id", detail: expect.any(String) },
          { in: "body", pointer: "/session_id", detail: "must be a session's id" },
          { in: "body", pointer: "/metadata", detail: expect.any(String) },
          { in: "body", pointer: "/o~1dd", detail: "is not known here" },
        ],
      },
    ]);
  });

  test.each([
    ["/api/calls?limit=0", "/limit"],
    ["/api/calls?limit=201", "/limit"],
    ["/api/calls?limit=1e2", "/limit"],
    ["/api/calls?limit=1&limit=2", "/limit"],
    ["/api/calls?cursor=%27%20OR%201=1", "/cursor"],
    ["/api/calls?org=acme", "/org"],
    ["/api/calls?status=open", "/status"],
    ["/api/calls?escalated=maybe", "/escalated"],
    ["/api/calls?from=yesterday", "/from"],
    ["/api/me?verbose=1", "/verbose"],
  ])("a filter: %s", async (path, pointer) => {
    const told = await t.ask("acme", "GET", path);
    expect([told.status, told.body.errors?.[0]]).toEqual([400, { in: "query", pointer, detail: expect.any(String) }]);
  });

  test.each<readonly [string, string | object, Record<string, string>, number]>([
    ["no JSON", "{", {}, 400],
    ["no object", "[1]", {}, 400],
    ["a word", '"x"', {}, 400],
    ["another type", "org_id=acme", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["no type", "{}", { "content-type": "" }, 415],
    ["an odd character set", "{}", { "content-type": "application/json; charset=x-odd" }, 415],
    ["more than 100 KB", { org_id: "acme", metadata: { a: "x".repeat(110_000) } }, {}, 413],
    ["a NUL", { org_id: "acme", metadata: { a: { b: ["\0"] } } }, {}, 400],
    ["half a character", '{"org_id":"acme","metadata":{"a":"\\ud800"}}', {}, 400],
    ["deep nesting", `{"org_id":"acme","metadata":{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}}`, {}, 400],
    ["a prototype", '{"org_id":"acme","__proto__":{"role":"admin"}}', {}, 400],
    ["metadata beyond 16 KB", { org_id: "acme", metadata: { a: "x".repeat(20_000) } }, {}, 400],
  ])("a body with %s", async (_, body, headers, status) => {
    const told = await t.ask("acme", "POST", "/api/call/start", body, headers);
    expect([told.status, told.headers.get("content-type")]).toEqual([
      status,
      "application/problem+json; charset=utf-8",
    ]);
    expect((await t.ask("acme", "GET", "/api/calls")).body.calls).toEqual([]);
  });

  test("a form of more than 32 KB", async () => {
    const told = await t.ask(undefined, "POST", "/login", `key=${"x".repeat(33_000)}`, {
      "content-type": FORM,
    });
    expect(told.status).toBe(413);
  });

  test("JSON that is sent as a form is a name that nobody repeats", async () => {
    const told = await t.ask(undefined, "POST", "/login", { key: KEYS.acme }, { "content-type": FORM });
    expect(told.status).toBe(400);
    expect(told.text).not.toContain(KEYS.acme);
    expect(told.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(["/key", ""]);
  });

  test("a wrong method is told the right ones, a wrong path nothing", async () => {
    const told = await t.ask("acme", "PUT", "/api/calls/call_1");
    expect([told.status, told.headers.get("allow")]).toEqual([405, "GET, HEAD, DELETE, PATCH"]);
    expect((await t.ask(undefined, "GET", "/api/call/start")).headers.get("allow")).toBe("POST");
    expect((await t.ask("acme", "GET", "/api/nothing")).status).toBe(404);
  });
});

test("HEAD answers as GET does, without a body; a stream's ends at once", async () => {
  for (const path of ["/api/calls", "/api/live"]) {
    const told = await t.ask("acme", "HEAD", path);
    expect([told.status, told.text]).toEqual([200, ""]);
  }
});

test("calls are listed newest first, page by page, and by every filter", async () => {
  for (let n = 1; n <= 5; n++) phoneCall(t.store, `call_${n}`, n === 5 ? "beta" : "acme");
  t.store.update("call_2", { status: "completed", phase: "completed", durationSeconds: 7 });
  const ids = async (query: string): Promise<string[]> => {
    const told = await t.ask("root", "GET", `/api/calls?${query}`);
    expect(told.status).toBe(200);
    return told.body.calls.map((call: { call_id: string }) => call.call_id);
  };
  expect(await ids("")).toEqual(["call_5", "call_4", "call_3", "call_2", "call_1"]);
  const first = (await t.ask("root", "GET", "/api/calls?limit=2")).body;
  expect([first.calls.length, first.next_cursor]).toEqual([2, "call_4"]);
  expect(await ids(`limit=2&cursor=${first.next_cursor}`)).toEqual(["call_3", "call_2"]);
  expect((await t.ask("root", "GET", "/api/calls?limit=3&cursor=call_4")).body.next_cursor).toBeNull();
  expect(await ids("org_id=beta")).toEqual(["call_5"]);
  expect(await ids("status=completed")).toEqual(["call_2"]);
  expect(await ids("phase=completed")).toEqual(["call_2"]);
  expect(await ids("escalated=true")).toEqual([]);
  expect(await ids("from=2000-01-01T00:00:00Z&to=2000-01-02T00:00:00%2B02:00")).toEqual([]);
});

test("one call by its id, by the carrier's, and not by another; deleted once it has ended", async () => {
  phoneCall(t.store, "call_1", "acme");
  expect((await t.ask("acme", "GET", "/api/calls/CAcall_1")).body).toMatchObject({
    call_id: "call_1",
    call_sid: "CAcall_1",
  });
  expect((await t.ask("acme", "GET", "/api/calls/call_9")).status).toBe(404);
  expect((await t.ask("acme", "DELETE", "/api/calls/call_1")).status).toBe(409);
  t.store.update("call_1", { status: "completed" });
  expect((await t.ask("acme", "DELETE", "/api/calls/call_1")).status).toBe(204);
  expect((await t.ask("acme", "DELETE", "/api/calls/call_1")).status).toBe(404);
});

describe("the list of routes", () => {
  test("is documented: every schema can be written as JSON Schema, every name in a path has one", () => {
    for (const one of t.api.routes) {
      expect(one.summary.length).toBeGreaterThan(5);
      const named = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      expect([one.path, Object.keys(one.params?.shape ?? {}).sort()]).toEqual([one.path, named.sort()]);
      for (const schema of [one.params, one.query, one.body])
        if (schema) expect(z.toJSONSchema(schema, { io: "input" })).toBeDefined();
      for (const { schema } of Object.values(one.answers)) if (schema) expect(z.toJSONSchema(schema)).toBeDefined();
    }
  });

  test("has those of the call platform by their names", () => {
    expect(t.api.routes.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual([
      "DELETE /api/calls/{call_id}",
      "DELETE /api/memories",
      "DELETE /api/memories/{memory_id}",
      "DELETE /api/numbers/{e164}",
      "GET /api/calls",
      "GET /api/calls/{call_id}",
      "GET /api/calls/{call_id}/events",
      "GET /api/calls/{call_id}/recording",
      "GET /api/confirmations",
      "GET /api/health-report",
      "GET /api/live",
      "GET /api/me",
      "GET /api/memories",
      "GET /api/memories/export",
      "GET /api/numbers/{e164}/export",
      "GET /api/org/config/{org_id}",
      "GET /api/org/config/{org_id}/versions",
      "GET /api/organizations",
      "GET /api/session",
      "GET /docs",
      "GET /docs/{file}",
      "GET /openapi.json",
      "GET /redoc",
      "GET /ws/status",
      "PATCH /api/calls/{call_id}",
      "POST /api/call/end",
      "POST /api/call/start",
      "POST /api/calls",
      "POST /api/calls/{call_id}/end",
      "POST /api/calls/{call_id}/escalate",
      "POST /api/calls/{call_id}/recording",
      "POST /api/calls/{call_id}/say",
      "POST /api/calls/{call_id}/tools/{name}",
      "POST /api/calls/{call_id}/transcript",
      "POST /api/calls/{call_id}/transfer",
      "POST /api/confirmations/{confirmation_id}",
      "POST /api/memories",
      "POST /api/memories/search",
      "POST /api/org/config/{org_id}",
      "POST /api/realtime/session",
      "POST /api/tickets",
      "POST /api/voice-agent",
      "POST /api/voice-agent/{id}/sideband",
      "POST /api/voice/ask",
      "POST /api/voice/clear",
      "POST /conversation/process",
      "POST /conversation/start",
      "POST /login",
      "POST /logout",
      "POST /voice-agent/process",
      "POST /voice/speech-to-text",
      "POST /voice/text-to-speech",
      "POST /ws/disconnect/{session_id}",
    ]);
  });
});

describe("a handler", () => {
  const spec = { method: "get", path: "/slow", summary: "Slow", tag: "test", access: "public", answers: {} } as const;
  const door = {
    admit: () => Promise.reject(new Error("not asked")),
    greet: async () => ({ name: "anyone", role: "read" }) as const,
    stillGood: async () => true,
  };

  test("that hangs is given up after half a minute, and told so", async () => {
    const clock = manualClock();
    let seen: AbortSignal | undefined;
    const slow = route(spec, ({ signal }) => {
      seen = signal;
      return new Promise(() => undefined);
    });
    const idempotency = createIdempotency({ state: createMemoryState({ clock: systemClock }) });
    const server = testServer({ routers: [mount([slow], { door, idempotency, clock, uploads })] });
    const { port } = await server.listen(0, "127.0.0.1");
    const answer = fetch(`http://127.0.0.1:${port}/slow`);
    await until("it was asked", () => seen !== undefined);
    clock.advance(30_000);
    expect([(await answer).status, seen?.aborted, clock.pending]).toEqual([503, true, 0]);
    await server.close();
  });

  test("is told when its client is gone", async () => {
    const clock = manualClock();
    let seen: AbortSignal | undefined;
    const slow = route(spec, ({ signal }) => {
      seen = signal;
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(json({}))));
    });
    const idempotency = createIdempotency({ state: createMemoryState({ clock: systemClock }) });
    const server = testServer({ routers: [mount([slow], { door, idempotency, clock, uploads })] });
    const { port } = await server.listen(0, "127.0.0.1");
    const gone = new AbortController();
    const answer = fetch(`http://127.0.0.1:${port}/slow`, { signal: gone.signal }).catch(() => "gone");
    await until("it was asked", () => seen !== undefined);
    gone.abort();
    expect(await answer).toBe("gone");
    await until("it is told", () => seen?.aborted === true);
    expect(clock.pending).toBe(0);
    await server.close();
    expect(server.log.lines).toEqual([]);
  });

  test("two routes of one method and path are a mistake of ours", () => {
    const one = route(spec, async () => json({}));
    const idempotency = createIdempotency({ state: createMemoryState({ clock: systemClock }) });
    expect(() => mount([one, one], { door, idempotency, clock: systemClock, uploads })).toThrow(/stands twice/);
  });
});
