// Budgets: what calls cost and last, against what is allowed; on one instance, on two, after a restart, and while the shared state
// or the records are away.
import type { CallParty } from "../../src/core/call.ts";
import type { ModelUsage } from "../../src/core/usage.ts";
import { createBudgets, type Limits } from "../../src/organizations/budgets.ts";
import type { Organization } from "../../src/organizations/directory.ts";
import type { Prices } from "../../src/organizations/prices.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { createVirtualTime, settle } from "../support/virtual-time.ts";

const PRICES: Prices = {
  currency: "USD",
  models: { brain: { per_million_tokens: { input: 10, cached_input: 1, output: 100 } } },
  carrier: { per_minute: 0.01 },
};
const used = (input: number, model = "brain"): ModelUsage => ({ purpose: "thread", model, counts: { input } });
/** Tokens that cost so much. */
const worth = (cost: number): ModelUsage => used(cost * 100_000);

function world() {
  const time = createVirtualTime();
  return { time, state: createMemoryState({ clock: time.clock }), store: createMemoryCallStore() };
}

type World = ReturnType<typeof world>;

function instance(
  { time, state, store }: World,
  { limits = {}, ...parts }: Partial<Parameters<typeof createBudgets>[0]> & { readonly limits?: Limits } = {},
) {
  const log = keptLog();
  const meter = keptMeter();
  const organization: Organization = { orgId: "shop", version: 1, config: { limits } };
  const budgets = createBudgets({
    organizations: () => [organization],
    state,
    store,
    clock: time.clock,
    log,
    meter,
    prices: PRICES,
    ...parts,
  });
  let count = 0;
  const call = (more: Partial<CallParty> = {}) => {
    const reasons: string[] = [];
    const party = {
      callId: `call-${++count}`,
      orgId: "shop",
      channel: "phone",
      direction: "inbound",
      ...more,
    } as const;
    const budget = budgets.open(party, limits);
    budget.watch((reason) => reasons.push(reason));
    return { ...budget, reasons };
  };
  return { budgets, call, log, meter, most: () => budgets.mostCalls("shop", limits) };
}

const minutes = (count: number): number => count * 60_000;

describe("a call", () => {
  test("costs what its models and the minutes begun do", async () => {
    const all = world();
    const { call, meter } = instance(all);
    const one = call();
    one.used({ purpose: "thread", model: "brain", counts: { input: 1000, cached_input: 2000, output: 50 } });
    expect(one.cost()).toBeCloseTo(0.01 + 0.002 + 0.005 + 0.01, 12);
    await all.time.run(minutes(2) + 1);
    expect(one.cost()).toBeCloseTo(0.017 + 0.03, 12);
    one.close();
    one.close();
    const cost = (kind: string) => meter.total("voice_cost_usd_total", { kind });
    expect(cost("thread")).toBeCloseTo(0.017, 12);
    expect(cost("carrier")).toBeCloseTo(0.03, 12);
    expect(all.time.pending()).toBe(0);
  });

  test("from a browser has no carrier; in another currency its metric says which", () => {
    const { call, meter } = instance(world(), { prices: { ...PRICES, currency: "EUR" } });
    const one = call({ channel: "browser" });
    one.used(worth(2));
    expect(one.cost()).toBeCloseTo(2, 12);
    one.close();
    expect(meter.total("voice_cost_total", { currency: "EUR" })).toBeCloseTo(2, 12);
    expect(meter.total("voice_cost_usd_total")).toBe(0);
  });

  test("has no cost without prices, or where one is lacking, which is told once", () => {
    const without = instance(world(), { prices: undefined });
    const one = without.call();
    one.used(worth(1));
    expect(one.cost()).toBeUndefined();
    expect(without.log.lines).toEqual([]);

    const lacking = instance(world());
    const [first, second] = [lacking.call(), lacking.call()];
    for (const each of [first, first, second]) each.used(used(1, "other"));
    expect([first.cost(), second.cost()]).toEqual([undefined, undefined]);
    expect(lacking.log.lines.map(({ fields }) => fields.what)).toEqual(["other (input)"]);
  });

  test("ends at its limit of money, once, at the answer that reaches it", async () => {
    const all = world();
    const { call } = instance(all, { limits: { spend_per_call: 1 } });
    const one = call();
    one.used(worth(0.5));
    expect(one.reasons).toEqual([]);
    one.used(worth(0.49));
    one.used(worth(1));
    await all.time.run(minutes(1));
    expect(one.reasons).toEqual(["spend-limit"]);
    one.close();
    expect(all.time.pending()).toBe(0);
  });

  test("ends at its limit of money by the carrier's minutes alone, and though a price is lacking", async () => {
    const all = world();
    const { call } = instance(all, { limits: { spend_per_call: 0.03 } });
    const one = call();
    one.used(used(5, "other"));
    await all.time.run(minutes(2) - 1);
    expect(one.reasons).toEqual([]);
    await all.time.run(5001);
    expect(one.reasons).toEqual(["spend-limit"]);
    one.close();
  });

  test("that ended before it was watched leaves nothing behind", () => {
    const all = world();
    const { budgets } = instance(all, { limits: { spend_per_day: 1 } });
    budgets.open({ callId: "c", orgId: "shop", channel: "phone", direction: "inbound" }, { spend_per_day: 1 });
    expect(all.time.pending()).toBe(0);
  });
});

describe("the day", () => {
  test("of minutes: ends what is live, turns away what comes, and is over at midnight (UTC)", async () => {
    const all = world();
    const { call, most } = instance(all, { limits: { minutes_per_day: 3 } });
    const [one, two] = [call(), call()];
    await all.time.run(minutes(1.5) - 1000);
    expect([one.reasons, two.reasons]).toEqual([[], []]);
    expect(most()).toBe(Infinity);
    await all.time.run(7000);
    expect([one.reasons, two.reasons]).toEqual([["time-limit"], ["time-limit"]]);
    one.close();
    two.close();
    expect(most()).toBe(0);
    await all.time.run(24 * minutes(60));
    expect(most()).toBe(Infinity);
  });

  test("a call that goes on after a break is not another one: no limit begins anew, and nothing counts twice", async () => {
    const all = world();
    const limits = { spend_per_call: 1, spend_per_day: 5 };
    const { budgets, call, meter } = instance(all, { limits });
    const startedAt = all.time.clock.date().toISOString();
    const one = call();
    one.used({ purpose: "thread", model: "brain", counts: { input: 80_000 } });
    await all.time.run(minutes(2));
    one.close();
    await all.time.run(1000);
    const before = { startedAt, untilMs: minutes(2), usage: { turns: 4, "brain:input": 80_000, carrier_minutes: 2 } };
    const reasons: string[] = [];
    const party = { callId: "call-1", orgId: "shop", channel: "phone", direction: "inbound" } as const;
    const two = budgets.open(party, limits, before);
    two.watch((reason) => reasons.push(reason));
    expect(two.cost()).toBeCloseTo(0.8 + 0.03, 12);
    two.used(worth(0.2));
    expect(reasons).toEqual(["spend-limit"]);
    await all.time.run(minutes(1));
    expect(two.cost()).toBeCloseTo(1 + 0.04, 12);
    two.close();
    await settle();
    expect(meter.total("voice_cost_usd_total", { kind: "carrier" })).toBeCloseTo(0.04, 12);
    const day = all.time.clock.date().toISOString().slice(0, 10);
    expect(await all.state.add(`micros:shop:${day}`, 0, 1000)).toBe(1_040_000);
    expect(await all.state.add(`ms:shop:${day}`, 0, 1000)).toBe(minutes(3) + 1000);
  });

  test("of a call that goes on, where a price is lacking the cost stays unknown", () => {
    const { budgets } = instance(world());
    const party = { callId: "call-1", orgId: "shop", channel: "phone", direction: "inbound" } as const;
    const before = { startedAt: new Date(0).toISOString(), untilMs: 0, usage: { "stranger:input": 1 } };
    expect(budgets.open(party, {}, before).cost()).toBeUndefined();
  });

  test("of money: all calls of the organization together", async () => {
    const all = world();
    const { call, most } = instance(all, { limits: { spend_per_day: 1 } });
    const one = call();
    one.used(worth(0.6));
    one.close();
    await settle();
    const two = call();
    two.used(worth(0.3));
    expect(two.reasons).toEqual([]);
    two.used(worth(0.1));
    expect(two.reasons).toEqual(["spend-limit"]);
    two.close();
    expect(most()).toBe(0);
  });

  test("is one day for all instances: another one's calls end this one's", async () => {
    const all = world();
    const limits = { spend_per_day: 1, minutes_per_day: 60 };
    const [a, b] = [instance(all, { limits }), instance(all, { limits })];
    const [one, two] = [a.call({ callId: "one" }), b.call({ callId: "two" })];
    one.used(worth(0.9));
    two.used(worth(0.05));
    await all.time.run(10_000);
    expect([one.reasons, two.reasons]).toEqual([[], []]);
    two.used(worth(0.04));
    await all.time.run(10_000);
    expect([one.reasons, two.reasons]).toEqual([["spend-limit"], ["spend-limit"]]);
    one.close();
    two.close();
    // An instance that had no call knows as well.
    const c = instance(all, { limits });
    expect(c.most()).toBe(Infinity);
    c.budgets.start();
    await settle();
    expect(c.most()).toBe(0);
    c.budgets.close();
    expect(all.time.pending()).toBe(0);
  });

  test("after a restart begins with what the records say of today, once for all instances", async () => {
    const before = world();
    const limits = { minutes_per_day: 10 };
    const open = (callId: string, orgId: string, startedAt: Date, seconds?: number): void => {
      before.store.open(
        { callId, carrierId: `CA-${callId}`, from: "", to: "", channel: "phone", direction: "inbound", orgId },
        startedAt,
      );
      if (seconds !== undefined)
        before.store.update(callId, { status: "completed", durationSeconds: seconds, cost: 0.5 });
    };
    await before.time.run(minutes(60));
    const now = before.time.clock.date();
    open("1", "shop", new Date(+now - 24 * minutes(60)), 500);
    open("2", "shop", now, 300);
    open("3", "other", now, 300);
    open("4", "shop", now, 180);
    open("5", "shop", now);
    const [a, b] = [instance(before, { limits }), instance(before, { limits })];
    const [one, two] = [a.call({ callId: "one" }), b.call({ callId: "two" })];
    await before.time.run(minutes(1) - 5000);
    expect([one.reasons, two.reasons]).toEqual([[], []]);
    await before.time.run(10_001);
    expect([one.reasons, two.reasons]).toEqual([["time-limit"], ["time-limit"]]);
    one.close();
    two.close();
  });

  test("is kept by this instance while nothing else can be reached, and told when it can", async () => {
    const all = world();
    let away = true;
    const unless = <Result>(work: () => Promise<Result>): Promise<Result> =>
      away ? Promise.reject(new Error("away")) : work();
    const { state, store } = all;
    const broken: Pick<Parameters<typeof createBudgets>[0], "state" | "store"> = {
      state: {
        add: (...given) => unless(() => state.add(...given)),
        first: (...given) => unless(() => state.first(...given)),
      },
      store: { list: (filter) => unless(() => store.list(filter)) },
    };
    const limits = { minutes_per_day: 2, concurrent_calls: 3 };
    const { call, most, budgets } = instance(all, { limits, ...broken });
    budgets.start();
    const one = call();
    await all.time.run(minutes(1));
    one.close();
    const two = call();
    await all.time.run(minutes(0.5));
    expect(two.reasons).toEqual([]);
    expect(most()).toBe(3);
    away = false;
    await all.time.run(10_000);
    expect(await state.add(`ms:shop:${all.time.clock.date().toISOString().slice(0, 10)}`, 0, 1000)).toBeGreaterThan(
      minutes(1.5),
    );
    await all.time.run(minutes(0.5));
    expect(two.reasons).toEqual(["time-limit"]);
    two.close();
    budgets.close();
  });
});
