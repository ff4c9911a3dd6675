// A client of the personal assistant that takes what it is sent too slowly: OpenAI is not read meanwhile, and whoever never catches up is
// given up.
import { createSlowClient } from "../../src/app/assistant/slow-client.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

function setUp() {
  const time = createVirtualTime();
  const told: string[] = [];
  const client = { waiting: 0 };
  const slow = createSlowClient({
    clock: time.clock,
    waiting: () => client.waiting,
    read: (on) => void told.push(on ? "read" : "stop"),
    giveUp: () => void told.push("give up"),
  });
  return { time, told, client, slow };
}

test("with 4 MB waiting nothing more is read, until no more than 1 MB waits", async () => {
  const { time, told, client, slow } = setUp();
  client.waiting = 4_000_000;
  slow.sent();
  expect([told, time.pending()]).toEqual([[], 0]);
  client.waiting = 4_000_001;
  for (let n = 0; n < 100; n++) slow.sent();
  expect(told).toEqual(["stop"]);
  expect(time.pending()).toBe(1);
  client.waiting = 1_000_001;
  await time.run(10_000);
  expect(told).toEqual(["stop"]);
  client.waiting = 1_000_000;
  await time.run(100);
  expect([told, time.pending()]).toEqual([["stop", "read"], 0]);
  // And all over again.
  client.waiting = 5_000_000;
  slow.sent();
  expect(told).toEqual(["stop", "read", "stop"]);
  slow.close();
  expect(time.pending()).toBe(0);
});

test("a client that takes nothing for 20 s is given up, once", async () => {
  const { time, told, client, slow } = setUp();
  client.waiting = 4_500_000;
  slow.sent();
  await time.run(19_900);
  expect(told).toEqual(["stop"]);
  await time.run(200);
  expect(told).toEqual(["stop", "give up"]);
  await time.run(60_000);
  expect([told, time.pending()]).toEqual([["stop", "give up"], 0]);
});
