// Files in forms: they reach the handler whole, are never in memory, and are gone from the disk however the request ends.
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createUploads } from "../../src/api/uploads.ts";
import type { SpeechDesk } from "../../src/api/voice.ts";
import { Problem } from "../../src/core/problem.ts";
import { emptyFolder } from "../support/child.ts";
import { until } from "../support/until.ts";
import { KEYS, formOf, testApi, type TestApi } from "./support.ts";

const ROUTE = "/voice/speech-to-text";
const MB = 1024 * 1024;

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let t: TestApi;
let dir: string;
let hear: SpeechDesk["hear"];
beforeEach(async () => {
  folder = await emptyFolder();
  dir = join(folder.path, "uploads");
  hear = async (file) => ({ text: `${file.size} bytes` });
  t = await testApi({
    uploadDir: dir,
    speech: { voices: [], hear: (file, signal) => hear(file, signal), async *speak() {} },
  });
});
afterEach(async () => {
  await t.close();
  await folder.remove();
});

function left(): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
const send = (fields: Readonly<Record<string, string | Blob>>) => t.ask("acme", "POST", ROUTE, formOf(fields));

test("the file is there while it is worked on, whole, and gone afterwards", async () => {
  const bytes = randomBytes(700_000);
  let during: string[] = [];
  let whole = false;
  hear = async (file) => {
    during = left();
    whole = bytes.equals(Buffer.from(await file.arrayBuffer()));
    return { text: "heard" };
  };
  expect((await send({ audio_file: new Blob([bytes]) })).body).toEqual({ text: "heard" });
  expect([during.length, whole, left()]).toEqual([1, true, []]);
});

test.each<readonly [string, Readonly<Record<string, string | Blob>>, number, string]>([
  ["no file", {}, 400, "/audio_file"],
  ["words instead of a file", { audio_file: "sound" }, 400, "/audio_file"],
  ["an empty file", { audio_file: new Blob([]) }, 400, "/audio_file"],
  ["another name", { sound: new Blob(["x"]) }, 400, "/audio_file"],
  ["a field too many", { audio_file: new Blob(["x"]), odd: "1" }, 400, "/odd"],
])("%s", async (_name, fields, status, pointer) => {
  const told = await send(fields);
  expect([told.status, told.body.errors[0].pointer, left()]).toEqual([status, pointer, []]);
});

test.each<readonly [string, Omit<RequestInit, "headers"> & { headers?: Record<string, string> }, number]>([
  ["JSON", { body: '{"audio_file":"x"}', headers: { "content-type": "application/json" } }, 415],
  ["no body", {}, 415],
  ["a form without a boundary", { body: "x", headers: { "content-type": "multipart/form-data" } }, 400],
  [
    "a form that is cut off",
    {
      body: '--b\r\nContent-Disposition: form-data; name="audio_file"; filename="a"\r\n\r\nxyz',
      headers: { "content-type": "multipart/form-data; boundary=b" },
    },
    400,
  ],
  ["a field of 100 KB", { body: formOf({ audio_file: new Blob(["x"]), odd: "x".repeat(100_000) }) }, 400],
  ["fields with brackets", { body: formOf({ audio_file: new Blob(["x"]), "a[b]": "1" }) }, 400],
])("%s", async (_name, init, status) => {
  const answer = await fetch(t.url + ROUTE, {
    method: "POST",
    ...init,
    headers: { ...init.headers, authorization: `Bearer ${KEYS.acme}` },
  });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    status,
    "application/problem+json; charset=utf-8",
  ]);
  await until("nothing is left", () => left().length === 0);
});

test("a handler that fails, one that is refused, one that nobody waits for", async () => {
  hear = () => Promise.reject(new Problem(422, "The file cannot be read"));
  expect((await send({ audio_file: new Blob(["x"]) })).status).toBe(422);
  expect(left()).toEqual([]);
  hear = () => Promise.reject(new Error("a defect"));
  expect((await send({ audio_file: new Blob(["x"]) })).status).toBe(500);
  expect(left()).toEqual([]);

  let isAborted: boolean | undefined;
  hear = (_file, signal) => {
    isAborted = false;
    return new Promise(() => signal.addEventListener("abort", () => (isAborted = true)));
  };
  const gone = new AbortController();
  const asked = fetch(t.url + ROUTE, {
    method: "POST",
    body: formOf({ audio_file: new Blob(["x"]) }),
    headers: { authorization: `Bearer ${KEYS.acme}` },
    signal: gone.signal,
  }).catch(() => "gone");
  await until("it is worked on", () => isAborted === false);
  gone.abort();
  expect(await asked).toBe("gone");
  await until("its work is ended and its file is gone", () => isAborted === true && left().length === 0);
});

/** A form as bytes, its file as long as one likes, sent by hand: pieces, pauses and an end in the middle. */
async function* longForm(bytes: number): AsyncIterable<Buffer> {
  yield Buffer.from('--b\r\nContent-Disposition: form-data; name="audio_file"; filename="a.wav"\r\n\r\n');
  const piece = Buffer.alloc(256 * 1024, 1);
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
  yield Buffer.from("\r\n--b--\r\n");
}

function sendByHand(
  bytes: number,
  headers: Readonly<Record<string, string | number>>,
  how: "end" | "hold" | { readonly breakAfter: number } = "end",
) {
  return new Promise<number | string>((resolve) => {
    const sending = request(t.url + ROUTE, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b", authorization: `Bearer ${KEYS.acme}`, ...headers },
    });
    sending.on("response", (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    sending.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    void (async () => {
      let sent = 0;
      for await (const piece of longForm(bytes)) {
        if (typeof how === "object" && sent >= how.breakAfter) return void sending.destroy();
        if (!sending.write(piece)) await Promise.race([new Promise((go) => sending.once("drain", go)), wait(50)]);
        sent += piece.length;
      }
      if (how !== "hold") sending.end();
      return undefined;
    })();
  });
}

test("100 MB: refused at once where it says so, and else when it has become too much; neither is kept or held in memory", async () => {
  expect(await sendByHand(MB, { "content-length": 100 * MB }, "hold")).toBe(413);
  let most = 0;
  const before = process.memoryUsage().rss;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss - before)), 5);
  expect(await sendByHand(100 * MB, { "transfer-encoding": "chunked" })).toBe(413);
  clearInterval(watch);
  expect(most).toBeLessThan(60 * MB);
  expect(left()).toEqual([]);
});

test("whoever goes away in the middle leaves nothing behind", async () => {
  expect(await sendByHand(900 * 1024, { "transfer-encoding": "chunked" }, { breakAfter: 300 * 1024 })).toBe(
    "ECONNRESET",
  );
  await until("nothing is left", () => left().length === 0);
  expect(t.log.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test("whoever may not send gets to send nothing", async () => {
  const answer = await fetch(t.url + ROUTE, { method: "POST", body: formOf({ audio_file: new Blob(["x"]) }) });
  expect(answer.status).toBe(401);
  expect(left()).toEqual([]);
});

test("what a server that was killed has left is removed at the next start", async () => {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "half"), "x");
  await createUploads({ dir, maxBytes: 1 }).sweep();
  expect(left()).toEqual([]);
});

test("a folder that cannot be written to is told as a thing that passes", async () => {
  await writeFile(dir, "not a folder");
  const told = await send({ audio_file: new Blob(["x"]) });
  expect([told.status, told.headers.get("retry-after")]).toEqual([503, "30"]);
});
