// The folder of recordings on a real disk: modes and names, what a crash leaves, orphans, age, reading in ranges.
import { appendFile, mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readWav } from "../../src/audio/wav.ts";
import { createRecordings } from "../../src/recording/index.ts";
import { createMemoryState } from "../../src/state/memory.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { emptyFolder } from "../support/child.ts";
import { keptLog, keptMeter } from "../support/observe.ts";
import { createVirtualTime } from "../support/virtual-time.ts";
import { createFarEnd, greeting, PARTY } from "./kit.ts";

const TERMS = { mode: "announce", notice: "This call is recorded." } as const;
const NAME = `${PARTY.callId}.wav`;
const HOUR_MS = 3_600_000;

let folder: Awaited<ReturnType<typeof emptyFolder>>;
beforeEach(async () => void (folder = await emptyFolder()));
afterEach(() => folder.remove());

function setup(days?: number) {
  const time = createVirtualTime();
  const store = createMemoryCallStore();
  store.open(PARTY, time.clock.date());
  const log = keptLog();
  const dir = join(folder.path, "recordings");
  const make = () =>
    createRecordings({
      dir,
      store,
      daysOf: () => days,
      state: createMemoryState({ clock: time.clock }),
      instance: "instance_1",
      isShared: false,
      clock: time.clock,
      log,
      meter: keptMeter(),
    });
  const recordings = make();
  /** As a caller who was told: `ms` of them. */
  async function record(ms: number) {
    const far = createFarEnd(time);
    const call = recordings.begin({ party: PARTY, line: far.line, terms: TERMS });
    call.line.attach(() => undefined);
    await time.run(100);
    call.store.update(PARTY.callId, { replies: [greeting(TERMS.notice)] });
    await realTime(() => call.state() === "on");
    await time.run(ms);
    return { far, call };
  }
  return { time, store, log, dir, path: join(dir, NAME), recordings, make, record };
}

/** The disk is a real one, whose time a virtual clock does not have. */
async function realTime(condition: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error("not in time");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;

const bytesOf = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
};

test("no folder is made and nothing is opened where nobody is recorded", async () => {
  const { recordings, dir } = setup();
  await recordings.sweep();
  await recordings.close();
  await expect(stat(dir)).rejects.toThrow("ENOENT");
});

test("a file is its owner's alone and named by the call's id", async () => {
  const { record, path, dir, recordings, store } = setup();
  const { far, call } = await record(3000);
  far.hangUp();
  await call.end();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect(await readdir(dir)).toEqual([NAME]);
  const wav = readWav(await readFile(path));
  expect(wav.channels).toHaveLength(2);
  expect((await store.get(PARTY.callId))?.recording?.durationMs).toBe((wav.channels[0]?.length ?? 0) / 8);
  expect(recordings.live()).toBe(0);
});

test("a recording whose process died is made whole at the next start", async () => {
  const { record, path, make, store, dir, log } = setup();
  await record(6000);
  await realTime(async () => (await sizeOf(path)) > 44 + 32_000 * 2);
  // The process is gone: nobody ends it. A write was cut short.
  await appendFile(path, Buffer.from([1, 2, 3]));
  const size = (await stat(path)).size;
  expect((await readFile(path)).readUInt32LE(40)).toBe(0);
  const served = await make().find({ file: NAME });
  expect(readWav(await bytesOf(served!.read(0, served!.bytes - 1))).channels[0]).toHaveLength(
    Math.floor((size - 44) / 4),
  );
  await make().sweep();
  const mended = await readFile(path);
  expect(mended.readUInt32LE(40)).toBe(Math.floor((size - 44) / 4) * 4);
  expect(mended.readUInt32LE(4)).toBe(mended.readUInt32LE(40) + 36);
  expect((await store.get(PARTY.callId))?.recording?.durationMs).toBe(Math.round(Math.floor((size - 44) / 4) / 8));
  expect(log.lines.find(({ message }) => message === "recordings were looked through")?.fields).toMatchObject({
    mended: 1,
  });
  expect(await readdir(dir)).toEqual([NAME]);
});

test("a live recording is left alone", async () => {
  const { record, path, recordings } = setup(0);
  await record(6000);
  await realTime(async () => (await sizeOf(path)) > 44);
  await recordings.sweep();
  expect((await readFile(path)).readUInt32LE(40)).toBe(0);
  await recordings.close();
  expect((await readFile(path)).readUInt32LE(40)).toBeGreaterThan(0);
});

test("files nobody knows of are swept, but not while they are young, and nothing else is touched", async () => {
  const { dir, make, time } = setup();
  await mkdir(dir, { recursive: true });
  const now = +time.clock.date();
  for (const [name, ageMs] of [
    ["call_old.wav", 2 * HOUR_MS],
    ["call_young.wav", 1000],
    ["notes.txt", 9 * HOUR_MS],
  ] as const) {
    await writeFile(join(dir, name), "x");
    await utimes(join(dir, name), new Date(now - ageMs), new Date(now - ageMs));
  }
  await make().sweep();
  expect((await readdir(dir)).sort()).toEqual(["call_young.wav", "notes.txt"]);
});

test("a database that is away costs no recording", async () => {
  const { dir, store, log, recordings, time } = setup();
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "call_old.wav"), "x");
  await utimes(join(dir, "call_old.wav"), new Date(0), new Date(0));
  store.get = () => Promise.reject(new Error("away"));
  const stop = recordings.keep();
  await realTime(() => log.lines.some(({ level }) => level === "warn"));
  expect(await readdir(dir)).toEqual(["call_old.wav"]);
  await realTime(() => time.pending() === 1);
  stop();
  expect(time.pending()).toBe(0);
});

test("an organization's own days are kept, hour by hour", async () => {
  const { record, recordings, path, time, store } = setup(2);
  const { far, call } = await record(2000);
  far.hangUp();
  await call.end();
  const stop = recordings.keep();
  await realTime(() => time.pending() === 1);
  await time.run(47 * HOUR_MS);
  await realTime(() => time.pending() === 1);
  expect((await stat(path)).size).toBeGreaterThan(44);
  await time.run(2 * HOUR_MS);
  await realTime(async () => (await sizeOf(path)) === 0);
  expect((await store.get(PARTY.callId))?.timeline.map(({ what }) => what)).toContain("recording deleted");
  expect(await recordings.find({ file: NAME })).toBeUndefined();
  await realTime(() => time.pending() === 1);
  stop();
});

test("it is read in ranges, header included, and never from outside of the folder", async () => {
  const { record, path, recordings } = setup();
  const { far, call } = await record(3000);
  far.hangUp();
  await call.end();
  const whole = await readFile(path);
  for (const [from, to] of [
    [0, whole.length - 1],
    [0, 0],
    [10, 43],
    [40, 100],
    [44, 99],
    [whole.length - 1, whole.length - 1],
  ] as const) {
    const opened = await recordings.find({ file: NAME });
    expect(opened?.bytes).toBe(whole.length);
    expect((await bytesOf(opened!.read(from, to))).equals(whole.subarray(from, to + 1))).toBe(true);
  }
  await writeFile(join(folder.path, "secret.wav"), "secret");
  expect(await recordings.find({ file: "../secret.wav" })).toBeUndefined();
});
