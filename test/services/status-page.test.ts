// The status page of the built server in a real browser: its policy lets its own style in, its words are there and can be read.
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { emptyFolder, startChild, type Child } from "../support/child.ts";
import { photograph, readPage } from "./chromium.ts";
import { legibility } from "./png.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let server: Child;
let page: string;
beforeAll(async () => {
  folder = await emptyFolder();
  server = startChild("dist/main.js", {
    cwd: folder.path,
    env: { PORT: "0", HOST: "127.0.0.1", DATA_DIR: folder.path },
  });
  const [, port] = await server.says(/STARTED.*"port":"(\d+)"/);
  page = `http://127.0.0.1:${port}/status`;
});
afterAll(async () => {
  server.signal("SIGTERM");
  await server.exited;
  await folder.remove();
});

test("it opens without a word on the console, with its heading and its counts", async () => {
  const { html, console } = await readPage(page);
  expect(console).toEqual([]);
  expect(html).toContain("<h1>Voicebridge</h1>");
  expect(html).toMatch(/<th scope="row">State<\/th><td>running<\/td>/);
  expect(html).toMatch(/<th scope="row">Live calls<\/th><td>0<\/td>/);
  expect(html).toContain("<h2>Calls ended</h2>");
});

test.each([
  ["light", false],
  ["dark", true],
])("a person with a %s screen can read it", async (_name, dark) => {
  const picture = await photograph(page, { dark });
  expect([picture.width, picture.height]).toEqual([800, 600]);
  // Pixels of letters that stand out well from the ground; measured about 5400 of 480 000.
  const { ink } = legibility(picture, 7);
  expect(ink).toBeGreaterThan(2000);
  expect(ink).toBeLessThan(800 * 600 * 0.1);
});

/** What the tests above would see if something were wrong. */
describe("a page that is not well", () => {
  let other: Server;
  let url: string;
  beforeAll(async () => {
    const { html } = await readPage(page);
    other = createServer((request, response) => {
      if (request.url === "/blank") response.end("<!doctype html><title>blank</title>");
      else response.setHeader("Content-Security-Policy", "default-src 'none'; style-src 'sha256-AAAA'").end(html);
    });
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    other.closeAllConnections();
    await new Promise<void>((resolve) => other.close(() => resolve()));
  });

  test("a style that the policy does not know is told on the console", async () => {
    const { console } = await readPage(`${url}/`);
    expect(console).toEqual([expect.stringContaining("Content Security Policy")]);
  });

  test("a blank page has no ink", async () => {
    expect(legibility(await photograph(`${url}/blank`), 7).ink).toBe(0);
  });
});
