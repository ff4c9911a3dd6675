// The log as it is read: by people on a terminal, by machines elsewhere, and by nobody who looks for secrets.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { createLog, maskSecrets, type LogOptions } from "../../src/observe/log.ts";

// The console's own streams, which the library writes to where there are any.
const streams = console as unknown as { _stdout: unknown; _stderr: unknown };
const { _stdout, _stderr } = streams;
let printed: string[];
let folder: string;
beforeEach(() => {
  printed = [];
  folder = mkdtempSync(join(tmpdir(), "log-"));
  streams._stdout = streams._stderr = { write: (line: string) => void printed.push(line.replace(/\n$/, "")) };
});
afterEach(() => {
  Object.assign(streams, { _stdout, _stderr });
  rmSync(folder, { recursive: true, force: true });
});

const make = (options: Partial<LogOptions> = {}): ReturnType<typeof createLog> =>
  createLog({ level: "debug", secrets: [], pretty: false, ...options });
const parsed = (): Record<string, unknown>[] => printed.map((line) => JSON.parse(line) as Record<string, unknown>);

describe("masking", () => {
  test.each<[string, readonly string[], string]>([
    ["key sk-abcdef is bad", ["sk-abcdef"], "key *** is bad"],
    ["sk-abcdefsk-abcdef", ["sk-abcdef"], "******"],
    ["call from +15551234567.", [], "call from ***."],
    ["to:+15551234567,+442071838750", [], "to:***,***"],
    [
      "CA00000000000000000000000000000001 and call_15551234567",
      [],
      "CA00000000000000000000000000000001 and call_15551234567",
    ],
    ["1+15551234567 = sum", [], "1+15551234567 = sum"],
    ["+123 is short", [], "+123 is short"],
    ["short secrets would mask everything: abc", ["abc", ""], "short secrets would mask everything: abc"],
  ])("%p with %p", (text, secrets, masked) => expect(maskSecrets(text, secrets)).toBe(masked));
});

describe("as JSON", () => {
  test("a line holds level, message, time and the fields of its logger and its own", async () => {
    const log = make();
    log.with({ call: "CA1", callId: "c1" }).with({ turn: 2 }).info("turn begins", { by: "speech", nothing: undefined });
    await log.close();
    expect(parsed()).toEqual([
      {
        level: "info",
        message: "turn begins",
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
        call: "CA1",
        callId: "c1",
        turn: 2,
        by: "speech",
      },
    ]);
  });

  test("below the level nothing is written", async () => {
    const log = make({ level: "warn" });
    log.debug("no");
    log.info("no");
    log.warn("yes");
    log.error("yes");
    await log.close();
    expect(parsed().map(({ level }) => level)).toEqual(["warn", "error"]);
  });

  test("secrets and numbers are masked in messages and fields", async () => {
    const log = make({ secrets: ["the-secret-token"] });
    log.warn("refused the-secret-token", { url: "/x?token=the-secret-token", from: "+15551234567", ms: 5 });
    await log.close();
    expect(printed.join("\n")).not.toMatch(/the-secret-token|15551234567/);
    expect(parsed()[0]).toMatchObject({ message: "refused ***", url: "/x?token=***", from: "***", ms: 5 });
  });

  test("a field can not pass for the message, the level or the time of its line", async () => {
    const log = make();
    log.warn("the voice API refused a request", { message: "theirs", level: "debug", timestamp: "1970", code: "x" });
    await log.close();
    expect(parsed()).toHaveLength(1);
    expect(parsed()[0]).toMatchObject({ level: "warn", message: "the voice API refused a request", code: "x" });
    expect(parsed()[0]).toMatchObject({ message_: "theirs", level_: "debug", timestamp_: "1970" });
  });
});

describe("on a terminal", () => {
  test("a line begins with the call", async () => {
    const log = make({ pretty: true });
    log.with({ call: "CA1", callId: "c1" }).info("turn begins", { turn: 2 });
    log.error("no call here");
    await log.close();
    expect(printed[0]).toMatch(/^\[CA1\] \d\d:\d\d:\d\d\.\d{3} turn begins {2}turn=2$/);
    expect(printed[1]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ERROR no call here$/);
  });

  test("what comes from outside can not forge a line or move the cursor", async () => {
    const log = make({ pretty: true });
    log.info("said\n[CA2] 00:00:00.000 forged", { name: "a\r\nb\u001b[2Jc\u2028d" });
    await log.close();
    expect(printed).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex
    expect(printed[0]).not.toMatch(/[\u0000-\u001f\u2028]/);
  });
});

test("a file gets the same lines as JSON, and all of them are there when the log is closed", async () => {
  const file = join(folder, "voice.log");
  const log = make({ pretty: true, file });
  for (let index = 0; index < 500; index++) log.info("line", { index });
  await log.close();
  const lines = readFileSync(file, "utf8").trim().split("\n");
  expect(lines).toHaveLength(500);
  expect(JSON.parse(lines[499] as string)).toMatchObject({ message: "line", index: 499 });
  expect(printed).toHaveLength(500);
});

test("a disk that is full costs the lines in the file, and none on the terminal", async () => {
  const log = make({ file: "/dev/full" });
  // Far more than any buffer between here and the file would hold.
  for (let index = 0; index < 200; index++) log.info("x".repeat(1000));
  await until("they are printed", () => printed.length === 200);
  for (let index = 0; index < 200; index++) log.info("x".repeat(1000));
  await until("and those after the failure", () => printed.length === 400);
  await log.close();
});
