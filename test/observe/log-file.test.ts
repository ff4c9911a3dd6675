// The log's file: rotated, bounded, and there again when its disk is.
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLogFile } from "../../src/observe/log-file.ts";
import { emptyFolder } from "../support/child.ts";
import { until } from "../support/until.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let path: string;
beforeEach(async () => {
  folder = await emptyFolder();
  path = join(folder.path, "log", "voice.log");
});
afterEach(() => folder.remove());

const read = (name = path): string => readFileSync(name, "utf8");

test("lines come in order, in a folder that was not there, and go on in a file that was", async () => {
  for (const half of [0, 1]) {
    const file = createLogFile(path);
    for (let n = 0; n < 100; n++) file.stream.write(`${half * 100 + n}\n`);
    await file.close();
  }
  expect(read()).toBe(Array.from({ length: 200 }, (_, n) => `${n}\n`).join(""));
});

test("the newest file has the plain name, and only five are kept", async () => {
  const file = createLogFile(path, { rotateBytes: 10 });
  for (let n = 0; n < 8; n++) {
    file.stream.write(`line no. ${n}\n`);
    const last = path.replace(".log", "1.log");
    await until("it is written and put aside", () => existsSync(last) && read(last) === `line no. ${n}\n`);
  }
  await file.close();
  const kept = [1, 2, 3, 4, 5].filter((age) => existsSync(path.replace(".log", `${age}.log`)));
  expect(kept).toEqual([1, 2, 3, 4]);
});

test("after a failure of the disk the file is opened anew, and its next line is whole", async () => {
  mkdirSync(join(folder.path, "log"));
  symlinkSync("/dev/full", path);
  const file = createLogFile(path, { retryMs: 5 });
  file.stream.write("lost\n");
  await until("it failed", () => {
    file.stream.write("lost as well\n");
    return true;
  });
  writeFileSync(`${path}.new`, "torn");
  renameSync(`${path}.new`, path);
  await until("lines are written again", () => {
    file.stream.write("there\n");
    return read().includes("there");
  });
  await file.close();
  expect(read().split("\n")[0]).toBe("torn");
  expect(read()).toMatch(/^there$/m);
});

test("a disk that fails does not hold up the end", async () => {
  const file = createLogFile("/dev/full", { retryMs: 5 });
  file.stream.write("lost\n");
  await file.close();
  expect(file.stream.destroyed).toBe(false);
});
