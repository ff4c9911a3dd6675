// The key that signs cookies, when nobody configured one: made once, for this machine, readable by its owner alone.
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createSecretKey } from "../../src/app/secret-key.ts";
import { emptyFolder } from "../support/child.ts";
import { keptLog } from "../support/observe.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
beforeEach(async () => (folder = await emptyFolder()));
afterEach(() => folder.remove());

test("SECRET_KEY is taken as it is, and no file is made", async () => {
  expect(createSecretKey({ configured: "x".repeat(32), dataDir: folder.path, log: keptLog() })()).toBe("x".repeat(32));
  await expect(stat(join(folder.path, "secret-key"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("is made in a folder that may not be there yet, and found again", async () => {
  const dataDir = join(folder.path, "data");
  const key = createSecretKey({ dataDir, log: keptLog() })();
  expect(key.length).toBeGreaterThanOrEqual(43);
  expect((await stat(join(dataDir, "secret-key"))).mode & 0o777).toBe(0o600);
  expect(createSecretKey({ dataDir, log: keptLog() })()).toBe(key);
  expect((await readFile(join(dataDir, "secret-key"), "utf8")).trim()).toBe(key);
});

test("one that others can read is warned of; one that is too short is refused", async () => {
  const log = keptLog();
  const path = join(folder.path, "secret-key");
  await writeFile(path, "y".repeat(40));
  await chmod(path, 0o644);
  expect(createSecretKey({ dataDir: folder.path, log })()).toBe("y".repeat(40));
  expect(log.lines).toEqual([
    expect.objectContaining({ level: "warn", message: expect.stringContaining("chmod 600") }),
  ]);
  await writeFile(path, "short");
  expect(() => createSecretKey({ dataDir: folder.path, log })()).toThrow(/too short/);
});
