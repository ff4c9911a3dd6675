// How full the disks are: a gauge that follows, one line when it gets tight and one when it is well again.
import { watchDisks } from "../../src/storage/disk-watch.ts";
import { keptLog } from "../support/observe.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

function setUp() {
  const time = createVirtualTime();
  const log = keptLog();
  const gauges: (readonly [string, number, string | undefined])[] = [];
  const free = { "/data": 0.5, "/log": 0.9 } as Record<string, number | undefined>;
  const stop = watchDisks({
    folders: { data: "/data", log: "/log" },
    clock: time.clock,
    log,
    meter: {
      count: () => undefined,
      observe: () => undefined,
      gauge: (name, value, labels) => void gauges.push([name, value, labels?.disk]),
    },
    look: (dir) => {
      const ratio = free[dir];
      if (ratio === undefined) return Promise.reject(new Error("no such folder"));
      return Promise.resolve({ blocks: 1000, bavail: ratio * 1000 });
    },
  });
  return { time, log, gauges, free, stop, told: () => log.lines.map(({ level, fields }) => [level, fields]) };
}

test("each folder has its gauge, at once and from then on", async () => {
  const t = setUp();
  await t.time.run(1);
  expect(t.gauges).toEqual([
    ["voice_disk_free_ratio", 0.5, "data"],
    ["voice_disk_free_ratio", 0.9, "log"],
  ]);
  await t.time.run(60_000);
  expect(t.gauges).toHaveLength(14);
  expect(t.told()).toEqual([]);
});

test("a disk that gets tight is told once within a minute, and once when it is well again", async () => {
  const t = setUp();
  t.free["/data"] = 0.149;
  await t.time.run(60_000);
  expect(t.told()).toEqual([["error", { disk: "data", percent: 14 }]]);
  // Between the two limits nothing is news.
  t.free["/data"] = 0.16;
  await t.time.run(60_000);
  t.free["/data"] = 0.1;
  await t.time.run(60_000);
  expect(t.told()).toHaveLength(1);
  t.free["/data"] = 0.4;
  await t.time.run(60_000);
  expect(t.told().at(-1)).toEqual(["info", { disk: "data", percent: 40 }]);
  expect(t.told()).toHaveLength(2);
});

test("a folder that is not there is looked at again later, and nothing is looked at after the end", async () => {
  const t = setUp();
  t.free["/log"] = undefined;
  await t.time.run(10_000);
  t.free["/log"] = 0.05;
  await t.time.run(10_000);
  expect(t.told()).toEqual([["error", { disk: "log", percent: 5 }]]);
  t.stop();
  const seen = t.gauges.length;
  await t.time.run(60_000);
  expect(t.gauges).toHaveLength(seen);
});
