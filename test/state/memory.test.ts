// State in memory: one-time tokens, endings, expiry by the clock, bounds.
import type { CallEnding } from "../../src/core/call.ts";
import type { StreamGrant } from "../../src/core/state.ts";
import { createMemoryState } from "../../src/state/memory.ts";

function setup(limit?: number) {
  let time = 0;
  const clock = { now: () => time, date: () => new Date(0), after: () => () => undefined };
  const state = createMemoryState({ clock, ...(limit !== undefined && { limit }) });
  return { state, advance: (ms: number) => (time += ms) };
}
const grant = (carrierId: string): StreamGrant => ({
  party: {
    callId: `call-${carrierId}`,
    carrierId,
    from: "+1",
    to: "+2",
    channel: "phone",
    direction: "inbound",
    orgId: "default",
  },
  accountId: "AC1",
});
const hangup: CallEnding = { kind: "hangup", reason: "agent-hangup" };

describe("a token", () => {
  test("is taken once", async () => {
    const { state } = setup();
    await state.putToken("t", grant("CA1"), 60_000);
    expect(await state.unspentToken("CA1")).toBe("t");
    expect(await state.takeToken("t")).toEqual(grant("CA1"));
    expect(await state.takeToken("t")).toBeUndefined();
    expect(await state.unspentToken("CA1")).toBeUndefined();
  });

  test("goes to exactly one of many takers at the same time", async () => {
    const { state } = setup();
    await state.putToken("t", grant("CA1"), 60_000);
    const taken = await Promise.all(Array.from({ length: 50 }, () => state.takeToken("t")));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test("lives up to its time and not a moment longer", async () => {
    const { state, advance } = setup();
    await state.putToken("t", grant("CA1"), 60_000);
    advance(59_999);
    expect(await state.unspentToken("CA1")).toBe("t");
    advance(1);
    expect(await state.unspentToken("CA1")).toBeUndefined();
    expect(await state.takeToken("t")).toBeUndefined();
  });

  test("replaces the one given out before for the same call", async () => {
    const { state } = setup();
    await state.putToken("old", grant("CA1"), 60_000);
    await state.putToken("new", grant("CA1"), 60_000);
    expect(await state.takeToken("old")).toBeUndefined();
    expect(await state.unspentToken("CA1")).toBe("new");
    expect(await state.takeToken("new")).toBeDefined();
  });

  test("of one call is not touched by another call's", async () => {
    const { state } = setup();
    await state.putToken("a", grant("CA1"), 60_000);
    await state.putToken("b", grant("CA2"), 60_000);
    await state.takeToken("a");
    expect(await state.unspentToken("CA2")).toBe("b");
  });

  test("that nobody gave out is none, whatever it is called", async () => {
    const { state } = setup();
    for (const name of ["", "x", "__proto__", "constructor"]) expect(await state.takeToken(name)).toBeUndefined();
  });

  test("is dropped when newer ones fill the place", async () => {
    const { state } = setup(3);
    for (const n of [1, 2, 3, 4]) await state.putToken(`t${n}`, grant(`CA${n}`), 60_000);
    expect(await state.unspentToken("CA1")).toBeUndefined();
    expect(await state.takeToken("t1")).toBeUndefined();
    for (const n of [2, 3, 4]) expect(await state.unspentToken(`CA${n}`)).toBe(`t${n}`);
  });
});

describe("an ending", () => {
  test("is kept for five hours, and the newest counts", async () => {
    const { state, advance } = setup();
    await state.putEnding("CA1", { kind: "reconnect", reason: "line-lost" });
    await state.putEnding("CA1", hangup);
    advance(5 * 3_600_000 - 1);
    expect(await state.getEnding("CA1")).toEqual(hangup);
    advance(1);
    expect(await state.getEnding("CA1")).toBeUndefined();
  });

  test("does not crowd out memory", async () => {
    const { state } = setup(2);
    for (const n of [1, 2, 3]) await state.putEnding(`CA${n}`, hangup);
    expect(await state.getEnding("CA1")).toBeUndefined();
    expect(await state.getEnding("CA3")).toEqual(hangup);
  });
});

test("closing forgets everything, twice without harm", async () => {
  const { state } = setup();
  await state.putToken("t", grant("CA1"), 60_000);
  await state.putEnding("CA1", hangup);
  await state.close();
  await state.close();
  expect(await state.takeToken("t")).toBeUndefined();
  expect(await state.getEnding("CA1")).toBeUndefined();
});
