// The state over a real Redis server: the contract, and what happens while Redis is gone, frozen, or back with nothing in it.
import { setTimeout as pass } from "node:timers/promises";
import { stateFor } from "../../src/app/state.ts";
import { StateUnavailable, type StreamGrant } from "../../src/core/state.ts";
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { createRedisState, type RedisState } from "../../src/state/redis.ts";
import { stateContract } from "../contracts/state-suite.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { startRedis, type Redis } from "./redis.ts";

let redis: Redis;
const log = keptLog();
const states: RedisState[] = [];
const make = (prefix?: string): RedisState => {
  const made = createRedisState({
    url: redis.url,
    origin: systemIds.token(),
    clock: systemClock,
    log,
    ...(prefix !== undefined && { prefix }),
  });
  states.push(made);
  return made;
};
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

let one: RedisState;
let other: RedisState;
beforeAll(async () => {
  process.on("unhandledRejection", onUnhandled);
  redis = await startRedis();
  one = make();
  other = make();
  await Promise.all([one.open(), other.open()]);
});
afterAll(async () => {
  await Promise.all(states.map((state) => state.close()));
  await redis.close();
  process.off("unhandledRejection", onUnhandled);
});

stateContract("redis", () => ({ one, other, later: (ms) => pass(ms) }));

const grant = (carrierId: string): StreamGrant => ({
  party: {
    callId: `call-${carrierId}`,
    carrierId,
    from: "+15550001111",
    to: "+15550002222",
    channel: "phone",
    direction: "inbound",
    orgId: "default",
  },
  accountId: "AC1",
});

test("installations with other prefixes do not meet on one server", async () => {
  const stranger = make("other:");
  await stranger.open();
  await one.put("key", "mine", 60_000);
  await one.putToken("token", grant("CA1"), 60_000);
  await one.heartbeat("instance", 60_000);
  expect(await stranger.get("key")).toBeUndefined();
  expect(await stranger.takeToken("token")).toBeUndefined();
  expect(await stranger.live()).toEqual([]);
  expect(await one.takeToken("token")).toBeDefined();
  await stranger.close();
});

test("nothing is kept for ever", async () => {
  await one.putToken("t", grant("CA2"), 60_000);
  await one.putEnding("CA2", { kind: "hangup", reason: "silence" });
  const call = { ...grant("CA2").party, instance: "i", startedAt: "2026-11-25T10:00:00.000Z" };
  await one.heartbeat("i", 60_000);
  await one.enlist(call);
  await one.putDraft(call.callId, { phase: "intake", transcript: [] });
  await one.hit("hits", 60_000);
  await one.first("first", 60_000);
  await one.put("value", 1, 60_000);
  const { createClient } = await import("redis");
  const client = createClient({ url: redis.url });
  await client.connect();
  const lasting: string[] = [];
  for (const key of await client.keys("*")) if ((await client.pTTL(key)) < 0) lasting.push(key);
  client.destroy();
  expect(lasting).toEqual([]);
});

/** Every method that has to answer, so that none waits for a Redis that is away. */
const asks = (state: RedisState): Promise<unknown>[] => [
  state.putToken("t", grant("CA3"), 1000),
  state.takeToken("t"),
  state.unspentToken("CA3"),
  state.putEnding("CA3", { kind: "hangup", reason: "silence" }),
  state.getEnding("CA3"),
  state.dropEnding("CA3"),
  state.enlist({ ...grant("CA3").party, instance: "i", startedAt: "" }),
  state.delist("call", "i"),
  state.live(),
  state.findLive("call"),
  state.takeDead(),
  state.putDraft("call", { phase: "intake", transcript: [] }),
  state.getDraft("call"),
  state.dropDraft("call"),
  state.hit("hits", 1000),
  state.first("first", 1000),
  state.put("key", 1, 1000),
  state.get("key"),
  state.drop("key"),
];

async function expectAway(state: RedisState): Promise<number> {
  const began = performance.now();
  const outcomes = await Promise.allSettled(asks(state));
  const took = performance.now() - began;
  for (const outcome of outcomes) {
    expect(outcome.status).toBe("rejected");
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(StateUnavailable);
  }
  return took;
}

describe("Redis is gone", () => {
  test("everything is refused at once, nothing waits, and a second after its return at the latest it is all there", async () => {
    const heard: unknown[] = [];
    const end = other.subscribe("outage", (message) => heard.push(message));
    await redis.kill();
    await until("the loss is noticed", () => !one.isUp() && !other.isUp());
    expect(await expectAway(one)).toBeLessThan(1100);
    await one.heartbeat("i", 1000);
    for (let n = 0; n < 5000; n++) one.publish("outage", { lost: n });
    await redis.start();
    await until("both are back", () => one.isUp() && other.isUp(), 5000);
    expect(await one.hit("back", 60_000)).toBe(1);
    // Subscriptions come back by themselves, and what was published meanwhile is not sent late.
    const deadline = performance.now() + 5000;
    while (heard.length === 0 && performance.now() < deadline) {
      one.publish("outage", "back");
      await pass(50);
    }
    expect(heard[0]).toBe("back");
    end();
    const lines = log.lines.filter(({ message }) => message === "Redis cannot be reached");
    // One line for each connection, however long it lasts.
    expect(lines).toHaveLength(4);
  });

  test("its own listeners hear what this instance publishes all the same", async () => {
    await redis.kill();
    await until("the loss is noticed", () => !one.isUp());
    const heard: unknown[] = [];
    const end = one.subscribe("local", (message) => heard.push(message));
    one.publish("local", 1);
    await until("it was heard", () => heard.length > 0);
    end();
    await redis.start();
    await until("both are back", () => one.isUp() && other.isUp());
    expect(heard).toEqual([1]);
  });

  test("a state that is opened then comes up by itself later", async () => {
    await redis.kill();
    const late = make();
    const began = performance.now();
    await late.open();
    expect(performance.now() - began).toBeLessThan(3000);
    expect(late.isUp()).toBe(false);
    await redis.start();
    await until("it came up", () => late.isUp());
    expect(await late.first("late", 1000)).toBe(true);
    await until("all are back", () => one.isUp() && other.isUp());
  });
});

describe("Redis answers nothing", () => {
  test("every question is given up within a second or so, the next ones at once, and it recovers", async () => {
    redis.freeze();
    const took = await expectAway(one);
    expect(took).toBeGreaterThan(600);
    expect(took).toBeLessThan(2000);
    expect(await expectAway(one)).toBeLessThan(500);
    // Nobody asks the other one, and it notices too.
    await until("a silent connection is noticed", () => !other.isUp(), 6000);
    redis.thaw();
    await until("both are back", () => one.isUp() && other.isUp(), 5000);
    expect(await other.hit("thawed", 60_000)).toBe(1);
  });
});

test("a wrong password and a host that is not there are said once, and nothing of the address is in the log", async () => {
  const kept = keptLog();
  for (const url of [redis.url.replace("//", "//user:geheim@"), "redis://:geheim@127.0.0.1:1"]) {
    const state = createRedisState({ url, origin: "x", clock: systemClock, log: kept });
    await state.open();
    expect(state.isUp()).toBe(false);
    await expect(state.get("key")).rejects.toBeInstanceOf(StateUnavailable);
    await state.close();
  }
  expect(kept.lines.length).toBeGreaterThanOrEqual(2);
  expect(JSON.stringify(kept.lines)).not.toContain("geheim");
});

test("with insurance a call that began without Redis goes its way on this instance, and Redis takes over again", async () => {
  const gauges: number[] = [];
  const meter = { ...keptMeter(), gauge: (_name: string, value: number) => void gauges.push(value) };
  const state = stateFor({ USE_REDIS: true, REDIS_URL: redis.url }, { log, meter, clock: systemClock, ids: systemIds });
  await state.open();
  expect(gauges).toEqual([0, 1]);
  await state.putEnding("CA9", { kind: "reconnect", reason: "line-lost" });
  await redis.kill();
  await until("the loss is noticed", () => !state.isUp());
  expect(gauges).toEqual([0, 1, 0]);
  expect(await state.first("webhook", 60_000)).toBe(true);
  expect(await state.first("webhook", 60_000)).toBe(false);
  await state.putToken("local", grant("CA9"), 60_000);
  expect(await state.unspentToken("CA9")).toBe("local");
  expect(await state.takeToken("local")).toEqual(grant("CA9"));
  await expect(state.takeToken("local")).rejects.toBeInstanceOf(StateUnavailable);
  await state.putEnding("CA9", { kind: "hangup", reason: "agent-hangup" });
  expect(await state.getEnding("CA9")).toEqual({ kind: "hangup", reason: "agent-hangup" });
  await expect(state.findLive("CA9")).rejects.toBeInstanceOf(StateUnavailable);
  await redis.start();
  await until("it is back", () => state.isUp());
  expect(await state.getEnding("CA9")).toEqual({ kind: "hangup", reason: "agent-hangup" });
  await state.putEnding("CA9", { kind: "hangup", reason: "silence" });
  expect(await state.getEnding("CA9")).toEqual({ kind: "hangup", reason: "silence" });
  await state.close();
});

test("in all of this no rejection was left unhandled", () => {
  expect(unhandled).toEqual([]);
});
