// What agents are saying when somebody begins to watch: told by each instance that holds calls, and not waited for where one is silent.
import { createAskWords } from "../../src/api/words-so-far.ts";
import { createWordsSoFar } from "../../src/app/words-so-far.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

function setup() {
  const time = createVirtualTime();
  const state = createMemoryState({ clock: time.clock });
  const flushed: string[] = [];
  const flush = async (callId: string) => void flushed.push(callId);
  const [one, other] = ["one", "other"].map((instance) => createWordsSoFar({ state, instance, flush }));
  const ask = createAskWords({ state, clock: time.clock, asker: "watch_1" });
  return { time, flushed, one, other, ask };
}

test("all instances tell, as far as it was told and is not over; of one call after its draft is written", async () => {
  const { time, flushed, one, other, ask } = setup();
  one?.told("call_1", 1, "We open at nine.");
  one?.told("call_1", 1, "And close");
  one?.told("call_1", 1, " at six.");
  one?.told("call_1", 2, "Anything");
  other?.told("call_2", 1, "One moment.");
  other?.told("call_3", 1, "Goodbye.");
  other?.ended("call_3");
  other?.told("call_4", undefined, "of nothing");
  const told: string[][] = [];
  const onTold = (calls: ReadonlyMap<string, unknown>) => void told.push([...calls.keys()]);
  const all = await ask({ instances: new Set(["one", "other"]), onTold });
  expect(Object.fromEntries(all)).toEqual({
    call_1: [
      { utterance: 1, text: "We open at nine. And close at six." },
      { utterance: 2, text: "Anything" },
    ],
    call_2: [{ utterance: 1, text: "One moment." }],
  });
  expect(told).toEqual([["call_1"], ["call_2"]]);
  expect(flushed).toEqual([]);
  one?.settled("call_1", 1);
  const look = { callId: "call_1", instances: new Set(["one"]), onTold };
  expect(Object.fromEntries(await ask(look))).toEqual({ call_1: [{ utterance: 2, text: "Anything" }] });
  expect(flushed).toContain("call_1");
  one?.settled("call_1", 2);
  expect((await ask(look)).size).toBe(0);
  expect(time.pending()).toBe(0);
});

test("an instance that is silent is not waited for; where nobody holds a call nobody is asked", async () => {
  const { time, one, ask } = setup();
  one?.told("call_1", 1, "We open");
  let found: ReadonlyMap<string, unknown> | undefined;
  const onTold = () => undefined;
  void ask({ instances: new Set(["one", "dead"]), onTold }).then((saying) => (found = saying));
  await time.run(200);
  expect(found).toBeUndefined();
  await time.run(200);
  expect([...(found?.keys() ?? [])]).toEqual(["call_1"]);
  expect((await ask({ instances: new Set(), onTold })).size).toBe(0);
  expect(time.pending()).toBe(0);
});

test("words that nobody waited for are told when somebody asks, and not after the call", async () => {
  const { one, ask } = setup();
  for (const callId of ["call_1", "call_2"]) one?.untold(callId, () => one.told(callId, 1, "We open at nine."));
  one?.ended("call_2");
  const all = await ask({ instances: new Set(["one"]), onTold: () => undefined });
  expect(Object.fromEntries(all)).toEqual({ call_1: [{ utterance: 1, text: "We open at nine." }] });
});
