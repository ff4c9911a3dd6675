// Two organizations on one server: whatever one's key asks for, the other's things do not exist. Every route is walked, so that a new
// one is looked at as well.
import type { Route } from "../../src/api/define-route.ts";
import { GOOD_BODIES, nameOf, phoneCall, testApi, type KeyName, type TestApi, type Told } from "./support.ts";

let t: TestApi;
let browserCall: string;
beforeEach(async () => {
  t = await testApi({ contacts: { Desk: "+15550003333" } });
  phoneCall(t.store, "call_1", "acme");
  phoneCall(t.store, "call_2", "acme");
  t.store.update("call_2", { status: "completed" });
  browserCall = (await t.ask("acme", "POST", "/api/call/start", { org_id: "acme", session_id: "sess_acme" })).body
    .call_id;
});
afterEach(() => t.close());

function ask(key: KeyName, route: Route, orgId: string, callId: string): Promise<Told> {
  const path = route.path.replace("{call_id}", callId).replace("{org_id}", orgId).replace("{name}", "end_call");
  const body = route.body && GOOD_BODIES[nameOf(route)]?.(orgId, callId);
  return t.ask(key, route.method.toUpperCase(), path, body);
}

/**
 * What OPEN_API can open belongs to who asks, not to an organization; so do sessions of the personal assistant, whose isolation is
 * tested in test/flows/assistant.test.ts.
 */
const isAboutOne = (route: Route): boolean =>
  route.access !== "public" &&
  route.access.group === undefined &&
  !route.path.startsWith("/api/voice-agent") &&
  (/\{(call_id|org_id)\}/.test(route.path) || nameOf(route) in GOOD_BODIES);

test("what is another organization's is answered exactly as what does not exist", async () => {
  const walked: string[] = [];
  for (const route of t.api.routes.filter(isAboutOne)) {
    walked.push(nameOf(route));
    for (const key of ["beta", "betaAdmin"] as const) {
      for (const callId of ["call_1", "CAcall_1", "call_2", browserCall]) {
        const foreign = await ask(key, route, "acme", callId);
        const nothing = await ask(key, route, "nobody", "call_nobody");
        expect([nameOf(route), key, foreign.status, foreign.text]).toEqual([nameOf(route), key, 404, nothing.text]);
      }
    }
    // A key that only looks is told the same, or that it may not do such things at all.
    expect([403, 404]).toContain((await ask("acmeReader", route, "beta", "call_nobody")).status);
  }
  expect(walked.length).toBeGreaterThanOrEqual(14);
  expect(t.commands).toEqual([]);
  // And nothing has happened to any of it.
  expect((await t.ask("acme", "GET", `/api/calls/${browserCall}`)).body).toMatchObject({
    phase: "greeting",
    transcript: [],
  });
  expect((await t.ask("root", "GET", "/api/calls")).body.calls).toHaveLength(3);
  expect((await t.organizations.get("acme"))?.config).toEqual({});
});

test("lists and exports hold one's own alone", async () => {
  phoneCall(t.store, "call_3", "beta");
  const idsOf = (told: Told): string[] => told.body.calls.map((call: { call_id: string }) => call.call_id);
  expect(idsOf(await t.ask("beta", "GET", "/api/calls"))).toEqual(["call_3"]);
  expect(idsOf(await t.ask("beta", "GET", "/api/calls?org_id=acme"))).toEqual([]);
  expect(idsOf(await t.ask("acmeReader", "GET", "/api/calls")).sort()).toEqual(
    ["call_1", "call_2", browserCall].sort(),
  );
  expect(idsOf(await t.ask("reader", "GET", "/api/calls?org_id=beta"))).toEqual(["call_3"]);
  expect(idsOf(await t.ask("root", "GET", "/api/calls"))).toHaveLength(4);

  expect(idsOf(await t.ask("beta", "GET", "/api/numbers/+15551110000/export"))).toEqual(["call_3"]);
  t.store.update("call_3", { status: "completed" });
  expect((await t.ask("beta", "DELETE", "/api/numbers/+15551110000")).body).toEqual({
    deleted: 1,
    live: 0,
    memories: 0,
  });
  expect((await t.ask("acme", "DELETE", "/api/numbers/%2B15551110000")).body).toEqual({
    deleted: 1,
    live: 1,
    memories: 0,
  });
  expect(idsOf(await t.ask("root", "GET", "/api/calls")).sort()).toEqual(["call_1", browserCall].sort());
});

test("a session's id of another organization is a new call's own", async () => {
  const other = await t.ask("beta", "POST", "/api/call/start", { org_id: "beta", session_id: "sess_acme" });
  expect(other.status).toBe(201);
  expect(other.body.call_id).not.toBe(browserCall);
});

test("keys that only look change nothing, on any route that changes something", async () => {
  for (const route of t.api.routes.filter(({ method, access }) => method !== "get" && access !== "public")) {
    expect([nameOf(route), (await ask("reader", route, "acme", "call_1")).status]).toEqual([nameOf(route), 403]);
  }
  expect(t.commands).toEqual([]);
});

test("nobody without a key gets anywhere, and is not told what is wrong with the request either", async () => {
  for (const route of t.api.routes.filter(({ access }) => access !== "public")) {
    const path = route.path.replaceAll(/\{\w+\}/g, "x");
    const told = await t.ask(undefined, route.method.toUpperCase(), `${path}?odd=1`, route.body && "{no json");
    expect([nameOf(route), told.status]).toEqual([nameOf(route), 401]);
    expect(told.text).not.toMatch(/odd|json/i);
  }
});
