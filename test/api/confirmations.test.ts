// What waits for a confirmation over the API: seen by who may see the call, settled by who may change it, and by nobody else.
import { until } from "../support/until.ts";
import { KEYS, testApi, type TestApi } from "./support.ts";

let t: TestApi;
let id: string;
beforeEach(async () => {
  t = await testApi();
  const asked = await t.confirmations.ask({
    callId: "call_1",
    orgId: "acme",
    userId: "ada",
    tool: "desktop__Click-Tool",
    arguments: { loc: [1, 2] },
  });
  id = asked.confirmation.id;
});
afterEach(() => t.close());

const settle = (key: Parameters<TestApi["ask"]>[0], decision: unknown = "approve", which = id) =>
  t.ask(key, "POST", `/api/confirmations/${which}`, { decision });

test("it is listed with exactly what will be run", async () => {
  const { status, body } = await t.ask("acme", "GET", "/api/confirmations?call_id=call_1");
  expect(status).toBe(200);
  expect(body.confirmations).toMatchObject([
    { confirmation_id: id, org_id: "acme", user: "ada", tool: "desktop__Click-Tool", arguments: { loc: [1, 2] } },
  ]);
  expect((await t.ask("beta", "GET", "/api/confirmations")).body).toEqual({ confirmations: [] });
  expect((await t.ask("root", "GET", "/api/confirmations?org_id=beta")).body).toEqual({ confirmations: [] });
  expect((await t.ask(undefined, "GET", "/api/confirmations")).status).toBe(401);
});

test("who may change things in the organization sees all of it, who only looks sees their own", async () => {
  const ask = (orgId: string, userId?: string) =>
    t.confirmations.ask({ callId: `call_${userId}`, orgId, tool: "x", arguments: {}, ...(userId && { userId }) });
  const mine = await ask("acme", "acme-reader");
  // Somebody of the same name elsewhere.
  const theirs = await ask("acme", "reader");
  const nobodys = await ask("acme");
  const ofAll = [id, mine, theirs, nobodys].map((one) => (typeof one === "string" ? one : one.confirmation.id));
  const seen = async (key: Parameters<TestApi["ask"]>[0]) =>
    ((await t.ask(key, "GET", "/api/confirmations")).body.confirmations as { confirmation_id: string }[]).map(
      ({ confirmation_id: one }) => one,
    );
  expect(await seen("root")).toEqual(ofAll);
  expect(await seen("acme")).toEqual(ofAll);
  expect(await seen("acmeReader")).toEqual([mine.confirmation.id]);
  expect(await seen("reader")).toEqual([]);
  // Looking is all that it may, at its own as well.
  expect((await settle("acmeReader", "approve", mine.confirmation.id)).status).toBe(403);
});

test("the same holds for those who watch", async () => {
  const watching = new AbortController();
  const heard = { acme: "", acmeReader: "" };
  for (const key of ["acme", "acmeReader"] as const) {
    const { body } = await fetch(`${t.url}/api/live`, {
      headers: { authorization: `Bearer ${KEYS[key]}` },
      signal: watching.signal,
    });
    const text = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream());
    void (async () => {
      for await (const part of text) heard[key] += part;
    })().catch(() => undefined);
  }
  await until("both watch", () => Object.values(heard).every((text) => text.includes("event: snapshot")));
  const tool = "x";
  await t.confirmations.ask({ callId: "call_a", orgId: "acme", userId: "ada", tool, arguments: { of: "ada" } });
  await t.confirmations.ask({ callId: "call_b", orgId: "acme", userId: "acme-reader", tool, arguments: { of: "me" } });
  await until("both of them", () => heard.acme.includes('"of":"me"') && heard.acmeReader.includes('"of":"me"'));
  watching.abort();
  expect(heard.acme).toContain('"of":"ada"');
  expect(heard.acmeReader).not.toContain('"of":"ada"');
});

test("a key of the organization settles it, once", async () => {
  expect(await settle("acme")).toMatchObject({ status: 200, body: { status: "approved", decided_by: "acme" } });
  expect((await settle("root", "deny")).status).toBe(409);
  expect((await t.ask("acme", "GET", "/api/confirmations")).body).toEqual({ confirmations: [] });
});

test("nothing is settled once its call is over", async () => {
  const callId: string = (await t.ask("acme", "POST", "/api/call/start", { org_id: "acme" })).body.call_id;
  const { confirmation } = await t.confirmations.ask({ callId, orgId: "acme", tool: "x", arguments: {} });
  expect((await t.ask("acme", "POST", "/api/call/end", { call_id: callId })).status).toBe(200);
  for (const decision of ["approve", "deny"]) {
    const { status, body } = await settle("acme", decision, confirmation.id);
    expect([status, body.detail]).toEqual([409, "The call is over: nothing is run in it any more"]);
  }
  const { body } = await t.ask("acme", "GET", `/api/confirmations?call_id=${callId}`);
  expect(body).toEqual({ confirmations: [] });
});

test("nobody else does", async () => {
  expect((await settle(undefined)).status).toBe(401);
  expect((await settle("acmeReader")).status).toBe(403);
  expect((await settle("reader")).status).toBe(403);
  expect((await settle("beta")).status).toBe(404);
  expect((await settle("betaAdmin")).status).toBe(404);
  expect((await settle("root", "approve", "conf_nothing")).status).toBe(404);
  for (const bad of ["yes", true, null, {}]) expect((await settle("root", bad)).status).toBe(400);
  expect((await t.confirmations.pending()).map((one) => one.status)).toEqual(["pending"]);
});

test("a session needs to show that its own page asks", async () => {
  const login = await t.ask(undefined, "POST", "/login", { key: "root-key-0123456789abcdef" });
  const cookie = login.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  const foreign = { cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  const path = `/api/confirmations/${id}`;
  expect((await t.ask(undefined, "POST", path, { decision: "approve" }, foreign)).status).toBe(403);
  const own = { cookie, "sec-fetch-site": "same-origin" };
  expect((await t.ask(undefined, "POST", path, { decision: "deny" }, own)).body).toMatchObject({ status: "denied" });
});
