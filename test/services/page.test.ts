// The page in a real browser, against the built server and simulated sides: each view, both themes, a phone's size, by keyboard, under
// its own policy. The talk view is in page-talk.test.ts, what goes on at this moment in page-live.test.ts.
import type { Browser } from "playwright-core";
import { until } from "../support/until.ts";
import { launch, logIn, openPage, photograph, PHONE_SIZE, unusable, WIDE, type Watched } from "./page-browser.ts";
import { KEYS, LISTENER, startPageStand, type Stories } from "./page-stand.ts";

let stand: Awaited<ReturnType<typeof startPageStand>>;
let stories: Promise<Stories>;
let browser: Browser;
let wide: Watched;

beforeAll(async () => {
  stand = await startPageStand();
  stories = stand.playStories();
  stories.catch(() => undefined);
  browser = await launch();
  wide = await openPage(browser, { colorScheme: "light" });
  await logIn(wide, stand.url);
}, 300_000);
afterAll(async () => {
  // Pages that are still asked something when they are closed say so.
  await browser?.close().catch(() => undefined);
  await stand?.close();
});
// The list is emptied: a test answers for its own trouble.
afterEach(() => {
  const said = wide?.trouble.splice(0) ?? [];
  if (said.length > 0) throw new Error(said.join("\n"));
});

test("a wrong key is refused in words beside the field, a good one opens a session that ends by its button", async () => {
  const { page, trouble } = await openPage(browser);
  await page.goto(stand.url);
  await page.getByLabel("Key").fill("no such key, certainly");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("This key is not known").waitFor();
  expect(await page.getByLabel("Key").getAttribute("aria-invalid")).toBe("true");
  expect(await unusable(page)).toEqual([]);
  await until("the browser itself tells of the refusal", () => trouble.length > 0);
  expect(trouble.splice(0)).toEqual([expect.stringContaining("401")]);
  await page.getByLabel("Key").fill(KEYS.reader);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Live" }).waitFor();
  await page.getByText("auditor").waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Live" }).waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Key").waitFor();
  expect(trouble).toEqual([]);
  await page.context().close();
});

test("the first view is small, and every file of it comes packed and for ever", async () => {
  const { page } = await openPage(browser);
  const files: { readonly url: string; readonly bytes: Promise<number>; readonly cache: string | undefined }[] = [];
  page.on("response", (response) => {
    const url = new URL(response.url()).pathname;
    // Streams have no size before their end.
    if (url !== "/login" && !url.startsWith("/assets/")) return;
    const bytes = response
      .request()
      .sizes()
      .then((size) => size.responseBodySize + size.responseHeadersSize);
    files.push({ url, bytes, cache: response.headers()["cache-control"] });
  });
  await logIn({ page, trouble: [] }, stand.url);
  await page.getByRole("status").first().waitFor();
  expect(files.length).toBeGreaterThan(2);
  const bytes = (await Promise.all(files.map((one) => one.bytes))).reduce((a, b) => a + b, 0);
  expect(bytes).toBeGreaterThan(5000);
  expect(bytes).toBeLessThan(60_000);
  for (const { url, cache } of files) expect(cache).toMatch(url === "/login" ? "no-store" : /immutable/);
  await page.context().close();
});

test("what is wrong with a configuration stands beside its field, and nothing is stored until it is right", async () => {
  const { page } = wide;
  await page.goto(`${stand.url}/organization/clinic`);
  await page.locator("summary", { hasText: "Escalation" }).click();
  await page.getByRole("button", { name: "Add a contact" }).click();
  await page.getByLabel("Name", { exact: true }).last().fill("Front desk");
  const number = page.locator("#field-escalation-contacts-1-number");
  await number.fill("five five five");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#field-escalation-contacts-1-number-wrong").getByText("must be a phone number").waitFor();
  await page.locator("#field-escalation-contacts-1-number:focus").waitFor();
  await until("the browser tells of the refusal", () => wide.trouble.length > 0);
  expect(wide.trouble.splice(0)).toEqual([expect.stringContaining("400")]);
  await number.fill("+15550006666");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved: the next caller hears it").waitFor();
  await page.getByRole("button", { name: "Take version 1" }).click();
  await page.getByText("Changed: escalation").waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByText("Nothing changed").waitFor();
  const { escalation } = (await (await stand.ask("/api/org/config/clinic")).json()) as {
    escalation: { contacts: unknown[] };
  };
  expect(escalation.contacts).toHaveLength(2);
});

test("a key that only looks is offered nothing that it may not do", async () => {
  const { page, trouble } = await openPage(browser);
  await page.goto(`${stand.url}/login#${KEYS.reader}`);
  await page.getByRole("heading", { name: "Live" }).waitFor();
  await page.goto(`${stand.url}/organization/clinic`);
  await page.getByLabel("Greeting", { exact: true }).first().waitFor();
  expect(await page.getByLabel("Greeting", { exact: true }).first().isDisabled()).toBe(true);
  expect(await page.getByRole("button", { name: "Save" }).count()).toBe(0);
  await page.goto(`${stand.url}/talk`);
  await page.getByText("A key that only looks cannot talk.").waitFor();
  expect(trouble).toEqual([]);
  await page.context().close();
});

test("the doctor's findings are listed", async () => {
  const { page } = wide;
  await page.goto(`${stand.url}/system`);
  await page.getByRole("heading", { name: "What the doctor sees" }).waitFor();
  const checks = page.locator(".checks-list > li");
  await checks.nth(8).waitFor();
  expect(await checks.filter({ hasText: "Database" }).textContent()).toContain("Good");
});

test("calls are found by words and filters, which stand in the address", async () => {
  await stories;
  const { page } = wide;
  await page.getByRole("link", { name: "Calls", exact: true }).click();
  const rows = page.getByRole("list", { name: "Calls found" }).getByRole("listitem");
  await rows.nth(1).waitFor();
  await page.getByLabel("Search").fill("chest pain");
  await page.waitForURL(/text=chest\+pain/);
  // In the words of a locator: a function to be polled would be compiled in the page, which its policy refuses.
  await page.locator(".call-list li").nth(1).waitFor({ state: "detached" });
  expect(await rows.first().textContent()).toContain("Escalated");
  await page.getByLabel("Escalated").selectOption("no");
  await page.getByText("No call fits.").waitFor();
  await page.reload();
  await page.getByText("No call fits.").waitFor();
  expect(await page.getByLabel("Search").inputValue()).toBe("chest pain");
  await page.getByRole("button", { name: "Clear" }).click();
  await rows.nth(1).waitFor();
  expect(page.url()).toBe(`${stand.url}/calls`);
});

test("a story shows what was cut, how long everything took, and why", async () => {
  const { page } = wide;
  await page.goto(`${stand.url}/calls/${(await stories).default}`);
  await page.locator("del").first().waitFor();
  const table = page.getByRole("table");
  await table.getByText(/Interrupted, .* unheard/).waitFor();
  await table.getByText("Cut by caller").waitFor();
  // Names of columns, the greeting, and three turns.
  expect(await table.getByRole("row").count()).toBe(5);
  for (const kind of ["listening", "thinking", "speaking", "interrupted"]) {
    expect(await page.locator(`.span.${kind}`).count()).toBeGreaterThan(0);
  }
  await page.getByText("end_call", { exact: true }).waitFor();
  const spent = page.locator("section", { has: page.getByRole("heading", { name: "Tokens and cost" }) });
  expect(await spent.textContent()).toMatch(/input tokens[1-9].*Cost(?!0\.0000)\d+\.\d{4}$/);
});

test("an emergency's story has the escalation, the intake and the recording, which plays", async () => {
  const { page } = wide;
  await page.goto(`${stand.url}/calls/${(await stories).clinic}`);
  await page.getByText("accepted", { exact: true }).waitFor();
  await page.getByText("Ada Miller", { exact: true }).waitFor();
  await page.locator(".wave canvas").first().waitFor();
  await page.getByRole("button", { name: "Play the recording" }).click();
  await page.getByRole("button", { name: "Pause the recording" }).click();
  await page.getByRole("button", { name: "Play the recording" }).waitFor();
});

describe.each([
  ["light", { colorScheme: "light", viewport: WIDE }],
  ["dark", { colorScheme: "dark", viewport: WIDE }],
  ["phone", { colorScheme: "light", viewport: PHONE_SIZE }],
] as const)("%s", (name, options) => {
  let watched: Watched;
  beforeAll(async () => {
    watched = await openPage(browser, options);
    await logIn(watched, stand.url);
  });
  afterAll(() => watched?.page.context().close());

  test.each([
    ["live", "/", ".count"],
    ["calls", "/calls", ".call-row"],
    ["story", "/calls/default", ".turns"],
    ["recorded", "/calls/clinic", ".wave canvas"],
    ["talk", "/realtime_client.html", ".orb"],
    ["organization", "/organization/clinic", "#field-name"],
    ["health", "/system", ".checks-list"],
  ] as const)("%s can be used by everybody", async (view, path, landmark) => {
    const { page, trouble } = watched;
    const call = view === "live" ? stand.call(LISTENER, { from: "+15550004321" }) : undefined;
    const told = await stories;
    await page.goto(
      stand.url + path.replace(/^\/calls\/(default|clinic)$/, (_, id: keyof Stories) => `/calls/${told[id]}`),
    );
    await page.locator(landmark).first().waitFor();
    if (call) await page.locator("a.card.call", { hasText: "+1 555 000 4321" }).first().waitFor();
    expect(await unusable(page)).toEqual([]);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    await photograph(page, `${view}-${name}`);
    if (call) call.hangUp();
    expect(trouble.splice(0)).toEqual([]);
  });
});

test("the theme is switched and remembered", async () => {
  const { page } = wide;
  await page.goto(`${stand.url}/calls`);
  const ground = () => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  const light = await ground();
  await page.getByRole("button", { name: "Dark theme" }).click();
  expect(await ground()).not.toBe(light);
  await page.reload();
  await page.getByRole("button", { name: "Light theme" }).click();
  expect(await ground()).toBe(light);
});
