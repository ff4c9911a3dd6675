// Changing a configuration: merged, checked as a whole, versioned, with its numbers; everything wrong told at once, nothing stored.
import { NumberTaken, type OrganizationStore } from "../../src/core/stores.ts";
import { issueAt, noMisgivings } from "../../src/organizations/check.ts";
import { mergeConfig, replaceConfig, type Fields, type MergeOptions } from "../../src/organizations/merge.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";

const ADA: MergeOptions = { by: "ada", mayCreate: true };

function setup() {
  const store = createMemoryStorage().organizations;
  const merge = (fields: Fields, options: MergeOptions = ADA, orgId = "shop") =>
    mergeConfig(store, noMisgivings, orgId, fields, options);
  const configOf = async (orgId = "shop") => (await store.get(orgId))?.config;
  return { store, merge, configOf };
}

test("the fields given replace those there are, null takes one away, and each change is a version", async () => {
  const { store, merge, configOf } = setup();
  expect(await merge({ name: "Shop", facts: ["We sell bread."], limits: { call_minutes: 10 } })).toMatchObject({
    kind: "stored",
    created: true,
    row: { version: 1, updatedBy: "ada" },
  });
  expect(await merge({ greeting: "Hello.", limits: { concurrent_calls: 2 }, facts: null })).toMatchObject({
    kind: "stored",
    created: false,
    row: { version: 2 },
  });
  expect(await configOf()).toEqual({ name: "Shop", greeting: "Hello.", limits: { concurrent_calls: 2 } });
  expect((await store.versions("shop")).map(({ version, config }) => [version, config.name])).toEqual([
    [2, "Shop"],
    [1, "Shop"],
  ]);
});

test("a configuration that is put as a whole replaces everything", async () => {
  const { store, merge, configOf } = setup();
  await merge({ name: "Shop", numbers: ["+15550001111"] });
  await replaceConfig(store, noMisgivings, "shop", { greeting: "Hello." }, ADA);
  expect(await configOf()).toEqual({ greeting: "Hello." });
  expect(await store.ownerOf("+15550001111")).toBeUndefined();
});

test("what is stored is what was written: defaults stay out of it", async () => {
  const { merge, configOf } = setup();
  await merge({ escalation: { contacts: [{ name: "Bob", number: "+15550001111" }] } });
  expect(await configOf()).toEqual({ escalation: { contacts: [{ name: "Bob", number: "+15550001111" }] } });
});

test("every error is listed with its place, and nothing is changed", async () => {
  const { store, merge } = setup();
  await merge({ name: "Shop" });
  const result = await merge({
    name: 7,
    greting: "Hello.",
    numbers: ["5551234", "+15550001111", "+15550001111"],
    hours: {
      timezone: "Mars/Olympus",
      open: [
        { day: 7, from: "24:00", to: "25:00" },
        { day: 1, from: "08:00", to: "08:00" },
      ],
    },
    intake: {
      fields: [
        { name: "Reason", type: "text", ask: "Why?" },
        { name: "kind", type: "choice", ask: "Which?" },
        { name: "age", type: "number", ask: "How old?", choices: ["old"] },
      ],
    },
    persona: "line\u0000",
    phrases: { hello: "Hello." },
    limits: { call_minute: 3 },
    "a/b~c": 1,
  });
  expect(result.kind).toBe("invalid");
  if (result.kind !== "invalid") return;
  const told = result.issues.map(({ in: where, pointer, detail }) => `${where}${pointer} ${detail}`).sort();
  expect(told).toMatchSnapshot();
  expect((await store.get("shop"))?.version).toBe(1);
  expect((await store.numbers()).size).toBe(0);
});

test("what only the program can know is refused in the same way", async () => {
  const { store } = setup();
  const refused = await mergeConfig(
    store,
    ({ limits }) => (limits?.spend_per_day === undefined ? [] : [issueAt(["limits", "spend_per_day"], "needs prices")]),
    "shop",
    { limits: { spend_per_day: 5 } },
    ADA,
  );
  expect(refused).toEqual({
    kind: "invalid",
    issues: [{ in: "body", pointer: "/limits/spend_per_day", detail: "needs prices" }],
  });
  expect(await store.get("shop")).toBeUndefined();
});

test("an unknown organization, a wrong id, an old version", async () => {
  const { merge, configOf } = setup();
  expect(await merge({}, { by: "bob", mayCreate: false })).toEqual({ kind: "unknown" });
  expect(await merge({}, { by: "bob", mayCreate: false }, "Not an id")).toEqual({ kind: "unknown" });
  expect(await merge({}, ADA, "Not an id")).toMatchObject({
    kind: "invalid",
    issues: [{ in: "path", pointer: "/org_id" }],
  });
  await merge({ name: "One" });
  await merge({ name: "Two" });
  expect(await merge({ name: "Three" }, { ...ADA, version: 1 })).toEqual({ kind: "stale", version: 2 });
  expect(await merge({ name: "Three" }, { ...ADA, version: 2 })).toMatchObject({ kind: "stored", row: { version: 3 } });
  expect(await configOf()).toEqual({ name: "Three" });
});

test("two who change different fields at once both succeed; with a version only one does", async () => {
  const { merge, configOf } = setup();
  await merge({ name: "Shop" });
  await Promise.all([merge({ greeting: "Hello." }), merge({ persona: "Kind." }), merge({ language: "de" })]);
  expect(await configOf()).toEqual({ name: "Shop", greeting: "Hello.", persona: "Kind.", language: "de" });
  const results = await Promise.all(["a", "b"].map((name) => merge({ name }, { ...ADA, version: 4 })));
  expect(results.map(({ kind }) => kind).sort()).toEqual(["stale", "stored"]);
});

test("somebody who is always faster is not fought for ever", async () => {
  const { store } = setup();
  let asked = 0;
  const busy: OrganizationStore = { ...store, put: async () => (asked++, undefined) };
  expect(await mergeConfig(busy, noMisgivings, "shop", {}, ADA)).toEqual({ kind: "stale", version: 0 });
  expect(asked).toBe(8);
});

test("numbers follow the configuration, and one that is taken changes nothing", async () => {
  const { store, merge, configOf } = setup();
  await merge({ numbers: ["+15550001111", "+15550002222"] });
  expect(await store.numbersOf("shop")).toEqual(["+15550001111", "+15550002222"]);
  await merge({ name: "Shop" });
  expect(await store.numbersOf("shop")).toHaveLength(2);
  await expect(merge({ name: "Thief", numbers: ["+15550003333", "+15550001111"] }, ADA, "thief")).rejects.toThrow(
    NumberTaken,
  );
  expect(await configOf("thief")).toBeUndefined();
  await merge({ numbers: null });
  expect(await store.numbersOf("shop")).toEqual([]);
});
