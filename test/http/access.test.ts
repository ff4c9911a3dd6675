// Who may call: keys of both kinds, sessions and their cookies, the guard against other sites, and the limits.
import { request } from "node:http";
import { createMemoryState } from "../../src/state/memory.ts";
import { StateUnavailable, type State } from "../../src/core/state.ts";
import { keyRow, KEYS, memoryKeys, testApi, type TestApi, type TestApiOptions } from "../api/support.ts";
import { manualClock } from "../support/clock.ts";

const open: TestApi[] = [];
async function start(options: TestApiOptions = {}): Promise<TestApi> {
  const made = await testApi(options);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const STORED = "stored-key-0123456789abcdef";

describe("keys", () => {
  test("of the configuration and of the store, with their roles", async () => {
    const t = await start({ keys: memoryKeys([keyRow({ name: "made", role: "read", orgId: "acme" }, STORED)]) });
    const me = await t.ask(undefined, "GET", "/api/me", undefined, bearer(STORED));
    expect([me.status, me.body]).toEqual([
      200,
      { name: "made", role: "read", org_id: "acme", csrf_token: null, expires_at: null },
    ]);
    const refused = await t.ask(undefined, "POST", "/api/call/start", { org_id: "acme" }, bearer(STORED));
    expect([refused.status, refused.body.detail]).toEqual([403, "This key may not do that"]);
    const other = await start();
    expect((await other.ask("root", "GET", "/api/me")).body).toMatchObject({
      name: "root",
      role: "admin",
      org_id: null,
    });
  });

  test.each([
    {},
    bearer(""),
    bearer(`${KEYS.root}x`),
    bearer(KEYS.root.slice(0, -1)),
    { authorization: KEYS.root },
    { authorization: `Basic ${KEYS.root}` },
    { cookie: `voicebridge=${KEYS.root}` },
  ])("anything else is nobody: %j", async (headers) => {
    const t = await start();
    const told = await t.ask(undefined, "GET", "/api/calls", undefined, headers);
    expect([told.status, told.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="api"']);
    expect(told.headers.get("content-type")).toContain("application/problem+json");
    expect(told.text).not.toContain(KEYS.root);
  });

  test("without any key the API is closed and says how to make one; loopback is nobody special", async () => {
    const t = await start({ keys: memoryKeys() });
    const told = await t.ask(undefined, "GET", "/api/calls");
    expect([told.status, told.body.detail]).toEqual([401, expect.stringContaining("npm run keys -- create")]);
    expect((await t.ask(undefined, "GET", "/health")).status).toBe(200);
  });

  test("a new key works at once, a revoked one stops within seconds, and the store is not asked every time", async () => {
    const clock = manualClock();
    const keys = memoryKeys();
    const t = await start({ keys, clock });
    const ask = async () => (await t.ask(undefined, "GET", "/api/me", undefined, bearer(STORED))).status;
    expect(await ask()).toBe(401);
    keys.rows.push(keyRow({ name: "made", role: "read" }, STORED));
    expect(await ask()).toBe(200);
    const before = keys.lookups;
    for (let n = 0; n < 5; n++) expect(await ask()).toBe(200);
    expect(keys.lookups).toBe(before);
    keys.rows[0] = { ...(keys.rows[0] as (typeof keys.rows)[0]), revokedAt: new Date() };
    clock.advance(5000);
    expect(await ask()).toBe(401);
  });
});

describe("sessions", () => {
  const logIn = (t: TestApi, headers: Record<string, string> = {}, key: string = KEYS.acme) =>
    t.ask(undefined, "POST", "/login", { key }, headers);
  const cookieOf = (told: { readonly headers: Headers }): string =>
    (told.headers.get("set-cookie") ?? "").split(";")[0] ?? "";

  test("a bad key opens none, and the person is told that it is the key", async () => {
    const told = await logIn(await start(), {}, "a-key-that-nobody-made");
    expect(told).toMatchObject({ status: 401, body: { detail: "This key is not known" } });
    expect(told.headers.get("set-cookie")).toBeNull();
  });

  test("a key opens one; the cookie is signed, HttpOnly, and plain over http", async () => {
    const t = await start();
    const told = await logIn(t);
    expect(told.body).toEqual({
      name: "acme",
      role: "organization",
      org_id: "acme",
      csrf_token: expect.stringMatching(/^[\w-]{43}$/),
      expires_at: expect.any(String),
    });
    const cookie = told.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^voicebridge=s%3A[^;]+; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
    expect(decodeURIComponent(cookie)).not.toContain(KEYS.acme);
    const me = await t.ask(undefined, "GET", "/api/me", undefined, { cookie: cookieOf(told) });
    expect(me.body).toEqual(told.body);
    expect(t.log.lines.filter(({ message }) => message.includes("plain http"))).toEqual([]); // This is loopback.
  });

  test("over https it is Secure and bound to its host", async () => {
    const behind = await start({ trustProxy: 1, sameSite: "none" });
    const told = await logIn(behind, { "x-forwarded-proto": "https" });
    expect(told.headers.get("set-cookie")).toMatch(
      /^__Host-voicebridge=.*; Path=\/;.*; HttpOnly; Secure; SameSite=None$/,
    );
    // The same cookie is none over plain http, and a plain one none over https.
    const plain = await behind.ask(undefined, "GET", "/api/me", undefined, { cookie: cookieOf(told) });
    expect(plain.status).toBe(401);
    const bare = (await logIn(behind)).headers.get("set-cookie") ?? "";
    expect(bare).toMatch(/^voicebridge=.*SameSite=Lax$/); // Browsers take None only with Secure.
    const https = { "x-forwarded-proto": "https", cookie: bare.split(";")[0] as string };
    expect((await behind.ask(undefined, "GET", "/api/me", undefined, https)).status).toBe(401);
  });

  test("what its public address says is https is https, where the proxy is silent", async () => {
    const t = await start({ publicOrigin: "https://voice.example.com" });
    const login = (host: string): Promise<string> =>
      new Promise((resolve, reject) => {
        request(
          `${t.url}/login`,
          { method: "POST", headers: { host, "content-type": "application/json" } },
          (answer) => {
            answer.resume();
            resolve(String(answer.headers["set-cookie"]));
          },
        )
          .on("error", reject)
          .end(JSON.stringify({ key: KEYS.acme }));
      });
    expect(await login("voice.example.com")).toMatch(/^__Host-.*Secure/);
    expect(t.log.lines.filter(({ message }) => message.includes("plain http"))).toEqual([]);
    expect(await login("intranet.example")).toMatch(/^voicebridge=/);
    expect(await login("intranet.example")).not.toContain("Secure");
    expect(t.log.lines.filter(({ message }) => message.includes("plain http"))).toHaveLength(1);
  });

  test.each([
    ["changed by a letter", (cookie: string) => cookie.slice(0, -1) + (cookie.endsWith("A") ? "B" : "A")],
    [
      "unsigned",
      (cookie: string) =>
        decodeURIComponent(cookie)
          .replace("=s:", "=")
          .replace(/\.[^.]*$/, ""),
    ],
    ["of nothing", () => "voicebridge=s%3A.x"],
    ["empty", () => "voicebridge="],
  ])("a cookie that is %s is none", async (_, change) => {
    const t = await start();
    const cookie = change(cookieOf(await logIn(t)));
    expect((await t.ask(undefined, "GET", "/api/me", undefined, { cookie })).status).toBe(401);
  });

  test("of a key made a moment ago is good at once, whatever was known of keys before", async () => {
    const keys = memoryKeys();
    const t = await start({ keys, clock: manualClock() });
    expect((await t.ask(undefined, "GET", "/api/me")).body.detail).toContain("npm run keys -- create");
    keys.rows.push(keyRow({ name: "made", role: "read" }, STORED));
    const cookie = cookieOf(await logIn(t, {}, STORED));
    expect((await t.ask(undefined, "GET", "/api/me", undefined, { cookie })).body).toMatchObject({ name: "made" });
  });

  test("ends with its time, with its key, and when it is left", async () => {
    const clock = manualClock();
    const keys = memoryKeys([keyRow({ name: "made", role: "admin" }, STORED)]);
    const t = await start({ keys, clock });
    const first = await logIn(t, {}, STORED);
    const cookie = cookieOf(first);
    const me = async () => (await t.ask(undefined, "GET", "/api/me", undefined, { cookie })).status;
    expect(await me()).toBe(200);
    const left = await t.ask(undefined, "POST", "/logout", {}, { cookie, "x-csrf-token": first.body.csrf_token });
    expect([left.status, left.headers.get("set-cookie")]).toEqual([
      204,
      expect.stringContaining("Expires=Thu, 01 Jan 1970"),
    ]);
    // Whoever kept the cookie has nothing either.
    expect(await me()).toBe(401);

    const second = cookieOf(await logIn(t, {}, STORED));
    const stillThere = async () => (await t.ask(undefined, "GET", "/api/me", undefined, { cookie: second })).status;
    expect(await stillThere()).toBe(200);
    clock.advance(12 * 3_600_000);
    expect(await stillThere()).toBe(401);

    const third = cookieOf(await logIn(t, {}, STORED));
    keys.rows[0] = { ...(keys.rows[0] as (typeof keys.rows)[0]), revokedAt: new Date() };
    clock.advance(5000);
    expect((await t.ask(undefined, "GET", "/api/me", undefined, { cookie: third })).status).toBe(401);
  });

  test("a page is told whose session it is, and that there is none", async () => {
    const t = await start();
    const ask = (headers: Record<string, string>) => t.ask(undefined, "GET", "/api/session", undefined, headers);
    expect((await ask({})).body).toEqual({ session: null });
    expect((await ask({ cookie: "voicebridge=s%3Aforged.forged" })).body).toEqual({ session: null });
    // A key is no session.
    expect((await ask(bearer(KEYS.root))).body).toEqual({ session: null });
    const cookie = cookieOf(await logIn(t));
    const { session } = (await ask({ cookie })).body;
    expect(session).toEqual((await t.ask(undefined, "GET", "/api/me", undefined, { cookie })).body);
    expect(session.csrf_token).toMatch(/\S{20}/);
  });

  test("a form logs in as well", async () => {
    const t = await start();
    const told = await fetch(`${t.url}/login`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ key: KEYS.root }),
      headers: { origin: t.url },
    });
    expect([told.status, told.headers.get("location")]).toEqual([303, "/"]);
    expect((await t.ask(undefined, "GET", "/api/me", undefined, { cookie: cookieOf(told) })).body.name).toBe("root");
  });

  describe("another site cannot use them", () => {
    const change = async (t: TestApi, headers: Record<string, string>) => {
      const cookie = cookieOf(await logIn(t));
      return (await t.ask(undefined, "POST", "/api/call/start", { org_id: "acme" }, { cookie, ...headers })).status;
    };
    test.each([
      [403, {}],
      [403, { "sec-fetch-site": "cross-site" }],
      [403, { "sec-fetch-site": "same-site" }],
      [403, { "sec-fetch-site": "none" }],
      [403, { origin: "https://evil.example" }],
      [403, { origin: "null" }],
      [403, { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
      [403, { "sec-fetch-site": "same-origin", "x-csrf-token": "wrong" }],
      [403, { "x-csrf-token": "" }],
      [201, { "sec-fetch-site": "same-origin" }],
      [201, { "sec-fetch-site": "cross-site", origin: "https://app.example" }],
      [201, { origin: "https://app.example" }],
    ])("%d for %j", async (status, headers) => {
      expect(await change(await start({ allowedOrigins: ["https://app.example"] }), headers)).toBe(status);
    });

    test("our own origin and the session's token are good", async () => {
      const t = await start();
      expect(await change(t, { origin: t.url })).toBe(201);
      const told = await logIn(t);
      const headers = { cookie: cookieOf(told), "x-csrf-token": told.body.csrf_token as string };
      expect((await t.ask(undefined, "POST", "/api/call/start", { org_id: "acme" }, headers)).status).toBe(201);
      // The token of another session is none.
      const other = { ...headers, cookie: cookieOf(await logIn(t)) };
      expect((await t.ask(undefined, "POST", "/api/call/start", { org_id: "acme" }, other)).status).toBe(403);
    });

    test("reading needs no proof; a key needs none either; nobody is logged in from elsewhere", async () => {
      const t = await start();
      const cookie = cookieOf(await logIn(t));
      expect(
        (await t.ask(undefined, "GET", "/api/calls", undefined, { cookie, "sec-fetch-site": "cross-site" })).status,
      ).toBe(200);
      const evil = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
      expect((await t.ask("acme", "POST", "/api/call/start", { org_id: "acme" }, evil)).status).toBe(201);
      expect((await logIn(t, evil)).status).toBe(403);
      expect((await t.ask(undefined, "POST", "/logout", {}, { cookie, ...evil })).status).toBe(403);
    });
  });
});

describe("cross-origin reading", () => {
  test("for exactly the origins of the list, with credentials", async () => {
    const t = await start({ allowedOrigins: ["https://app.example"] });
    const good = await t.ask("acme", "GET", "/api/calls", undefined, { origin: "https://app.example" });
    expect(good.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(good.headers.get("access-control-allow-credentials")).toBe("true");
    expect(good.headers.get("vary")).toContain("Origin");
    for (const origin of ["https://app.example.evil.example", "http://app.example", "null", "https://APP.example"]) {
      const told = await t.ask("acme", "GET", "/api/calls", undefined, { origin });
      expect(told.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("preflights are answered for them, and are an ordinary OPTIONS for others", async () => {
    const t = await start({ allowedOrigins: ["https://app.example"] });
    const asked = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
    const good = await t.ask(undefined, "OPTIONS", "/api/call/start", undefined, {
      origin: "https://app.example",
      ...asked,
    });
    expect([good.status, good.headers.get("access-control-allow-headers")]).toEqual([
      204,
      expect.stringContaining("X-CSRF-Token"),
    ]);
    const other = await t.ask(undefined, "OPTIONS", "/api/call/start", undefined, {
      origin: "https://evil.example",
      ...asked,
    });
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([405, null]);
  });
});

describe("limits", () => {
  test("each address and each key has its own, with Retry-After", async () => {
    const clock = manualClock();
    const t = await start({ clock, perMinute: 3, trustProxy: 1 });
    const from = (address: string, key: "acme" | "beta" = "acme") =>
      t.ask(key, "GET", "/api/me", undefined, { "x-forwarded-for": address });
    clock.advance(10_000);
    for (let n = 0; n < 3; n++) expect((await from("203.0.113.1")).status).toBe(200);
    const over = await from("203.0.113.1");
    expect([over.status, over.headers.get("retry-after")]).toEqual([429, "50"]);
    expect(over.headers.get("content-type")).toContain("application/problem+json");
    // The key's own limit, from another address; another key is not concerned.
    expect((await from("203.0.113.2")).status).toBe(429);
    expect((await from("203.0.113.3", "beta")).status).toBe(200);
    clock.advance(50_000);
    expect((await from("203.0.113.1")).status).toBe(200);
  });

  test("X-Forwarded-For is not believed without a proxy that is trusted; IPv6 counts by the /64", async () => {
    const t = await start({ perMinute: 2 });
    const statuses = [];
    for (let n = 0; n < 3; n++)
      statuses.push((await t.ask(undefined, "POST", "/logout", {}, { "x-forwarded-for": `203.0.113.${n}` })).status);
    expect(statuses).toEqual([204, 204, 429]);
    const six = await start({ perMinute: 2, trustProxy: 1 });
    const from = async (address: string) =>
      (await six.ask(undefined, "POST", "/logout", {}, { "x-forwarded-for": address })).status;
    expect([await from("2001:db8::1"), await from("2001:db8:0:0:ffff::2"), await from("2001:0db8::3")]).toEqual([
      204, 204, 429,
    ]);
    expect(await from("2001:db8:0:1::1")).toBe(204);
    expect([await from("::ffff:198.51.100.7"), await from("198.51.100.7"), await from("198.51.100.7")]).toEqual([
      204, 204, 429,
    ]);
  });

  test("they hold over instances that share a state, and each by itself while it is away", async () => {
    const state = createMemoryState({ clock: manualClock() });
    const one = await start({ state, perMinute: 2, instance: "one" });
    const other = await start({ state, perMinute: 2, instance: "other" });
    const me = async (t: TestApi) => (await t.ask("acme", "GET", "/api/me")).status;
    expect([await me(one), await me(other), await me(one)]).toEqual([200, 200, 429]);

    const away: State = { ...state, hit: () => Promise.reject(new StateUnavailable()) };
    const alone = await start({ state: away, perMinute: 2 });
    expect([await me(alone), await me(alone), await me(alone)]).toEqual([200, 200, 429]);
  });

  test("bad keys are soon too many: the address is turned away, good key or not, but not who was known before", async () => {
    const clock = manualClock();
    const t = await start({ clock });
    const known = () => t.ask("acme", "GET", "/api/me");
    expect((await known()).status).toBe(200);
    const statuses = [];
    for (let n = 0; n < 12; n++)
      statuses.push((await t.ask(undefined, "GET", "/api/me", undefined, bearer(`guess-${n}`))).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    const late = await t.ask("root", "GET", "/api/me");
    expect([late.status, Number(late.headers.get("retry-after"))]).toEqual([429, 60]);
    expect((await t.ask(undefined, "POST", "/login", { key: KEYS.root })).status).toBe(429);
    expect((await known()).status).toBe(200);
    clock.advance(60_000);
    expect((await t.ask("root", "GET", "/api/me")).status).toBe(200);
  });

  test("the login page counts its failures in the same way", async () => {
    const t = await start();
    const statuses = new Set<number>();
    for (let n = 0; n < 11; n++) statuses.add((await t.ask(undefined, "POST", "/login", { key: `guess-${n}` })).status);
    expect([...statuses]).toEqual([401, 429]);
  });
});
