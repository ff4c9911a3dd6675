// How the page is served: its views, its files, and the policy that lets it use nothing else.
import { join } from "node:path";
import request from "supertest";
import { openPage } from "../../src/http/page.ts";
import { builtPage, SCRIPT } from "./built-page.ts";
import { testServer } from "./support.ts";

const serve = () => request(testServer({ page: openPage(builtPage) }).app);
const FILE = "/assets/index-1a2b3c.js";

test.each([
  "/login",
  "/live/call_1",
  "/calls",
  "/calls/call_1",
  "/talk",
  "/realtime_client.html",
  "/organization",
  "/organization/default",
  "/system",
])("%s is a view of the page", async (path) => {
  const answer = await serve().get(path);
  expect([answer.status, answer.type]).toEqual([200, "text/html"]);
  expect(answer.text).toContain("<title>Page</title>");
  expect(answer.headers["cache-control"]).toBe("no-store");
  expect(answer.headers["referrer-policy"]).toBe("same-origin");
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
});

test("the page may use its own files only, and every answer has a nonce of its own for one style sheet", async () => {
  const nonces = new Set<string>();
  for (let n = 0; n < 3; n++) {
    const { headers, text } = await serve().get("/talk");
    const policy = String(headers["content-security-policy"]);
    const [, nonce] = /style-nonce" content="([A-Za-z0-9+/]{22}==)"/.exec(text) ?? [];
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
    nonces.add(nonce as string);
  }
  expect(nonces.size).toBe(3);
});

test.each([
  ["br", "br"],
  ["gzip, deflate", "gzip"],
  ["gzip;q=0.5, br", "br"],
  ["identity", undefined],
])("a file is kept for ever, and packed as the browser (%s) can unpack it", async (accepted, encoding) => {
  const answer = await serve().get(FILE).set("Accept-Encoding", accepted);
  expect(answer.status).toBe(200);
  expect(answer.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect(answer.headers["content-type"]).toBe("text/javascript; charset=utf-8");
  expect(answer.headers["content-encoding"]).toBe(encoding);
  expect(answer.headers.vary).toContain("Accept-Encoding");
});

test("a file arrives whole", async () => {
  const answer = await serve().get(FILE).set("Accept-Encoding", "gzip").responseType("blob");
  expect((answer.body as Buffer).toString()).toBe(SCRIPT);
});

test.each([
  "/assets/none.js",
  "/assets/notes.txt",
  "/assets/index-1a2b3c.js.br",
  "/assets/..%2findex.html",
  "/assets/%2e%2e/index.html",
  "/assets/",
  "/index.html",
])("%s is nothing", async (path) => {
  const answer = await serve().get(path);
  expect([answer.status, answer.type]).toEqual([404, "application/problem+json"]);
});

test("a view is only read", async () => {
  for (const method of ["post", "put", "delete"] as const) {
    const answer = await serve()[method]("/calls");
    expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
  }
  expect((await serve().head("/calls")).status).toBe(200);
});

test("where nothing was built there is no page", () => {
  expect(openPage(join(builtPage, "nowhere"))).toBeUndefined();
});
