// The log's file: rotated, bounded, and there again when its disk is.
import { existsSync, readFileSync } from "node:fs";
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
  let full = true;
  let written = "";
  let open = 0;
  const file = createLogFile(path, {
    retryMs: 5,
    openFile: () => {
      open++;
      return Promise.resolve({
        appendFile(text) {
          // What there is room for is written all the same.
          written += full ? text.slice(0, 3) : text;
          return full ? Promise.reject(new Error("ENOSPC")) : Promise.resolve();
        },
        stat: () => Promise.resolve({ size: 0 }),
        close: () => Promise.resolve(void open--),
      });
    },
  });
  file.stream.write("first\n");
  await until("it failed", () => written !== "" && open === 0);
  full = false;
  file.stream.write("second\n");
  await until("it is written", () => written.includes("second"));
  file.stream.write("third\n");
  await file.close();
  expect(written).toBe("fir\nsecond\nthird\n");
  expect(open).toBe(0);
});

test("a disk that fails does not hold up the end", async () => {
  const file = createLogFile("/dev/full", { retryMs: 5 });
  file.stream.write("lost\n");
  await file.close();
  expect(file.stream.destroyed).toBe(false);
});
