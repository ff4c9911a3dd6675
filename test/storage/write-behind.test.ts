// From what changed to the database: batches, a database that goes away and comes back, rows it refuses, a disk that is full.
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createSpool, type Spool } from "../../src/storage/spool.ts";
import { createWriteBehind } from "../../src/storage/write-behind.ts";
import { emptyFolder } from "../support/child.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";
import { createVirtualTime } from "../support/virtual-time.ts";

interface Row {
  readonly n: number;
}
const away = Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });
const refused = Object.assign(new Error("value out of range"), { code: "22003" });

let folder: Awaited<ReturnType<typeof emptyFolder>>;
beforeEach(async () => void (folder = await emptyFolder()));
afterEach(() => folder.remove());

function setUp({
  spool,
  maxBytes = 1e6,
  gatherMs = 250,
}: { spool?: Spool; maxBytes?: number; gatherMs?: number } = {}) {
  const time = createVirtualTime();
  const log = keptLog();
  const meter = keptMeter();
  const dirty: Row[] = [];
  const written: number[] = [];
  const batches: number[] = [];
  let fail: (rows: readonly Row[]) => Error | undefined | Promise<Error | undefined> = () => undefined;
  const theSpool = spool ?? createSpool({ dir: join(folder.path, "spool"), maxBytes });
  const writes = createWriteBehind<Row>({
    take: () => dirty.splice(0),
    isDirty: () => dirty.length > 0,
    async write(rows) {
      const error = await fail(rows);
      if (error) throw error;
      if (rows.length > 0) batches.push(rows.length);
      written.push(...rows.map(({ n }) => n));
    },
    rowsOf: () => 1,
    spool: theSpool,
    gatherMs,
    clock: time.clock,
    log,
    meter,
  });
  return {
    time,
    log,
    meter,
    written,
    batches,
    writes,
    spool: theSpool,
    add(...numbers: number[]): void {
      dirty.push(...numbers.map((n) => ({ n })));
      writes.poke();
    },
    failing: (how: typeof fail): void => void (fail = how),
  };
}
const dropped = (t: ReturnType<typeof setUp>): number => t.meter.total("voice_store_dropped_rows_total");

test("what comes within a moment is one batch, and nothing is asked while nothing changes", async () => {
  const t = setUp();
  t.add(1);
  expect(t.time.pending()).toBe(0);
  t.writes.open();
  await t.writes.flush();
  t.add(2);
  await t.time.run(100);
  t.add(3);
  await t.time.run(200);
  await until("they are written", () => t.written.length === 3);
  expect(t.written).toEqual([1, 2, 3]);
  expect(t.batches).toEqual([1, 2]);
  expect(t.time.pending()).toBe(0);
  await t.writes.close();
});

test("changes are gathered as long as that database is to be left alone, and are on disk sooner once it is away", async () => {
  const t = setUp({ gatherMs: 1000 });
  t.writes.open();
  await t.writes.flush();
  for (let n = 1; n <= 4; n++) {
    t.add(n);
    await t.time.run(249);
  }
  expect(t.batches).toEqual([]);
  await t.time.run(4);
  await until("they are written", () => t.written.length === 4);
  expect(t.batches).toEqual([4]);
  t.failing(() => away);
  t.add(5);
  await t.time.run(1000);
  await onDisk(t, 1);
  t.add(6);
  await t.time.run(250);
  await onDisk(t, 2);
  t.failing(() => undefined);
  await t.writes.close();
});

test("a database that is away: everything goes to disk, and comes back in order", async () => {
  const t = setUp();
  t.writes.open();
  await t.writes.flush();
  t.failing(() => away);
  for (let n = 0; n < 500; n++) {
    t.add(n);
    if (n % 50 === 0) await t.writes.flush();
  }
  await t.writes.flush();
  expect(t.written).toEqual([]);
  expect(t.spool.rows()).toBe(500);
  expect(t.writes.pendingRows()).toBe(500);
  expect(t.writes.isUp()).toBe(false);
  t.failing(() => undefined);
  t.add(500);
  await until("it is asked again", () => (void t.time.run(1000), t.written.length === 501));
  expect(t.written).toEqual(Array.from({ length: 501 }, (_, n) => n));
  await until("nothing waits", () => t.writes.pendingRows() === 0);
  expect(t.writes.isUp()).toBe(true);
  expect(await readdir(join(folder.path, "spool"))).toEqual([]);
  expect(t.log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  expect(dropped(t)).toBe(0);
  await t.writes.close();
});

test("a spool that is left is written at the next start, before anything new", async () => {
  const first = setUp();
  first.writes.open();
  first.failing(() => away);
  first.add(1, 2, 3);
  await first.writes.flush();
  const early = setUp();
  await early.spool.open();
  expect(early.spool.rows()).toBe(0);
  await first.writes.close();
  const dir = join(folder.path, "spool");

  const second = setUp();
  second.add(4);
  await second.spool.open();
  expect(second.spool.rows()).toBe(3);
  second.writes.open();
  await second.writes.flush();
  expect(second.written).toEqual([1, 2, 3, 4]);
  await second.writes.close();
  expect(await readdir(dir)).toEqual([]);
});

test("beyond its bound the spool takes no more, and the loss is counted", async () => {
  const t = setUp({ maxBytes: 100 });
  t.writes.open();
  t.failing(() => away);
  t.add(...Array.from({ length: 50 }, (_, n) => n));
  await t.writes.flush();
  expect(t.spool.rows()).toBeGreaterThan(5);
  expect(dropped(t)).toBe(50 - t.spool.rows());
  await t.writes.close();
});

test("a row that the database refuses takes no other one with it", async () => {
  const t = setUp();
  t.writes.open();
  t.failing((rows) => (rows.some(({ n }) => n === 3) ? refused : undefined));
  t.add(1, 2, 3, 4);
  await t.writes.flush();
  expect(t.written).toEqual([1, 2, 4]);
  expect(t.meter.total("voice_store_dropped_rows_total", { cause: "refused" })).toBe(1);
  expect(t.writes.isUp()).toBe(true);
  await t.writes.close();
});

test("when the disk takes nothing either, rows are held in memory and written later", async () => {
  let full = true;
  const real = createSpool({ dir: join(folder.path, "spool"), maxBytes: 1e6 });
  const t = setUp({
    spool: {
      ...real,
      append: (lines) => (full ? Promise.reject(new Error("ENOSPC: no space left on device")) : real.append(lines)),
    },
  });
  t.writes.open();
  t.failing(() => away);
  t.add(1, 2);
  await t.writes.flush();
  expect(t.writes.pendingRows()).toBe(2);
  t.add(3);
  await t.writes.flush();
  full = false;
  await t.writes.flush();
  expect(real.rows()).toBe(3);
  t.failing(() => undefined);
  await until("they are written", () => (void t.time.run(2000), t.written.length === 3));
  expect(t.written).toEqual([1, 2, 3]);
  expect(dropped(t)).toBe(0);
  await t.writes.close();
});

test("the spool leaves the last of the disk to the database", async () => {
  let free = 31_000_000;
  const spool = createSpool({ dir: join(folder.path, "spool"), maxBytes: 1e6, freeBytes: () => Promise.resolve(free) });
  const t = setUp({ spool });
  t.writes.open();
  t.failing(() => away);
  t.add(1, 2);
  await t.writes.flush();
  expect(spool.rows()).toBe(0);
  expect(t.writes.pendingRows()).toBe(2);
  free = 64_000_000;
  await t.writes.flush();
  expect(spool.rows()).toBe(2);
  expect(dropped(t)).toBe(0);
  await t.writes.close();
});

test("a line that was cut short is passed over and counted", async () => {
  const dir = join(folder.path, "spool");
  const { mkdir } = await import("node:fs/promises");
  await mkdir(dir);
  await writeFile(join(dir, "000000000000001-000000-4194311-1.jsonl"), '1 {"n":1}\n1 {"n":}\n1 {"n":2}\n1 {"n"');
  const t = setUp();
  await t.spool.open();
  t.writes.open();
  await t.writes.flush();
  expect(t.written).toEqual([1, 2]);
  expect(t.meter.total("voice_store_dropped_rows_total", { cause: "torn" })).toBe(1);
  await t.writes.close();
});

test("what is waiting at the end is written, or kept", async () => {
  const t = setUp();
  t.writes.open();
  t.add(1);
  await t.writes.close();
  expect(t.written).toEqual([1]);
  expect(t.time.pending()).toBe(0);
  const late = setUp();
  late.add(7);
  await late.writes.close();
  const next = setUp();
  await next.spool.open();
  expect(next.spool.rows()).toBe(1);
});

/** Until the disk, whose time is not the virtual one's, has it. */
const onDisk = (t: ReturnType<typeof setUp>, rows: number): Promise<void> =>
  until(
    () => `${rows} rows are on disk, not ${t.spool.rows()}`,
    () => t.spool.rows() === rows,
  );

test("a database that hangs: what it does not answer for is on disk, and so is what comes meanwhile", async () => {
  const t = setUp();
  t.writes.open();
  await t.writes.flush();
  let answer: (error: Error | undefined) => void = () => undefined;
  t.failing(() => new Promise((resolve) => (answer = resolve)));
  t.add(1, 2);
  await t.time.run(250);
  expect(t.spool.rows()).toBe(0);
  await t.time.run(250);
  await onDisk(t, 2);
  for (let n = 3; n < 6; n++) {
    t.add(n);
    await t.time.run(250);
    await onDisk(t, n);
  }
  expect(t.written).toEqual([]);
  // It gives up at last; until it is tried again, and while it hangs again, everything goes on disk at once.
  answer(away);
  await until("it counts as away", () => !t.writes.isUp());
  t.add(6);
  await t.time.run(250);
  await onDisk(t, 6);
  await t.time.run(1000);
  t.add(7);
  await t.time.run(250);
  await onDisk(t, 7);
  expect(t.written).toEqual([]);
  expect(t.writes.pendingRows()).toBe(7);

  t.failing(() => undefined);
  answer(undefined);
  await until("all is written", () => (void t.time.run(1000), t.writes.pendingRows() === 0));
  // In order, the last opinion last: what was written twice is the whole of it, again.
  expect([...new Set(t.written)]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(t.written.slice(-7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(dropped(t)).toBe(0);
  await t.writes.close();
  expect(t.time.pending()).toBe(0);
});

test("a database that is slow and answers after all: nothing is lost, and nothing overtakes what is on disk", async () => {
  const t = setUp();
  t.writes.open();
  await t.writes.flush();
  let answer: (error: Error | undefined) => void = () => undefined;
  t.failing(() => new Promise((resolve) => (answer = resolve)));
  t.add(1);
  const flushed = t.writes.flush();
  await t.time.run(250);
  await onDisk(t, 1);
  t.add(2);
  await t.time.run(250);
  await onDisk(t, 2);
  t.failing(() => undefined);
  answer(undefined);
  await flushed;
  expect(t.written).toEqual([1, 1, 2]);
  expect(t.writes.pendingRows()).toBe(0);
  t.add(3);
  await t.writes.flush();
  expect(t.written).toEqual([1, 1, 2, 3]);
  await t.writes.close();
  expect(t.time.pending()).toBe(0);
});
