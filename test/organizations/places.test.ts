// Places of an organization on two instances that share their state: never one too many, and none lost.
import { StateUnavailable } from "../../src/core/state.ts";
import { createPlaces, roomOf } from "../../src/organizations/places.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createVirtualTime, settle } from "../support/virtual-time.ts";

function setUp() {
  const time = createVirtualTime();
  const state = createMemoryState({ clock: time.clock });
  let away = false;
  const reach = <Result>(work: () => Promise<Result>): Promise<Result> =>
    away ? Promise.reject(new StateUnavailable()) : work();
  const instance = () => {
    const places = createPlaces({
      state: {
        takePlace: (...given) => reach(() => state.takePlace(...given)),
        leavePlace: (...given) => reach(() => state.leavePlace(...given)),
      },
      clock: time.clock,
    });
    places.start();
    return places;
  };
  const [one, other] = [instance(), instance()];
  return {
    time,
    state,
    one,
    other,
    goAway: (yes: boolean) => void (away = yes),
    end: (): void => {
      one.close();
      other.close();
      expect(time.pending()).toBe(0);
    },
  };
}
const call = (n: number, orgId = "shop") => ({ callId: `call-${n}`, orgId });

test("of calls that begin in the same moment on two instances there are never too many", async () => {
  const { one, other, end } = setUp();
  const asked = Array.from({ length: 20 }, (_, n) => (n % 2 ? one : other).take(call(n), 3));
  expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3);
  expect(await one.take(call(30, "clinic"), 3)).toBe(true);
  end();
});

test("a place is kept for as long as the call lasts, and free the moment it is over", async () => {
  const { time, one, other, end } = setUp();
  expect(await one.take(call(1), 1)).toBe(true);
  await time.run(3_600_000);
  expect(await other.take(call(2), 1)).toBe(false);
  one.leave("call-1");
  one.leave("call-1");
  await settle();
  expect(await other.take(call(2), 1)).toBe(true);
  end();
});

test("what an instance held that died is free within 20 s; what it held that came back is the call's still", async () => {
  const { time, one, other, end } = setUp();
  await one.take(call(1), 2);
  await one.take(call(2), 2);
  one.close();
  expect(await other.take(call(1), 2)).toBe(true);
  expect(await other.take(call(3), 2)).toBe(false);
  await time.run(20_001);
  expect(await other.take(call(3), 2)).toBe(true);
  expect(await other.take(call(4), 2)).toBe(false);
  end();
});

test("a caller who was cut off finds the place kept, though the instance they were at has let go", async () => {
  const { one, other, time, end } = setUp();
  await one.take(call(1), 1);
  one.lapse("call-1");
  expect(await other.take(call(2), 1)).toBe(false);
  expect(await other.take(call(1), 1)).toBe(true);
  await time.run(60_000);
  expect(await one.take(call(2), 1)).toBe(false);
  end();
});

test("while the state is away nobody is refused for what cannot be known, and what began counts when it is back", async () => {
  const { one, other, time, state, goAway, end } = setUp();
  await one.take(call(1), 1);
  goAway(true);
  expect(await other.take(call(2), 1)).toBe(true);
  other.leave("unknown");
  goAway(false);
  await time.run(5000);
  expect(await state.takePlace(roomOf("shop"), "call-3", 2, 1000)).toBe(false);
  other.leave("call-2");
  await settle();
  expect(await state.takePlace(roomOf("shop"), "call-3", 2, 1000)).toBe(true);
  end();
});
