// The lock on DATA_DIR: one holder, the dead give way, the living do not.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { acquireLock, DataDirInUse, startOf, type Lock } from "../../src/storage/lock.ts";
import { emptyFolder } from "../support/child.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let path: string;
beforeEach(async () => {
  folder = await emptyFolder();
  path = join(folder.path, "database.lock");
});
afterEach(() => folder.remove());

const holder = (more: object = {}): Promise<void> =>
  writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), ...more }));

test("a second opener is told who has it, and gets it when it is released", async () => {
  const first = await acquireLock(path);
  const error = await acquireLock(path).catch((one: unknown) => one);
  expect(error).toBeInstanceOf(DataDirInUse);
  expect((error as Error).message).toContain(`in use by process ${process.pid}`);
  expect((error as Error).message).toContain("DATABASE_URL");
  await first.release();
  await first.release();
  const second = await acquireLock(path);
  expect(await readdir(folder.path)).toEqual(["database.lock"]);
  await second.release();
  expect(await readdir(folder.path)).toEqual([]);
});

test("the lock of a process that is gone is taken over", async () => {
  await holder({ pid: 4_194_304 + 7 });
  const lock = await acquireLock(path);
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ pid: process.pid });
  await lock.release();
});

test("a process with the old one's id is not the old one", async () => {
  const { started } = await startOf(process.pid);
  if (started === undefined) return; // No /proc here.
  await holder({ started: "1" });
  const lock = await acquireLock(path);
  await lock.release();
  await holder({ started });
  await expect(acquireLock(path)).rejects.toThrow(DataDirInUse);
});

test("a holder that was killed and that nobody asked after is gone", async () => {
  // The shell becomes a program that never asks after its child.
  const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    await holder({ pid, ...(await startOf(pid)) });
    await expect(acquireLock(path)).rejects.toThrow(DataDirInUse);
    process.kill(pid, "SIGKILL");
    let lock: Lock | undefined;
    while (!lock) lock = await acquireLock(path).catch(() => undefined);
    await lock.release();
  } finally {
    parent.kill("SIGKILL");
  }
});

test("what nobody can read is nobody's lock", async () => {
  await writeFile(path, '{"pid":');
  await (await acquireLock(path)).release();
});

test("a holder on another host is dead when it gives no sign of life", async () => {
  await holder({ host: "elsewhere", pid: 1 });
  const long = new Date(Date.now() - 60_000);
  await utimes(path, long, long);
  await (await acquireLock(path)).release();
});

test("of many who find a stale lock one gets it", async () => {
  await holder({ pid: 4_194_304 + 7 });
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(path)));
  const got = outcomes.filter(({ status }) => status === "fulfilled");
  expect(got).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === "fulfilled") await outcome.value.release();
    else expect(outcome.reason).toBeInstanceOf(DataDirInUse);
});
