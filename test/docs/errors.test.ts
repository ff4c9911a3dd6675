// docs/errors.md has a heading for every code the sources know. The codes are read from the sources' text, so that a new one
// without a heading fails here, and so does a heading whose code is gone.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT } from "../../src/ops/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** The headings of each part of the page, as the codes in them. */
const parts = new Map<string, Set<string>>();
{
  let part = new Set<string>();
  for (const line of read("docs/errors.md").split("\n")) {
    if (line.startsWith("## ")) parts.set(line.slice(3), (part = new Set()));
    if (line.startsWith("### "))
      for (const [, code] of line.matchAll(/`([^`]+)`|\b(?:\d{3})$/g)) part.add(code ?? line.slice(4));
  }
}
function headings(part: string): string[] {
  const found = [...parts].find(([title]) => title.startsWith(part))?.[1];
  if (!found) throw new Error(`docs/errors.md has no part ${part}`);
  return [...found].sort();
}

/** String literals of a type or a list: from `start` to the first `end` behind it. */
function literals(path: string, start: string, end: string): string[] {
  const text = read(path).replaceAll(/\/\*\*.*?\*\//gs, "");
  const from = text.indexOf(start);
  if (from < 0) throw new Error(`${path} has no ${start}`);
  const until = text.indexOf(end, from + start.length);
  return [...text.slice(from, until).matchAll(/"([^"]+)"/g)].map(([, word]) => word as string);
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}

function captured(folder: string, pattern: RegExp): string[] {
  return [...new Set(sources(folder).flatMap((text) => [...text.matchAll(pattern)].map(([, word]) => word as string)))];
}

const THREAD = literals("src/core/thread.ts", "export type ThreadErrorCode =", ";");
const RESULTS = literals("src/core/call.ts", "export interface ToolRecord", "readonly atMs").filter(
  (word) => word !== "ok",
);

test("the sources are read as they are meant", () => {
  expect(THREAD).toContain("assistants-removed");
  expect(RESULTS).toContain("unknown-tool");
});

test("codes of ThreadError", () => {
  expect(headings("The assistant thread")).toEqual(THREAD.toSorted());
});

test("codes of SpeechError", () => {
  const codes = literals("src/core/speech.ts", "export type SpeechErrorCode =", ";");
  expect(codes).toContain("unreadable");
  expect(headings("Speech that is no call")).toEqual(codes.toSorted());
});

test("end reasons", () => {
  const reasons = literals("src/core/call.ts", "export const END_REASONS =", ";");
  expect(reasons).toContain("caller-hangup");
  expect(headings("End reasons")).toEqual(reasons.toSorted());
});

test("codes of CarrierError that are no status", () => {
  const codes = [...literals("src/channels/phone/rest.ts", "function codeOf", "\n}"), "CarrierError"];
  const words = codes.filter((code) => /^[a-z]/i.test(code) && !/^E[A-Z]/.test(code) && code !== "number");
  expect(headings("Twilio's REST API")).toEqual([...new Set(words)].sort());
});

test("statuses of problems", () => {
  const thrown = captured("src", /new Problem\(\s*(\d{3})/g);
  const others = [...read("src/http/server.ts").matchAll(/"(?:HPE|ERR)_\w+", (\d{3})\]/g)].map(
    ([, status]) => status as string,
  );
  expect(thrown).toContain("403");
  expect(others).toContain("431");
  // 500 and 503 are not thrown as problems: the one is for everything unforeseen, the other is what health checks answer.
  expect(headings("HTTP answers")).toEqual([...new Set([...thrown, ...others, "500", "503"])].sort());
});

test("causes of a bad turn", () => {
  const causes = new Set([
    ...THREAD.map((code) => `thread-${code}`),
    ...RESULTS.map((result) => `tool-${result}`),
    ...captured("src/bridge", /\bcause\([\w.]+, "([a-z-]+)"\)/g),
    ...captured("src/bridge", /\bfail\("([a-z-]+)"\)/g),
    ...literals("src/bridge/dialogue.ts", "export type CutCause =", ";"),
    ...literals("src/bridge/guarding.ts", "export type GuardCause =", ";"),
    ...literals("src/bridge/lateness.ts", "export type DelayCause =", ";"),
    "voice-failed",
    "speech-...",
  ]);
  expect(causes).toContain("cut-by-caller");
  expect(headings("Causes of a bad turn")).toEqual([...causes].sort());
});

test("codes of the voice", () => {
  const [, named = ""] = /NAMED_STATUSES = \[([\d, ]+)\]/.exec(read("src/speech/socket-failures.ts")) ?? [];
  const codes = new Set([
    ...literals("src/speech/upstream-errors.ts", "const FATAL", "]"),
    ...literals("src/speech/upstream-errors.ts", "const BENIGN", "]"),
    ...literals("src/speech/upstream-errors.ts", "const KNOWN", "]"),
    ...captured("src/speech", /\bcode: "([a-z-]+)"/g),
    ...captured("src/speech", /\bshut\("([a-z-]+)"/g),
    ...captured("src/speech", /\bcountError\("([a-z-]+)"/g),
    ...named.split(", ").map((status) => `http-${status}`),
    "http-4xx",
    "http-5xx",
  ]);
  expect(codes).toContain("ping-timeout");
  expect(codes).toContain("http-429");
  expect(headings("The voice")).toEqual([...codes].sort());
});

test("results of tools", () => {
  expect(headings("Tools")).toEqual([...RESULTS, "tool"].sort());
});

test("exit codes of the commands", () => {
  expect(headings("Commands")).toEqual(Object.keys(EXIT).sort());
  for (const [name, code] of Object.entries(EXIT))
    expect(read("docs/errors.md")).toContain(`### exit ${code} \`${name}\``);
});

test("errors with a name, both ways: every one in the sources is on the page, and none that is not", () => {
  const rooms = readdirSync(join(ROOT, "src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "sim" && entry.name !== "web")
    .map(({ name }) => `src/${name}`);
  // A class that extends an error, by whatever name, and whatever calls itself one.
  const pattern = /\bclass (\w+)(?:<[^>]*>)? extends (?:\w*Error|Problem|\w*Unavailable)\b/g;
  const root = [...read("src/config.ts").matchAll(pattern)].map(([, name]) => name as string);
  const classes = [...rooms.flatMap((room) => captured(room, pattern)), ...root];
  const calledSo = rooms.flatMap((room) => captured(room, /\bthis\.name = "(\w+)"/g));
  expect(calledSo.filter((name) => !classes.includes(name))).toEqual([]);
  expect(classes).toEqual(expect.arrayContaining(["Problem", "InvalidRequest", "ThreadFailure", "ConfigError"]));
  expect(headings("Errors by name")).toEqual([...new Set(classes)].sort());
});

test("docs/closing.md tells of every end reason, and of every way a line can close", () => {
  const table = read("docs/closing.md");
  const reasons = literals("src/core/call.ts", "export const END_REASONS =", ";");
  const causes = literals("src/core/line.ts", "export type LineCloseCause =", ";");
  expect(reasons.length + causes.length).toBeGreaterThan(15);
  expect([...reasons, ...causes].filter((word) => !table.includes(`\`${word}\``))).toEqual([]);
});

test("docs/decisions tells why each dependency is here that the design does not name", () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read("package.json")) as Record<
    string,
    Record<string, string>
  >;
  const named = [
    "express",
    "express-ws",
    "ws",
    "twilio",
    "openai",
    "alawmulaw",
    "dotenv",
    "winston",
    "jest",
    "supertest",
  ];
  const all = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const pages = readdirSync(join(ROOT, "docs/decisions")).map((name) => read(`docs/decisions/${name}`).toLowerCase());
  const unexplained = all.filter(
    (name) => !named.includes(name) && !name.startsWith("@types/") && !pages.some((page) => page.includes(name)),
  );
  expect(unexplained).toEqual([]);
});
