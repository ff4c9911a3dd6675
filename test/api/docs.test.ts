// The documentation as it is served: open by default, closed where that is asked for, and nothing in it from elsewhere.
import { get as httpGet } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createAsyncApi } from "../../src/api/asyncapi.ts";
import { READER_FILES } from "../../src/api/docs.ts";
import { PHONE_ROUTES } from "../../src/api/other-routes.ts";
import { socketsOf } from "../../src/api/sockets.ts";
import { testApi, type TestApi } from "./support.ts";

let folder: string;
let t: TestApi;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "docs-"));
  for (const file of READER_FILES) await writeFile(join(folder, file), `/* ${file} */`);
  t = await testApi({ docs: { folder, routes: PHONE_ROUTES, origin: "https://voice.example.com" } });
});
afterAll(async () => {
  await t.close();
  await rm(folder, { recursive: true });
});

const get = (path: string, from: TestApi = t) => fetch(`${from.url}${path}`);

test("needs no key, and describes itself too", async () => {
  const answer = await get("/openapi.json");
  expect(answer.status).toBe(200);
  const description = (await answer.json()) as { servers: unknown; paths: Record<string, unknown>; info: unknown };
  expect(description.servers).toEqual([{ url: "https://voice.example.com" }]);
  expect(description.info).toMatchObject({ version: "1.2.3" });
  expect(Object.keys(description.paths)).toEqual(
    expect.arrayContaining(["/openapi.json", "/docs", "/redoc", "/api/calls", "/voice/after-stream"]),
  );
});

test("the sockets are where WEBHOOK_URL says, or else where they were asked for; Host is not believed", async () => {
  const asyncApi = (origin: string) => createAsyncApi({ sockets: socketsOf({ phone: false }), version: "1", origin });
  const hostsOf = async (origin?: string): Promise<unknown> => {
    const one = await testApi({ docs: { folder, asyncApi, ...(origin !== undefined && { origin }) } });
    try {
      const { port } = new URL(one.url);
      const answer = await new Promise<string>((resolve, reject) => {
        const options = {
          port,
          path: "/asyncapi.json",
          headers: { host: "evil.example", "x-forwarded-host": "evil.example" },
        };
        httpGet(options, (response) => void text(response).then(resolve, reject)).on("error", reject);
      });
      const { here } = (JSON.parse(answer) as { servers: { here: { host: string; protocol: string } } }).servers;
      return [here.host.replace(port, "PORT"), here.protocol];
    } finally {
      await one.close();
    }
  };
  expect(await hostsOf()).toEqual(["localhost:PORT", "ws"]);
  expect(await hostsOf("https://voice.example.com")).toEqual(["voice.example.com", "wss"]);
});

test.each([
  ["/docs", "swagger-ui"],
  ["/redoc", `spec-url="/openapi.json"`],
])("%s is a page that loads from here alone and has no script of its own", async (path, what) => {
  const answer = await get(path);
  const page = await answer.text();
  expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
  expect(page).toContain(what);
  expect(page).not.toMatch(/https?:|<script>/);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(policy).toContain("frame-ancestors 'none'");
  for (const [, file] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    const part = await get(file as string);
    expect([file, part.status, part.headers.get("content-type")]).toEqual([
      file,
      200,
      expect.stringMatching(file?.endsWith(".css") ? /^text\/css/ : /^text\/javascript/),
    ]);
  }
});

test.each(["/docs/swagger-ui.js", "/docs/..%2f..%2fpackage.json", "/docs/start.js/x"])(
  "%s is nothing of it",
  async (path) => {
    expect((await get(path)).status).toBe(404);
  },
);

test("says what to do where the readers were not built", async () => {
  const unbuilt = await testApi({ docs: { folder: join(folder, "nowhere") } });
  try {
    expect((await get("/docs", unbuilt)).status).toBe(200);
    const answer = await get("/docs/redoc.standalone.js", unbuilt);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      expect.objectContaining({ detail: expect.stringContaining("npm run build") }),
    ]);
  } finally {
    await unbuilt.close();
  }
});

test("DOCS=off leaves nothing of it", async () => {
  const closed = await testApi({ docs: null });
  try {
    for (const path of ["/docs", "/redoc", "/openapi.json", "/docs/start.js"])
      expect([path, (await get(path, closed)).status]).toEqual([path, 404]);
  } finally {
    await closed.close();
  }
});
