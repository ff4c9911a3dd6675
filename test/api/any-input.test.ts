// Whatever is sent to whichever route: an answer within its time, never a fault of ours, never a secret, and what is answered is what
// the route's documentation says. Requests are generated: wholly odd ones, and good ones with something odd in them.
import * as fc from "fast-check";
import { socketCarrierId } from "../../src/wire/browser.ts";
import type { z } from "zod";
import type { Route } from "../../src/api/define-route.ts";
import { oddText, oddValue, valuesBy, type GoodValues } from "../support/odd-values.ts";
import {
  CLIENT_SECRET,
  formOf,
  GOOD_BODIES,
  KEYS,
  nameOf,
  phoneCall,
  TEST_TOOLS,
  testApi,
  type KeyName,
  type TestApi,
} from "./support.ts";

/** Requests for each route. */
const RUNS = 40;
/** ms within which every one is answered. */
const IN_TIME_MS = 20_000;

let t: TestApi;
let browserCall: string;
beforeAll(async () => {
  t = await testApi({
    contacts: { Desk: "+15550003333" },
    limits: { maxCalls: 1_000_000 },
    eventStreams: { most: 1_000_000 },
    async control(callId, { kind }) {
      if (kind === "end") t.store.update(callId, { status: "completed", endedAt: new Date().toISOString() });
      return "done";
    },
  });
  for (let n = 0; n < 20; n++) phoneCall(t.store, `call_${n}`, n % 2 ? "acme" : "beta");
  browserCall = (await t.ask("acme", "POST", "/api/call/start", { org_id: "acme", session_id: "sess_1" })).body.call_id;
});
afterAll(() => t.close());

/** Values that are right somewhere, by the names of fields, parameters and filters. */
const GOOD: GoodValues = {
  org_id: () => fc.constantFrom("acme", "beta", "default", "nobody", "new-one"),
  call_id: () =>
    fc.constantFrom(browserCall, ...Array.from({ length: 20 }, (_, n) => `call_${n}`), "CAcall_1", "call_none"),
  name: () => fc.constantFrom("Acme", ...TEST_TOOLS.map(({ name }) => name)),
  e164: () => fc.constantFrom("+15551110000", "+15550000000", "%2B15551110000"),
  session_id: () => fc.constantFrom("sess_1", "sess_2"),
  metadata: () => fc.constantFrom({}, { page: "contact" }),
  reason: () => fc.constantFrom("done", "by hand"),
  phase: () => fc.constantFrom("greeting", "intake", "clarification", "escalation"),
  role: () => fc.constantFrom("user", "assistant"),
  text: () => fc.constantFrom("hello", "my name is Ada"),
  item_id: () => fc.constantFrom("item_1", "item_2"),
  lines: () => fc.constant([{ role: "user", text: "hello" }]),
  arguments: () => fc.constantFrom({}, { name: "Ada" }, { reason: "x" }, "{}", "{"),
  tool_call_id: () => fc.constantFrom("call_a", "call_b"),
  to: () => fc.constantFrom("+15550003333", "2026-12-01T00:00:00Z"),
  from: () => fc.constantFrom("2026-12-01T00:00:00+01:00"),
  contact: () => fc.constant("Desk"),
  note: () => fc.constant("a note"),
  urgency: () => fc.constantFrom("high", "low"),
  key: () => fc.constantFrom(KEYS.reader, "no-key"),
  limit: () => fc.constantFrom("1", "200"),
  cursor: () => fc.constantFrom("call_1"),
  status: () => fc.constantFrom("completed", "in-progress"),
  escalated: () => fc.constantFrom("true", "false"),
  greeting: () => fc.constant("Hello."),
  hours: () => fc.constant({ timezone: "Europe/Berlin", open: [] }),
  version: () => fc.constantFrom(1, 2),
  memories: () => fc.constant([{ kind: "identity", subject: "name", text: "Is Ada." }]),
  messages: () => fc.constant([{ role: "user", content: "my name is Ada" }]),
  query: () => fc.constantFrom("who is this", "tea"),
  kind: () => fc.constantFrom("identity", "routine"),
  user_id: () => fc.constantFrom("acme", "beta", "nobody"),
  memory_id: () => fc.constantFrom("mem_1", "mem_2"),
};

const fieldsOf = (schema: z.ZodType | undefined): string[] => {
  const { shape, options } = (schema?.def ?? {}) as { shape?: object; options?: z.ZodType[] };
  return [...Object.keys(shape ?? {}), ...(options ?? []).flatMap(fieldsOf)];
};
const { goodValue, someOf } = valuesBy(GOOD);

interface Sent {
  readonly key: KeyName | undefined;
  readonly path: string;
  readonly body: string | FormData | undefined;
  /** Of a form it follows from the form. */
  readonly type: string;
}

function requests(route: Route): fc.Arbitrary<Sent> {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const params = fc.record(
    Object.fromEntries(
      names.map((name) => [
        name,
        fc.oneof(
          { arbitrary: goodValue(name).map(String), weight: 4 },
          {
            arbitrary: oddText.map((text) => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, "?")) || "x"),
            weight: 1,
          },
          { arbitrary: fc.constantFrom("%", "%E0%A4%A", "a%2Fb", "..%2f", "a b"), weight: 1 },
        ),
      ]),
    ),
  );
  const queries = [...fieldsOf(route.query), "odd"];
  const query = fc.oneof(
    { arbitrary: fc.constant({}), weight: 2 },
    { arbitrary: someOf(queries.slice(0, -1), oddText), weight: 3 },
    { arbitrary: someOf(queries, oddText), weight: 1 },
  );
  const file = fc.oneof(
    fc.constant(new Blob(["some sound"])),
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => new Blob([bytes])),
  );
  const form = someOf([...fieldsOf(route.body), "odd"], oddText).chain((fields) =>
    fc.record({ named: fc.option(file), other: fc.option(file, { freq: 5 }) }).map(({ named, other }) =>
      formOf({
        ...Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [
            name,
            typeof value === "string" ? value : (JSON.stringify(value) ?? ""),
          ]),
        ),
        ...(named && { audio_file: named }),
        ...(other && { odd_file: other }),
      }),
    ),
  );
  const text = fc.oneof(
    { arbitrary: someOf(fieldsOf(route.body), oddValue).map((value) => JSON.stringify(value)), weight: 6 },
    { arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)), weight: 2 },
    { arbitrary: oddText, weight: 1 },
  );
  const body = fc.oneof({ arbitrary: text, weight: 1 }, { arbitrary: form, weight: route.multipart ? 5 : 0 });
  const type = fc.oneof(
    { arbitrary: fc.constant("application/json"), weight: 12 },
    {
      arbitrary: fc.constantFrom("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"),
      weight: 1,
    },
  );
  const key = fc.constantFrom("root", "acme", "beta", "betaAdmin", "reader", undefined) as fc.Arbitrary<
    KeyName | undefined
  >;
  return fc.record({ key, params, query, body, type }).map((one) => {
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => one.params[name] as string);
    const search = new URLSearchParams(
      Object.entries(one.query).map(([name, value]): [string, string] => [
        name,
        typeof value === "string" ? value : (JSON.stringify(value) ?? ""),
      ]),
    ).toString();
    return {
      key: one.key,
      path: search ? `${path}?${search}` : path,
      body: route.method === "get" ? undefined : one.body,
      type: one.type,
    };
  });
}

async function answerTo(route: Route, { key, path, body, type }: Sent) {
  const limit = AbortSignal.timeout(IN_TIME_MS);
  const answer = await fetch(t.url + path, {
    method: route.method.toUpperCase(),
    redirect: "manual",
    signal: limit,
    headers: {
      ...(!(body instanceof FormData) && { "content-type": type }),
      ...(key && { authorization: `Bearer ${KEYS[key]}` }),
    },
    ...(body !== undefined && { body }),
  });
  const kind = answer.headers.get("content-type") ?? "";
  if (kind.startsWith("text/event-stream")) {
    await answer.body?.cancel();
    return { status: answer.status, kind, text: "" };
  }
  return { status: answer.status, kind, text: await answer.text() };
}

const SECRETS = [
  ...Object.values(KEYS),
  CLIENT_SECRET,
  "secret inside",
  "a secret key of more",
  "node_modules",
  "/src/",
];

// The routes are known before the tests are: a server of their own lists them.
const listing = await testApi();
const routes = listing.api.routes;
await listing.close();

const named = routes.map((route) => [nameOf(route), route] as const);

/** Held against the documentation of the route. */
function expectDocumented(route: Route, status: number, text: string): void {
  const documented = route.answers[status];
  expect(documented).toBeDefined();
  if (documented?.schema) expect(documented.schema.safeParse(JSON.parse(text)).error?.issues).toBeUndefined();
}

/** Id of a memory of the user acme. */
async function oneMemory(): Promise<string> {
  const owner = { orgId: "acme", userId: "acme" };
  await t.memories.keep(owner, [{ kind: "fact", subject: "pet", text: "Has a dog." }], { by: "given" });
  return (await t.memories.list(owner, { limit: 1 }))[0]?.memoryId ?? "";
}

test.each(named)("a good request: %s", async (name, route) => {
  const orgId = "acme";
  let callId = (await t.ask("acme", "POST", "/api/call/start", { org_id: orgId })).body.call_id as string;
  const onPhone = /\/(say|transfer)$/.test(route.path) || name === "post /api/calls/{call_id}/recording";
  if (onPhone) callId = "call_19";
  if (route.method === "delete") await t.ask("acme", "POST", "/api/call/end", { call_id: callId });
  if (route.path.endsWith("/recording"))
    t.store.update(callId, { recording: { file: "a.wav", consent: "given", durationMs: 1 } });
  // One that waits, where it is asked about; an organization has room for some only.
  const asked = route.path.includes("{confirmation_id}")
    ? await t.confirmations.ask({ callId, orgId, tool: "desktop__Click", arguments: {} })
    : undefined;
  if (name === "post /ws/disconnect/{session_id}") {
    const ends = { from: "", to: "", channel: "browser", direction: "inbound" } as const;
    const carrierId = socketCarrierId.of("session123", callId);
    await t.state.heartbeat("one", 60_000);
    await t.state.enlist({
      callId: "call_20",
      carrierId,
      orgId,
      instance: "one",
      startedAt: "2026-01-01T00:00:00.000Z",
      ...ends,
    });
  }
  const values: Readonly<Record<string, string>> = {
    session_id: "session123",
    org_id: orgId,
    call_id: callId,
    name: "end_call",
    e164: "+15551110000",
    confirmation_id: asked?.confirmation.id ?? "none",
    memory_id: await oneMemory(),
    id: "sess_1",
  };
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, param: string) => values[param] ?? "");
  const good = route.body && GOOD_BODIES[name]?.(orgId, callId);
  const body = good instanceof FormData ? good : route.body && JSON.stringify(good);
  // What is about the whole server takes a key of the whole server.
  const key = name === "get /api/health-report" ? "root" : "acme";
  const { status, text } = await answerTo(route, { key, path, body, type: "application/json" });
  expect([status < 400, text]).toEqual([true, expect.any(String)]);
  expectDocumented(route, status, text);
});

test.each(named)(
  "any request: %s",
  async (_, route) => {
    await fc.assert(
      fc.asyncProperty(requests(route), async (sent) => {
        const { status, kind, text } = await answerTo(route, sent);
        expect(status).toBeLessThan(500);
        const mayMint = route.path === "/api/realtime/session" && status === 200;
        for (const secret of SECRETS) if (!(mayMint && secret === CLIENT_SECRET)) expect(text).not.toContain(secret);
        if (status >= 400) {
          expect(kind).toBe("application/problem+json; charset=utf-8");
          expect(JSON.parse(text)).toMatchObject({ type: "about:blank", status });
          return;
        }
        expectDocumented(route, status, text);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  120_000,
);

test("the log has neither a fault nor a key", () => {
  expect(t.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  const log = JSON.stringify(t.log.lines);
  for (const secret of SECRETS.slice(0, -2)) expect(log).not.toContain(secret);
});
