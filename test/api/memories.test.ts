// What is remembered of users over the API: of oneself, and of another for administrators; never across users or organizations.
import { userOfNumber } from "../../src/core/caller-user.ts";
import type { Fact } from "../../src/core/memory.ts";
import { ThreadError } from "../../src/core/thread.ts";
import { phoneCall, testApi, type KeyName, type TestApi } from "./support.ts";

const FOUND: Fact = { kind: "preference", subject: "favourite tea", text: "Drinks green tea." };
const NAME = { kind: "identity", subject: "name", text: "Is Ada." } as const;
const ROUTINE = {
  kind: "routine",
  subject: "prep my day",
  text: "In the morning.",
  steps: ["calendar", "news"],
} as const;

let t: TestApi;
let find: () => Promise<readonly Fact[]>;
beforeEach(async () => {
  find = async () => [FOUND];
  t = await testApi({ factFinder: { find: () => find() } });
  for (const orgId of ["acme", "beta"]) await t.organizations.merge(orgId, {}, { by: "test", mayCreate: true });
});
afterEach(() => t.close());

const add = (key: KeyName, memories: readonly object[], more: object = {}) =>
  t.ask(key, "POST", "/api/memories", { memories, ...more });
const textsOf = async (key: KeyName, query = ""): Promise<string[]> =>
  (await t.ask(key, "GET", `/api/memories${query}`)).body.memories.map(({ text }: { text: string }) => text);

test("added, listed by pages and kinds, searched, forgotten one by one and all at once", async () => {
  const added = await add("acme", [NAME, ROUTINE]);
  expect(added).toMatchObject({
    status: 200,
    body: {
      memories: [
        { ...NAME, steps: null, kept: "added" },
        { ...ROUTINE, kept: "added" },
      ],
    },
  });
  expect((await add("acme", [{ ...NAME, text: "Is Ada B." }])).body.memories[0].kept).toBe("replaced");
  const page = await t.ask("acme", "GET", "/api/memories?limit=1");
  expect(page.body).toEqual({
    memories: [
      {
        memory_id: expect.stringMatching(/^mem_/),
        kind: "identity",
        subject: "name",
        text: "Is Ada B.",
        steps: null,
        created_at: expect.stringMatching(/Z$/),
        updated_at: expect.stringMatching(/Z$/),
      },
    ],
    next_cursor: expect.any(String),
  });
  expect(await textsOf("acme", `?limit=1&cursor=${page.body.next_cursor}`)).toEqual([ROUTINE.text]);
  expect(await textsOf("acme", "?kind=routine")).toEqual([ROUTINE.text]);
  const search = await t.ask("acme", "POST", "/api/memories/search", { query: "news in the morning", limit: 1 });
  expect(search.body.memories).toMatchObject([{ subject: "prep my day", found_by: "words", steps: ROUTINE.steps }]);
  const id = search.body.memories[0].memory_id;
  expect((await t.ask("acme", "DELETE", `/api/memories/${id}`)).status).toBe(204);
  expect((await t.ask("acme", "DELETE", `/api/memories/${id}`)).status).toBe(404);
  expect((await t.ask("acme", "DELETE", "/api/memories")).body).toEqual({ deleted: 1 });
  expect(await textsOf("acme")).toEqual([]);
});

test("an id that came out empty does not forget everything", async () => {
  await add("acme", [NAME]);
  for (const path of ["/api/memories/", "/api/memories//", "/api/memories/%20"])
    expect((await t.ask("acme", "DELETE", path)).status).toBe(404);
  expect(await textsOf("acme")).toEqual([NAME.text]);
});

test("found in messages by the model, which may fail", async () => {
  const messages = [{ role: "user", content: "I like green tea" }];
  const post = () => t.ask("acme", "POST", "/api/memories", { messages });
  expect((await post()).body).toEqual({ memories: [{ ...FOUND, steps: null, kept: "added" }], dropped: [] });
  expect((await post()).body.memories[0].kept).toBe("known");
  find = () => Promise.reject(new ThreadError("failed", "no JSON"));
  const failed = await post();
  expect([failed.status, failed.headers.get("content-type")]).toEqual([
    502,
    expect.stringMatching(/^application\/problem\+json/),
  ]);
  expect(await textsOf("acme")).toEqual([FOUND.text]);
});

test("what looks like a secret is not kept, and the answer says what and why, without it", async () => {
  const card = { kind: "fact", subject: "bank card", text: "It is 4111 1111 1111 1111." };
  const pin = { kind: "fact", subject: "PIN 4711", text: "Of the door." };
  const given = await add("acme", [NAME, card, pin]);
  const reason = {
    card: "It looks like the number of a payment card",
    password: "It looks like a password, PIN or code",
  };
  expect(given).toMatchObject({ status: 200, body: { memories: [{ subject: "name", kept: "added" }] } });
  expect(given.body.dropped).toEqual([
    { pointer: "/memories/1", subject: "bank card", reason: reason.card },
    { pointer: "/memories/2", subject: null, reason: reason.password },
  ]);
  // In messages whether or not the model obeys, which is told not to write it down.
  find = async () => [FOUND, { kind: "fact", subject: "mail", text: "The password is hunter2." }];
  const messages = ["I like green tea.", "My password is hunter2."].map((content) => ({ role: "user", content }));
  const post = (some = messages) => t.ask("acme", "POST", "/api/memories", { messages: some });
  expect((await post()).body).toMatchObject({
    memories: [{ subject: "favourite tea", kept: "added" }],
    dropped: [{ pointer: "/messages/1", subject: null, reason: reason.password }],
  });
  find = async () => [];
  expect((await post(messages.slice(1))).body).toEqual({
    memories: [],
    dropped: [{ pointer: "/messages/0", subject: null, reason: reason.password }],
  });
  find = async () => [{ kind: "fact", subject: "mail", text: "The password is hunter2." }];
  expect((await post(messages.slice(0, 1))).body).toEqual({
    memories: [],
    dropped: [{ pointer: null, subject: "mail", reason: reason.password }],
  });
  for (const { body } of [given, await post()]) expect(JSON.stringify(body)).not.toMatch(/4111|4711|hunter/);
});

test("given out whole, with where it comes from and what it said before", async () => {
  await t.ask("acme", "POST", "/api/memories", { messages: [{ role: "user", content: "x" }] });
  await add("acme", [{ ...FOUND, text: "Drinks coffee." }]);
  const told = await t.ask("acme", "GET", "/api/memories/export");
  expect(told.headers.get("content-disposition")).toMatch(/attachment/);
  const source = { by: "given", at: expect.any(String), call_id: null, turn: null };
  expect(told.body).toMatchObject({
    org_id: "acme",
    user_id: "acme",
    memories: [
      {
        text: "Drinks coffee.",
        source,
        earlier: [{ text: FOUND.text, source: { ...source, by: "conversation" }, until: expect.any(String) }],
        embedding_model: null,
      },
    ],
  });
});

describe("whose they are", () => {
  beforeEach(async () => {
    await add("acme", [NAME]);
    await add("beta", [{ ...NAME, text: "Is Bob." }]);
    await add("root", [{ ...NAME, text: "Is Root." }]);
  });

  test("one's own, by name and organization", async () => {
    expect(await textsOf("acme")).toEqual(["Is Ada."]);
    expect(await textsOf("beta")).toEqual(["Is Bob."]);
    expect(await textsOf("root")).toEqual(["Is Root."]);
    for (const key of ["acmeReader", "betaAdmin", "reader"] as const) expect(await textsOf(key)).toEqual([]);
    // The same name in another organization is somebody else.
    expect(await textsOf("root", "?user_id=acme")).toEqual([]);
    expect(await textsOf("root", "?user_id=beta&org_id=acme")).toEqual([]);
  });

  test("another's are for administrators of the organization", async () => {
    expect(await textsOf("root", "?user_id=acme&org_id=acme")).toEqual(["Is Ada."]);
    expect(await textsOf("betaAdmin", "?user_id=beta")).toEqual(["Is Bob."]);
    expect(await textsOf("betaAdmin", "?user_id=acme")).toEqual([]);
    const [, , foreign] = await Promise.all([
      t.ask("acmeReader", "GET", "/api/memories?user_id=acme"),
      t.ask("acme", "GET", "/api/memories?user_id=acme-reader"),
      t.ask("betaAdmin", "GET", "/api/memories?user_id=acme&org_id=acme"),
    ]);
    const nothing = await t.ask("betaAdmin", "GET", "/api/memories?user_id=acme&org_id=nobody");
    expect([foreign.status, foreign.text]).toEqual([404, nothing.text]);
    for (const [key, path] of [
      ["acmeReader", "/api/memories?user_id=acme"],
      ["acme", "/api/memories?user_id=acme-reader"],
      ["reader", "/api/memories?user_id=root"],
      ["reader", "/api/memories/export?user_id=acme&org_id=acme"],
    ] as const)
      expect([key, path, (await t.ask(key, "GET", path)).status]).toEqual([key, path, 403]);
    expect((await add("root", [ROUTINE], { user_id: "acme", org_id: "acme" })).status).toBe(200);
    expect(await textsOf("acme", "?kind=routine")).toEqual([ROUTINE.text]);
    expect((await add("root", [ROUTINE], { org_id: "nobody" })).status).toBe(404);
    expect((await t.ask("root", "DELETE", "/api/memories?user_id=acme&org_id=acme")).body).toEqual({ deleted: 2 });
    expect(await textsOf("beta")).toEqual(["Is Bob."]);
  });

  test("a guessed id, and names with anything in them, find nothing of anybody's", async () => {
    const [{ memory_id: id }] = (await t.ask("acme", "GET", "/api/memories")).body.memories;
    for (const key of ["beta", "betaAdmin", "root"] as const)
      expect((await t.ask(key, "DELETE", `/api/memories/${id}`)).status).toBe(404);
    for (const user of ["acme' or '1'='1", "%", "*", "'; drop table memories; --", "ACME", "acme ", "\u0430cme"])
      expect(await textsOf("betaAdmin", `?user_id=${encodeURIComponent(user)}`)).toEqual([]);
    expect(await textsOf("acme")).toEqual(["Is Ada."]);
  });

  test("who only looks changes nothing; nobody sees nothing", async () => {
    for (const [method, path, body] of [
      ["POST", "/api/memories", { memories: [NAME] }],
      ["DELETE", "/api/memories", undefined],
      ["DELETE", "/api/memories/mem_1", undefined],
    ] as const)
      expect((await t.ask("acmeReader", method, path, body)).status).toBe(403);
    for (const path of ["/api/memories", "/api/memories/export"])
      expect((await t.ask(undefined, "GET", path)).status).toBe(401);
  });
});

test.each([
  [{}],
  [{ memories: [] }],
  [{ messages: [] }],
  [{ memories: [NAME], messages: [{ role: "user", content: "x" }] }],
  [{ memories: [{ ...NAME, kind: "secret" }] }],
  [{ memories: [{ ...NAME, text: " " }] }],
  [{ memories: [{ ...NAME, text: "x".repeat(501) }] }],
  [{ memories: [{ ...NAME, text: "half \ud800" }] }],
  [{ memories: [{ ...NAME, steps: Array(21).fill("x") }] }],
  [{ memories: [{ ...NAME, memory_id: "mem_1" }] }],
  [{ messages: [{ role: "system", content: "x" }] }],
  [{ messages: [{ role: "user", content: 7 }] }],
  [{ memories: [NAME], userId: "acme" }],
  [{ memories: Array.from({ length: 51 }, () => NAME) }],
])("POST /api/memories refuses %j", async (body) => {
  expect((await t.ask("acme", "POST", "/api/memories", body)).status).toBe(400);
  expect(await textsOf("acme")).toEqual([]);
});

test.each(["limit=0", "limit=101", "limit=x", "kind=secret", "cursor=x", "cursor=999999999999999.mem_1", "more=1"])(
  "GET /api/memories refuses ?%s",
  async (query) => {
    expect((await t.ask("acme", "GET", `/api/memories?${query}`)).status).toBe(400);
  },
);

test("what is remembered of a caller goes with their number, in the organizations one sees", async () => {
  const number = "+15551110000";
  phoneCall(t.store, "call_1", "acme");
  t.store.update("call_1", { status: "completed" });
  const origin = { by: "conversation", callId: "call_1" } as const;
  for (const orgId of ["acme", "beta"]) await t.memories.keep({ orgId, userId: userOfNumber(number) }, [FOUND], origin);
  const exported = await t.ask("acme", "GET", `/api/numbers/${number}/export`);
  expect(exported.body.memories).toMatchObject([{ org_id: "acme", text: FOUND.text, source: { call_id: "call_1" } }]);
  expect((await t.ask("root", "GET", `/api/numbers/${number}/export`)).body.memories).toHaveLength(2);
  expect((await t.ask("acme", "DELETE", `/api/numbers/${number}`)).body).toMatchObject({ deleted: 1, memories: 1 });
  expect((await t.ask("root", "GET", `/api/numbers/${number}/export`)).body.memories).toMatchObject([
    { org_id: "beta" },
  ]);
  expect((await t.ask("root", "DELETE", `/api/numbers/${number}`)).body).toMatchObject({ memories: 1 });
});

test("no word of what is remembered, and no user, is in the log", async () => {
  await add("acme", [NAME]);
  await t.ask("acme", "GET", "/api/memories/export");
  await t.ask("root", "DELETE", "/api/memories?user_id=acme&org_id=acme");
  expect(JSON.stringify(t.log.lines)).not.toMatch(/Is Ada|user_id/);
});
