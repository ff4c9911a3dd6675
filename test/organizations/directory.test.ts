// The directory: who owns a number, from memory; what changed, by announcement or by looking; a database that is away.
import { StoreUnavailable, type OrganizationStore } from "../../src/core/stores.ts";
import { issueAt, noMisgivings } from "../../src/organizations/check.ts";
import { createDirectory, ORGANIZATIONS_TOPIC } from "../../src/organizations/directory.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { keptLog } from "../support/observe.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

const SHOP = "+15550001111";

function setup(given?: Partial<OrganizationStore>, misgivings = noMisgivings) {
  const time = createVirtualTime();
  const { clock } = time;
  const memory = createMemoryStorage({ clock }).organizations;
  let away = false;
  const asked: string[] = [];
  const store = new Proxy(
    { ...memory, ...given },
    {
      get: (target, name: keyof OrganizationStore) =>
        away
          ? () => Promise.reject(new StoreUnavailable())
          : (...args: never[]) => (asked.push(name), (target[name] as (...all: never[]) => unknown)(...args)),
    },
  );
  const state = createMemoryState({ clock });
  const log = keptLog();
  const directory = createDirectory({ store, state, misgivings, clock, log });
  const changes: string[] = [];
  directory.onChange((changed) => changes.push(...changed.map(({ orgId, version }) => `${orgId} ${version}`)));
  return { time, memory, directory, state, log, asked, changes, goAway: (yes: boolean) => void (away = yes) };
}

test("numbers lead to their organization, others to the default one", async () => {
  const { memory, directory } = setup();
  await memory.put("shop", { name: "Shop", language: "de" }, 0, "ada", [SHOP]);
  await directory.start();
  expect(directory.organizationOf(SHOP)).toBe("shop");
  expect(directory.organizationOf("+15559999999")).toBe("default");
  expect(directory.organizationOf("")).toBe("default");
  expect(directory.of("shop")).toEqual({ orgId: "shop", version: 1, config: { name: "Shop", language: "de" } });
  expect(directory.of("nobody")).toEqual({ orgId: "nobody", version: 0, config: {} });
  expect(directory.all().map(({ orgId }) => orgId)).toEqual(["default", "shop"]);
  directory.close();
});

test("an announcement is followed at once, what nobody announced is found within 30 s", async () => {
  const { memory, directory, state, time, changes } = setup();
  await directory.start();
  expect(changes).toEqual(["default 1"]);
  await memory.put("shop", { name: "One" }, 0, "ada", [SHOP]);
  expect(directory.organizationOf(SHOP)).toBe("default");
  state.publish(ORGANIZATIONS_TOPIC, { orgId: "shop" });
  await time.run(0);
  expect(directory.organizationOf(SHOP)).toBe("shop");
  await memory.put("shop", { name: "Two" }, 1, "ada", []);
  await time.run(29_999);
  expect(directory.of("shop").config.name).toBe("One");
  await time.run(2);
  expect(directory.of("shop")).toMatchObject({ version: 2, config: { name: "Two" } });
  expect(directory.organizationOf(SHOP)).toBe("default");
  expect(changes).toEqual(["default 1", "shop 1", "shop 2"]);
  directory.close();
});

test("only what changed is read", async () => {
  const { memory, directory, asked, time } = setup();
  await memory.put("a", {}, 0, "ada");
  await memory.put("b", {}, 0, "ada");
  await directory.start();
  asked.length = 0;
  await time.run(30_000);
  expect(asked).toEqual(["revisions", "numbers"]);
  await memory.put("b", { name: "B" }, 1, "ada");
  await time.run(30_000);
  expect(asked.slice(2)).toEqual(["revisions", "get", "numbers"]);
  directory.close();
});

test("a database that goes away takes nothing with it, and is complained about once", async () => {
  const { memory, directory, log, time, goAway } = setup();
  await memory.put("shop", { name: "Shop" }, 0, "ada", [SHOP]);
  await directory.start();
  goAway(true);
  await time.run(300_000);
  expect(directory.organizationOf(SHOP)).toBe("shop");
  expect(directory.of("shop").config.name).toBe("Shop");
  expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  await memory.put("shop", { name: "Back" }, 1, "ada", [SHOP]);
  goAway(false);
  await time.run(30_000);
  expect(directory.of("shop").config.name).toBe("Back");
  expect(log.lines.at(-1)?.message).toBe("the organizations can be read again");
  directory.close();
});

test("a start without a database does not wait for it, and looks again soon", async () => {
  const { memory, directory, time, goAway } = setup();
  await memory.put("shop", {}, 0, "ada", [SHOP]);
  goAway(true);
  await directory.start();
  expect(directory.organizationOf(SHOP)).toBe("default");
  goAway(false);
  await time.run(2000);
  expect(directory.organizationOf(SHOP)).toBe("shop");
  directory.close();
});

test("a database that hangs holds up the start for 5 s at most", async () => {
  const { directory, time } = setup({ revisions: () => new Promise(() => {}) });
  let started = false;
  void directory.start().then(() => (started = true));
  await time.run(4999);
  expect(started).toBe(false);
  await time.run(1);
  expect(started).toBe(true);
  directory.close();
});

test("a stored configuration that does not fit leaves the one before in force", async () => {
  const { memory, directory, log } = setup();
  await memory.put("shop", { name: "Good" }, 0, "ada", [SHOP]);
  await directory.start();
  await memory.put("shop", { name: 7, secret: "x" }, 1, "somebody", [SHOP]);
  await directory.refresh();
  await directory.refresh();
  expect(directory.of("shop")).toEqual({ orgId: "shop", version: 2, config: { name: "Good" } });
  expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  expect(directory.organizationOf(SHOP)).toBe("shop");
  directory.close();
});

test("a change that comes while a look is under way is not missed", async () => {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  let looks = 0;
  const memory = createMemoryStorage().organizations;
  const { directory } = setup({
    ...memory,
    async revisions() {
      const found = await memory.revisions();
      if (++looks === 1) await gate;
      return found;
    },
  });
  const first = directory.refresh();
  await memory.put("shop", {}, 0, "ada", [SHOP]);
  const second = directory.refresh();
  release();
  await Promise.all([first, second]);
  expect(directory.of("shop").version).toBe(1);
  directory.close();
});

test("a closed directory leaves no timer and listens no more", async () => {
  const { directory, time, state, asked } = setup();
  await directory.start();
  directory.close();
  asked.length = 0;
  state.publish(ORGANIZATIONS_TOPIC, {});
  await time.run(100_000);
  expect(asked).toEqual([]);
  expect(time.pending()).toBe(0);
});

test("what a stored configuration says that the program cannot do any more is not heeded, the rest is", async () => {
  const { memory, directory, log } = setup(undefined, ({ limits }) =>
    limits?.spend_per_day === undefined ? [] : [issueAt(["limits", "spend_per_day"], "needs PRICES_FILE")],
  );
  const config = { name: "Shop", limits: { spend_per_day: 5, call_minutes: 3 } };
  await memory.put("shop", config, 0, "ada", [SHOP]);
  await directory.start();
  await directory.refresh();
  expect(directory.of("shop").config).toEqual({ name: "Shop", limits: { call_minutes: 3 } });
  expect(log.lines.filter(({ level }) => level === "warn")).toEqual([
    expect.objectContaining({
      fields: { orgId: "shop", version: 1, problems: "/limits/spend_per_day needs PRICES_FILE" },
    }),
  ]);
  // It is kept as it was written, for when there are prices again.
  expect((await memory.get("shop"))?.config).toEqual(config);
  directory.close();
});
