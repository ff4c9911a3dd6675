// The two readers of the API's documentation from the built server in a real browser, under its own policy.
import { chromium, type Browser, type Page } from "playwright-core";
import { emptyFolder, startChild, type Child } from "../support/child.ts";

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let server: Child;
let browser: Browser;
let origin: string;
beforeAll(async () => {
  folder = await emptyFolder();
  server = startChild("dist/main.js", {
    cwd: folder.path,
    env: { PORT: "0", HOST: "127.0.0.1", DATA_DIR: folder.path },
  });
  const [, port] = await server.says(/STARTED.*"port":"(\d+)"/);
  origin = `http://127.0.0.1:${port}`;
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"],
  });
});
afterAll(async () => {
  await browser?.close();
  server.signal("SIGTERM");
  await server.exited;
  await folder.remove();
});

async function open(path: string): Promise<{ readonly page: Page; readonly said: string[] }> {
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("console", (message) => void (["error", "warning"].includes(message.type()) && said.push(message.text())));
  page.on("pageerror", (error) => void said.push(String(error)));
  await page.goto(`${origin}${path}`);
  return { page, said };
}

test("Swagger UI shows every group and opens a route, without a word on the console", async () => {
  const { page, said } = await open("/docs");
  await page.locator(".opblock-tag").nth(5).waitFor();
  await page.locator("#operations-health-getHealth button").first().click();
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.getByRole("button", { name: "Execute" }).click();
  await page.locator(".live-responses-table").getByText("healthy").first().waitFor();
  expect(said).toEqual([]);
});

test("Redoc shows the routes, and nothing is loaded from elsewhere but its own mark, which is not let in", async () => {
  const { page, said } = await open("/redoc");
  const found = page.getByText("Asks the assistant in writing");
  await found.first().waitFor({ state: "attached" });
  await page.getByPlaceholder("Search...").pressSequentially("writing");
  await page.locator('[role="search"] ul, [data-role="search:results"]').getByText("writing").first().waitFor();
  expect(await page.locator("h1").first().textContent()).toContain("Voicebridge");
  expect(said.filter((text) => !text.includes("cdn.redoc.ly"))).toEqual([]);
});
