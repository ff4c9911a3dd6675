// Whose conversation a call goes on with: only a caller the carrier vouches for has one, and one call at a time.
import { createCallerThreads } from "../src/caller-threads.ts";
import type { CallParty } from "../src/core/call.ts";
import { StateUnavailable } from "../src/core/state.ts";
import { createMemoryState } from "../src/state/memory.ts";
import { manualClock } from "./support/clock.ts";

const clock = manualClock();
const make = (per: "call" | "caller", state = createMemoryState({ clock })) =>
  createCallerThreads(per, { state, clock });

let calls = 0;
const call = (change: Partial<CallParty> = {}): CallParty => ({
  callId: `call-${++calls}`,
  carrierId: `CA${calls}`,
  from: "+15551110001",
  to: "+15550002222",
  attested: true,
  channel: "phone",
  direction: "inbound",
  orgId: "default",
  ...change,
});

test("a caller's next call goes on with the thread of the last", async () => {
  const threads = make("caller");
  const first = call();
  expect(await threads.claim(first)).toBeUndefined();
  await threads.release(first, "thread-1");
  const second = call();
  expect(await threads.claim(second)).toBe("thread-1");
  await threads.release(second, "thread-2");
  expect(await threads.claim(call())).toBe("thread-2");
});

test("a call that made no thread leaves the one before", async () => {
  const threads = make("caller");
  const first = call();
  await threads.claim(first);
  await threads.release(first, "thread-1");
  const second = call();
  await threads.claim(second);
  await threads.release(second, undefined);
  expect(await threads.claim(call())).toBe("thread-1");
});

test("per call there is never one", async () => {
  const threads = make("call");
  const first = call();
  expect(await threads.claim(first)).toBeUndefined();
  await threads.release(first, "thread-1");
  expect(await threads.claim(call())).toBeUndefined();
});

describe("a fresh thread, always, for", () => {
  test.each<[string, Partial<CallParty>]>([
    ["an unattested caller", { attested: false }],
    ["a withheld number", { from: "anonymous" }],
    ["an empty number", { from: "" }],
    ["a placeholder of the carrier", { from: "+266696687x" }],
    ["a SIP address", { from: "sip:alice@example.com" }],
    ["a number that is none", { from: "+0123456789" }],
  ])("%s", async (_what, change) => {
    const threads = make("caller");
    const first = call(change);
    expect(await threads.claim(first)).toBeUndefined();
    await threads.release(first, "thread-1");
    expect(await threads.claim(call(change))).toBeUndefined();
  });

  test("a caller of whom nothing is attested", async () => {
    const threads = make("caller");
    const { attested: _attested, ...unknown } = call();
    await threads.claim(unknown);
    await threads.release(unknown, "thread-1");
    expect(await threads.claim({ ...unknown, callId: "other" })).toBeUndefined();
  });

  test("another organization, and another caller; not another number of the organization", async () => {
    const threads = make("caller");
    const first = call();
    await threads.claim(first);
    await threads.release(first, "thread-1");
    expect(await threads.claim(call({ orgId: "another" }))).toBeUndefined();
    expect(await threads.claim(call({ from: "+15551110002" }))).toBeUndefined();
    expect(await threads.claim(call({ to: "+15550003333" }))).toBe("thread-1");
  });

  test("whoever is forgotten", async () => {
    const threads = make("caller");
    const first = call();
    await threads.claim(first);
    await threads.release(first, "thread-1");
    await threads.forget(first);
    expect(await threads.claim(call())).toBeUndefined();
  });

  test("a second call of the same caller at the same time, which leaves nothing behind either", async () => {
    const threads = make("caller");
    const first = call();
    await threads.claim(first);
    await threads.release(first, "thread-1");
    const one = call();
    const other = call();
    expect([await threads.claim(one), await threads.claim(other)]).toEqual(["thread-1", undefined]);
    await threads.release(other, "thread-other");
    await threads.release(one, "thread-one");
    expect(await threads.claim(call())).toBe("thread-one");
  });
});

test("a caller whose call ended without a word can call again", async () => {
  const threads = make("caller");
  const first = call();
  await threads.claim(first);
  await threads.release(first, undefined);
  await threads.release(first, undefined);
  const second = call();
  await threads.claim(second);
  await threads.release(second, "thread-2");
  expect(await threads.claim(call())).toBe("thread-2");
});

describe("over several instances", () => {
  test("a caller's next call goes on with the last one's thread, and only one call holds it", async () => {
    const state = createMemoryState({ clock });
    const [one, other] = [make("caller", state), make("caller", state)];
    const first = call();
    await one.claim(first);
    await one.release(first, "thread-1");
    const [here, there] = [call(), call()];
    expect([await one.claim(here), await other.claim(there)]).toEqual(["thread-1", undefined]);
    await other.release(there, "thread-other");
    expect(await other.claim(call())).toBeUndefined();
    await one.release(here, "thread-2");
    expect(await other.claim(call())).toBe("thread-2");
  });

  test("a call that goes on elsewhere keeps its place", async () => {
    const state = createMemoryState({ clock });
    const [dead, other] = [make("caller", state), make("caller", state)];
    const first = call();
    await other.claim(first);
    await other.release(first, "thread-1");
    const cut = call();
    await dead.claim(cut);
    expect(await other.claim(cut)).toBe("thread-1");
    expect(await other.claim(call())).toBeUndefined();
  });

  test("the place of a call that died with its instance is free for one, and that of a live one is not", async () => {
    const state = createMemoryState({ clock });
    const [dead, other] = [make("caller", state), make("caller", state)];
    const first = call();
    await other.claim(first);
    await other.release(first, "thread-1");
    const lost = call();
    await dead.claim(lost);
    await state.heartbeat("i", 60_000);
    await state.enlist({ ...lost, instance: "i", startedAt: "" });
    clock.advance(40_000);
    expect(await other.claim(call())).toBeUndefined();
    await state.delist(lost.callId, "i");
    const claims = await Promise.all([call(), call()].map((one) => other.claim(one)));
    expect(claims.filter(Boolean)).toEqual(["thread-1"]);
  });

  test("without the shared state every thread is a fresh one", async () => {
    const away = (): Promise<never> => Promise.reject(new StateUnavailable());
    const state = { ...createMemoryState({ clock }), first: away, put: away, get: away, drop: away };
    const threads = make("caller", state);
    const first = call();
    expect(await threads.claim(first)).toBeUndefined();
    await threads.release(first, "thread-1");
  });
});
