// The state over a real Redis server: the contract, and what happens while Redis is gone, frozen, or back with nothing in it.
import { stateFor } from "../../src/app/state.ts";
import type { Clock } from "../../src/core/clock.ts";
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
/** For where nothing is to fail: a command has its time even on a machine that stops for seconds. */
const patientClock: Clock = { ...systemClock, after: (ms, fn) => systemClock.after(ms * 4, fn) };
function make(clock: Clock, prefix?: string): RedisState {
  const made = createRedisState({
    url: redis.url,
    origin: systemIds.token(),
    clock,
    log,
    ...(prefix !== undefined && { prefix }),
  });
  states.push(made);
  return made;
}
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeAll(async () => {
  process.on("unhandledRejection", onUnhandled);
  redis = await startRedis();
});
afterAll(async () => {
  await Promise.all(states.map((state) => state.close()));
  await redis.close();
  process.off("unhandledRejection", onUnhandled);
});

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

describe("while all is well", () => {
  let one: RedisState;
  let other: RedisState;
  beforeAll(async () => {
    one = make(patientClock);
    other = make(patientClock);
    await Promise.all([one.open(), other.open()]);
  });
  afterAll(() => Promise.all([one.close(), other.close()]));

  stateContract("redis", () => ({ one, other, later: (ms) => redis.age(ms) }));

  test("installations with other prefixes do not meet on one server", async () => {
    const stranger = make(patientClock, "other:");
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

async function expectAway(state: RedisState): Promise<void> {
  const outcomes = await Promise.allSettled(asks(state));
  for (const outcome of outcomes) {
    expect(outcome.status).toBe("rejected");
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(StateUnavailable);
  }
}

/** What is answered once all is well again; on a machine that stops for a moment a command may be given up before. */
async function answer<Value>(ask: () => Promise<Value>): Promise<Value> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StateUnavailable) || performance.now() > deadline) throw error;
      await new Promise(setImmediate);
    }
  }
}

let one: RedisState;
let other: RedisState;
test("two instances are up", async () => {
  one = make(systemClock);
  other = make(systemClock);
  await Promise.all([one.open(), other.open()]);
  await until("both are up", () => one.isUp() && other.isUp());
});

describe("Redis is gone", () => {
  test("everything is refused, nothing waits, and after its return it is all there", async () => {
    const heard: unknown[] = [];
    const end = other.subscribe("outage", (message) => heard.push(message));
    const told = () => log.lines.filter(({ message }) => message === "Redis cannot be reached").length;
    const before = told();
    await redis.kill();
    // One line for each connection, however much is asked of it.
    await until("the loss is noticed", () => !one.isUp() && !other.isUp() && told() === before + 4);
    await expectAway(one);
    await one.heartbeat("i", 1000);
    for (let n = 0; n < 5000; n++) one.publish("outage", { lost: n });
    expect(told()).toBe(before + 4);
    await redis.start();
    await until("both are back", () => one.isUp() && other.isUp());
    expect(await answer(() => one.get("back"))).toBeUndefined();
    // Subscriptions come back by themselves, and what was published meanwhile is not sent late.
    await until("it is heard", () => {
      one.publish("outage", "back");
      return heard.length > 0;
    });
    expect(heard[0]).toBe("back");
    end();
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
    const late = make(systemClock);
    await late.open();
    expect(late.isUp()).toBe(false);
    await redis.start();
    await until("it came up", () => late.isUp());
    expect(await answer(() => late.get("late"))).toBeUndefined();
    await until("all are back", () => one.isUp() && other.isUp());
  });
});

describe("Redis answers nothing", () => {
  test("every question is given up after a while, the next ones at once, and it recovers", async () => {
    redis.freeze();
    await expectAway(one);
    // While it is not up nothing is sent at all.
    expect(one.isUp()).toBe(false);
    await expectAway(one);
    // Nobody asks the other one, and it notices too.
    await until("a silent connection is noticed", () => !other.isUp());
    redis.thaw();
    await until("both are back", () => one.isUp() && other.isUp());
    expect(await answer(() => other.get("thawed"))).toBeUndefined();
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
  const state = stateFor(
    { USE_REDIS: true, REDIS_URL: redis.url },
    { log, meter, clock: patientClock, ids: systemIds },
  );
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
