// Call records in memory: opened, changed, found, bounded.
import type { CallParty } from "../../src/core/call.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";

const party = (n: number): CallParty => ({
  callId: `call-${n}`,
  carrierId: `CA${n}`,
  from: "+15550001111",
  to: "+15550002222",
  channel: "phone",
  direction: "inbound",
  orgId: "default",
});
const day = new Date("2026-11-21T10:00:00Z");

test("a record is opened, changed by merge and found by both ids", async () => {
  const store = createMemoryCallStore();
  store.open(party(1), day);
  expect(await store.get("call-1")).toMatchObject({
    ...party(1),
    status: "in-progress",
    startedAt: "2026-11-21T10:00:00.000Z",
    turns: [],
    timeline: [],
  });
  store.update("call-1", { status: "completed", endReason: "caller-hangup" });
  store.update("call-1", { carrierStatus: "completed" });
  const record = await store.findByCarrierId("CA1");
  expect(record).toMatchObject({ status: "completed", endReason: "caller-hangup", carrierStatus: "completed" });
  expect(await store.get("call-1")).toEqual(record);
});

test("opening twice keeps the first; unknown ids are ignored", async () => {
  const store = createMemoryCallStore();
  store.open(party(1), day);
  store.update("call-1", { endReason: "silence" });
  store.open(party(1), new Date(0));
  expect(await store.get("call-1")).toMatchObject({ endReason: "silence", startedAt: day.toISOString() });
  store.update("call-9", { endReason: "silence" });
  expect(await store.get("call-9")).toBeUndefined();
  expect(await store.findByCarrierId("CA9")).toBeUndefined();
});

test("a reader keeps what it read", async () => {
  const store = createMemoryCallStore();
  store.open(party(1), day);
  const before = await store.get("call-1");
  store.update("call-1", { status: "completed" });
  expect(before?.status).toBe("in-progress");
});

test("a call that gets its carrier's id later is found by it", async () => {
  const store = createMemoryCallStore();
  store.open({ ...party(1), carrierId: "" }, day);
  store.update("call-1", { carrierId: "CA1" });
  expect(await store.findByCarrierId("CA1")).toMatchObject({ callId: "call-1" });
  expect(await store.findByCarrierId("")).toBeUndefined();
});

test("the newest come first", async () => {
  const store = createMemoryCallStore();
  for (const n of [1, 2, 3]) store.open(party(n), day);
  expect((await store.list({ limit: 2 })).map(({ callId }) => callId)).toEqual(["call-3", "call-2"]);
  expect(await store.list({ limit: 0 })).toEqual([]);
  expect(await store.list({ limit: 10 })).toHaveLength(3);
});

test("when full, finished calls go before running ones", async () => {
  const store = createMemoryCallStore({ limit: 3 });
  for (const n of [1, 2, 3]) store.open(party(n), day);
  store.update("call-2", { status: "completed" });
  store.open(party(4), day);
  expect((await store.list({ limit: 9 })).map(({ callId }) => callId)).toEqual(["call-4", "call-3", "call-1"]);
  expect(await store.findByCarrierId("CA2")).toBeUndefined();
  store.open(party(5), day);
  expect((await store.list({ limit: 9 })).map(({ callId }) => callId)).toEqual(["call-5", "call-4", "call-3"]);
});

test("100 000 calls leave a bounded number of records", async () => {
  const store = createMemoryCallStore({ limit: 100 });
  for (let n = 0; n < 100_000; n++) {
    store.open(party(n), day);
    store.update(`call-${n}`, { status: "completed" });
  }
  expect(await store.list({ limit: 1e6 })).toHaveLength(100);
  await store.close();
  expect(await store.list({ limit: 1e6 })).toEqual([]);
});

test("the time line grows beside the changes, to a bound, and a copy is given out", async () => {
  const store = createMemoryCallStore();
  store.open(party(1), new Date(0));
  store.note("call-1", { atMs: 1, what: "one" });
  store.update("call-1", { status: "completed" });
  store.note("call-1", { atMs: 2, what: "two" });
  store.note("nobody", { atMs: 3, what: "three" });
  const before = await store.get("call-1");
  expect(before?.timeline.map(({ what }) => what)).toEqual(["one", "two"]);
  for (let n = 0; n < 6000; n++) store.note("call-1", { atMs: n, what: "again" });
  expect(before?.timeline).toHaveLength(2);
  expect((await store.get("call-1"))?.timeline).toHaveLength(5000);
  expect(await store.get("nobody")).toBeUndefined();
});
