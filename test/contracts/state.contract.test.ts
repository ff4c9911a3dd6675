// The state contract over memory, alone and as the insurance of itself.
import { insured } from "../../src/state/insured.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { manualClock } from "../support/clock.ts";
import { stateContract } from "./state-suite.ts";

const clock = manualClock();
const later = async (ms: number): Promise<void> => clock.advance(ms);

const memory = createMemoryState({ clock });
stateContract("memory", () => ({ one: memory, other: memory, later }));

const shared = createMemoryState({ clock });
const [one, other] = [0, 1].map(() => insured(shared, createMemoryState({ clock })));
stateContract("insured", () => ({ one: one as typeof shared, other: other as typeof shared, later }));

test("no timer is left behind by any of it", () => {
  expect(clock.pending).toBe(0);
});
