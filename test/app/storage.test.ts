// A disk that goes with its container or with the power: told at the start, before anything is kept there.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildApp } from "../../src/app.ts";
import { warnOfPassingDisk } from "../../src/app/storage.ts";
import { readConfig } from "../../src/config.ts";
import { passingDisk } from "../../src/storage/disk.ts";
import { emptyFolder, freePort } from "../support/child.ts";
import { keptLog } from "../support/observe.ts";

/** Linux has a disk in memory here; elsewhere the start has nothing to warn of, which is shown then. */
const MEMORY_DISK = existsSync("/dev/shm") ? "/dev/shm" : undefined;

let folder: Awaited<ReturnType<typeof emptyFolder>>;
beforeAll(async () => void (folder = await emptyFolder()));
afterAll(() => folder.remove());

test.each([
  [0x01021994, "tmpfs"],
  [0x794c7630, "overlay"],
  // As Node gives it where the number's highest bit is a sign.
  [0x858458f6 | 0, "ramfs"],
  [0x858458f6, "ramfs"],
  [0xef53, undefined], // ext4
  [0x9123683e, undefined], // btrfs
])("a file system of the kind %i is %s", async (type, kind) => {
  expect(await passingDisk(join(folder.path, "data"), () => Promise.resolve({ type }))).toBe(kind);
  expect(existsSync(join(folder.path, "data"))).toBe(true);
});

/** A server whose database, another server, is away. */
async function start(dir: string) {
  const log = keptLog();
  const port = await freePort();
  const config = readConfig({
    HOST: "127.0.0.1",
    PORT: String(port),
    DATA_DIR: dir,
    DATABASE_URL: `postgres://voice:secret@127.0.0.1:${await freePort()}/voice`,
  });
  return { app: buildApp({ config, log }), log, url: `http://127.0.0.1:${port}` };
}

test("a database server that is away keeps nobody from starting", async () => {
  const { app, log, url } = await start(join(folder.path, "away"));
  try {
    await app.listen();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    // Whether there is a key is not known now.
    expect((await fetch(`${url}/api/calls`, { headers: { authorization: "Bearer some-key" } })).status).toBe(503);
    expect(JSON.stringify(log.lines)).not.toMatch(/no API key exists|secret/);
  } finally {
    await app.close();
  }
});

test("the start says when DATA_DIR is on such a disk, what goes with it, and what to do", async () => {
  const dir = await mkdtemp(join(MEMORY_DISK ?? folder.path, "voicebridge-test-"));
  const kind = await passingDisk(dir);
  const { app, log } = await start(dir);
  const warned = () =>
    log.lines
      .filter(({ level, message }) => level === "warn" && message.includes("DATA_DIR"))
      .map(({ message }) => message);
  const warning = (what: string): string[] =>
    kind === undefined
      ? []
      : [`DATA_DIR is on a disk that is not kept (${kind}): ${what} are gone with it. Mount a volume there`];
  try {
    expect([MEMORY_DISK, kind]).not.toEqual(["/dev/shm", undefined]);
    await app.listen();
    expect(warned()).toEqual(warning("recordings and the spool"));
    await warnOfPassingDisk({ DATA_DIR: dir }, log);
    expect(warned().slice(1)).toEqual(warning("call records, keys and recordings"));
  } finally {
    await app.close();
    await rm(dir, { recursive: true, force: true });
  }
});
