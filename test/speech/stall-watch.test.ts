import { StallWatch } from "../../src/speech/stall-watch.ts";
import { manualClock } from "../support/clock.ts";

function rig() {
  const clock = manualClock();
  const told: string[] = [];
  const at = (what: string) => () => void told.push(`${what}@${Math.round(clock.now() / 100) / 10}`);
  const watch = new StallWatch(clock, { onTrouble: at("trouble"), onDead: at("dead") });
  return { clock, told, watch };
}

test("owing and silent: trouble at 3 s, dead at 6 s, then nothing", () => {
  const { clock, told, watch } = rig();
  clock.advance(100_000);
  watch.owing(true, true);
  clock.advance(60_000);
  expect(told).toEqual(["trouble@103", "dead@106"]);
  expect(clock.pending).toBe(0);
});

test("owing nothing may be silent for ever, without a timer", () => {
  const { clock, told, watch } = rig();
  watch.owing(false);
  watch.heard();
  expect(clock.pending).toBe(0);
  clock.advance(600_000);
  expect(told).toEqual([]);
});

test("whatever is heard starts the wait again", () => {
  const { clock, told, watch } = rig();
  watch.owing(true, true);
  for (let second = 0; second < 20; second += 2) {
    clock.advance(2000);
    watch.heard();
  }
  expect(told).toEqual([]);
  clock.advance(6100);
  expect(told).toEqual(["trouble@23", "dead@26"]);
});

test("trouble that passes may come again", () => {
  const { clock, told, watch } = rig();
  watch.owing(true, true);
  clock.advance(4000);
  watch.heard();
  clock.advance(4000);
  watch.heard();
  watch.owing(false);
  clock.advance(60_000);
  expect(told).toEqual(["trouble@3", "trouble@7"]);
});

test("asking once more restarts the wait; merely still owing does not", () => {
  const { clock, told, watch } = rig();
  watch.owing(true, true);
  clock.advance(2000);
  watch.owing(true);
  clock.advance(900);
  watch.owing(true, true);
  clock.advance(2900);
  expect(told).toEqual([]);
  clock.advance(200);
  expect(told).toHaveLength(1);
});

test("closing from inside the trouble leaves no timer", () => {
  const clock = manualClock();
  const watch = new StallWatch(clock, { onTrouble: () => watch.close(), onDead: () => undefined });
  watch.owing(true, true);
  clock.advance(3100);
  expect(clock.pending).toBe(0);
});
