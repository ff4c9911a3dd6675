// One-time tickets: each is taken once, by one of many, for what it is for, within its minute; and what is kept of it opens nothing.
import type { State } from "../../src/core/state.ts";
import { createTickets, TICKET_MS } from "../../src/http/tickets.ts";
import { systemIds } from "../../src/observe/system.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { manualClock } from "../support/clock.ts";

function setup() {
  const clock = manualClock();
  const state = createMemoryState({ clock });
  const keys: string[] = [];
  const spied: State = {
    ...state,
    put: (key, value, ttlMs) => (keys.push(key, JSON.stringify(value)), state.put(key, value, ttlMs)),
    first: (key, ttlMs) => (keys.push(key), state.first(key, ttlMs)),
  };
  const make = () => createTickets({ state: spied, clock, ids: systemIds });
  return { clock, keys, here: make(), elsewhere: make() };
}

test("one of many takes it, on whichever instance, and nobody after", async () => {
  const { here, elsewhere } = setup();
  const { ticket } = await here.issue("talk", { of: "ada" });
  const takers = await Promise.all([
    here.take("talk", ticket),
    elsewhere.take("talk", ticket),
    here.take("talk", ticket),
    here.take("talk", "../nothing"),
    here.take("talk", "x".repeat(10_000)),
  ]);
  expect(takers.filter((value) => value !== undefined)).toEqual([{ of: "ada" }]);
  expect(await elsewhere.take("talk", ticket)).toBeUndefined();
});

test("it is good for what it was made for, and a try with it elsewhere does not spend it", async () => {
  const { here } = setup();
  const { ticket } = await here.issue("assistant", { of: "ada" });
  expect(await here.take("talk", ticket)).toBeUndefined();
  expect(await here.take("assistant", ticket)).toEqual({ of: "ada" });
});

test("it is good for a minute, and says so", async () => {
  const { here, clock } = setup();
  const { ticket, expiresAt } = await here.issue("talk", {});
  expect(+expiresAt - +clock.date()).toBe(TICKET_MS);
  expect(TICKET_MS).toBeLessThanOrEqual(60_000);
  clock.advance(TICKET_MS);
  expect(await here.take("talk", ticket)).toBeUndefined();
});

test("the shared state never holds it", async () => {
  const { here, keys } = setup();
  const { ticket } = await here.issue("talk", { of: "ada" });
  await here.take("talk", ticket);
  expect(keys.length).toBeGreaterThan(2);
  expect(keys.join(" ")).not.toContain(ticket);
});
