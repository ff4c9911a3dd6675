// What goes on at this moment, in a real browser against the built server and simulated sides: the cards of live calls, a hand on them,
// and the way to a talk with no key but Tab. Views with something going on are looked at in both themes and in a phone's size.
import type { Browser, Page } from "playwright-core";
import { CLINIC_NUMBER, NURSE, nurse } from "../../scripts/demo/clinic.ts";
import { recorded, turn } from "../../scripts/demo/story.ts";
import { launch, logIn, openPage, photograph, PHONE_SIZE, unusable, WIDE, type Watched } from "./page-browser.ts";
import { KEYS, LISTENER, startPageStand } from "./page-stand.ts";

let stand: Awaited<ReturnType<typeof startPageStand>>;
let browser: Browser;
let wide: Watched;

beforeAll(async () => {
  stand = await startPageStand();
  browser = await launch();
  wide = await openPage(browser, { colorScheme: "light" });
  await logIn(wide, stand.url);
}, 300_000);
afterAll(async () => {
  await browser?.close().catch(() => undefined);
  await stand?.close();
});
// The list is emptied: a test answers for its own trouble.
afterEach(() => {
  const said = wide?.trouble.splice(0) ?? [];
  if (said.length > 0) throw new Error(said.join("\n"));
});

const cardOf = (page: Page, number: string) => page.locator("a.card.call", { hasText: number });

test("a live call is seen with all there is to know of it, followed, spoken in, escalated and ended", async () => {
  const { page } = wide;
  const call = stand.call([...turn(recorded("opening-hours")), ...LISTENER], { from: "+15550009876" });
  const card = cardOf(page, "+1 555 000 9876");
  await card.getByText("default").waitFor();
  const timer = card.locator(".timer");
  const first = (await timer.textContent()) ?? "";
  expect(first).toMatch(/^\d+:\d\d$/);
  await timer.filter({ hasNotText: first }).waitFor();
  // What the caller asked is answered, and then nobody says anything: all of this stays.
  await card.locator(".last.agent", { hasText: "We are open" }).waitFor();
  await card.getByText(/^answered in [\d.]+ m?s$/).waitFor();
  await card.locator(".badge", { hasText: /^(Intake|Clarification)$/ }).waitFor();
  expect(await card.getByText("Escalated").count()).toBe(0);
  await card.click();
  const log = page.getByRole("log");
  await log.locator(".line.agent:not(.open)", { hasText: "We are open" }).waitFor();
  await page.getByLabel("Say something in the call").fill("The doctor will be with you in a minute.");
  await page.keyboard.press("Enter");
  await log.getByText("The doctor will be with you in a minute.").waitFor();
  await photograph(page, "followed-light");
  await page.getByRole("button", { name: "Escalate …" }).click();
  await page.getByRole("button", { name: "Escalate", exact: true }).click();
  await card.getByText("Escalated").waitFor();
  await page.getByRole("button", { name: "End …" }).press("Enter");
  await page.getByRole("button", { name: "End the call" }).press("Enter");
  await page.getByText(/The call has ended/).waitFor();
  await call.done;
  await page.getByRole("link", { name: "Read its story" }).click();
  await page.getByRole("heading", { name: "Turns" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Live" }).waitFor();
});

test("a call is handed to a person, whose telephone rings", async () => {
  const { page } = wide;
  await page.goto(stand.url);
  const call = stand.call(LISTENER, { from: "+15550001234", to: CLINIC_NUMBER, dialOutcome: await nurse() });
  await cardOf(page, "+1 555 000 1234").click();
  await page.getByRole("log").locator(".line.agent:not(.open)").first().waitFor();
  await page.getByRole("button", { name: "Transfer …" }).click();
  await page.getByLabel("To", { exact: true }).fill("the duty nurse");
  await page.getByLabel("What the person is told").fill("A caller who says nothing.");
  await page.getByRole("button", { name: "Transfer", exact: true }).click();
  await page.getByText("The call has ended (transferred)").waitFor();
  const { dials } = await call.done;
  expect(dials).toEqual([expect.objectContaining({ number: NURSE, bridged: true })]);
});

test("the story of a call that goes on is told to its end", async () => {
  const { page } = wide;
  const call = stand.call(LISTENER, { from: "+15550007007" });
  await page.goto(stand.url);
  const callId = /[^/]+$/.exec((await cardOf(page, "+1 555 000 7007").getAttribute("href")) ?? "")?.[0];
  await page.goto(`${stand.url}/calls/${callId}`);
  const follow = page.getByRole("link", { name: "Live: follow it" });
  await follow.waitFor();
  await stand.ask(`/api/calls/${callId}/end`, {});
  await call.done;
  await page.getByText("agent hangup").waitFor();
  expect(await follow.count()).toBe(0);
});

/** Presses the key until the focus is there. @throws Error when it never comes. */
async function walkTo(page: Page, selector: string, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  for (let steps = 0; steps < 30; steps++) {
    await page.keyboard.press(key);
    if ((await page.locator(`${selector}:focus`).count()) > 0) return;
  }
  throw new Error(`${key} never comes to ${selector}`);
}

test("by Tab and Enter alone one logs in, skips the navigation, goes to the talk, talks in writing, and hangs up", async () => {
  const { page, trouble } = await openPage(browser);
  await page.goto(stand.url);
  await page.getByLabel("Key").waitFor();
  await walkTo(page, "#key");
  await page.keyboard.type(KEYS.admin);
  await walkTo(page, "form button");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Live" }).waitFor();
  // The first stop, so that nobody walks through the navigation who does not want to.
  await page.keyboard.press("Tab");
  await page.locator("a.skip:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#main:focus").waitFor();
  await walkTo(page, 'nav a[href="/talk"]', "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Type only" }).waitFor();
  // A view that was changed is where the focus is, and its first button comes next.
  await page.locator("#main:focus").waitFor();
  await page.keyboard.press("Tab");
  await page.locator("button:focus", { hasText: "Talk to the agent" }).waitFor();
  await page.keyboard.press("Tab");
  await page.locator("button:focus", { hasText: "Type only" }).waitFor();
  await page.keyboard.press("Enter");
  // Who wants to write can.
  await page.locator("#write:focus").waitFor();
  await page.getByText("The agent listens").waitFor();
  await page.keyboard.type("How long does the repair take?");
  await page.keyboard.press("Enter");
  await page.getByRole("log").locator(".line.agent", { hasText: "forty minutes" }).waitFor();
  await walkTo(page, "button.danger", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByText("The call is over").waitFor();
  expect(trouble).toEqual([]);
  await page.context().close();
});

describe.each([
  ["light", "4321", { colorScheme: "light", viewport: WIDE }],
  ["dark", "4322", { colorScheme: "dark", viewport: WIDE }],
  ["phone", "4323", { colorScheme: "light", viewport: PHONE_SIZE }],
] as const)("%s", (_, caller, options) => {
  test("the log-in, a followed call and a talk under way can be used by everybody", async () => {
    const watched = await openPage(browser, options);
    const { page, trouble } = watched;
    async function isUsable(): Promise<void> {
      expect(await unusable(page)).toEqual([]);
      expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    }
    await page.goto(stand.url);
    await page.getByLabel("Key").waitFor();
    await isUsable();

    const call = stand.call(LISTENER, { from: `+1555000${caller}` });
    await logIn(watched, stand.url);
    await page.goto(`${stand.url}${await cardOf(page, `+1 555 000 ${caller}`).getAttribute("href")}`);
    await page.getByRole("log").locator(".line.agent:not(.open)", { hasText: "How can I help you?" }).waitFor();
    for (const panel of ["End …", "Escalate …", "Transfer …"]) {
      await page.getByRole("button", { name: panel }).click();
      await isUsable();
    }
    call.hangUp();

    await page.goto(`${stand.url}/talk`);
    await page.getByRole("button", { name: "Type only" }).click();
    await page.getByText("The agent listens").waitFor();
    await page.getByLabel("Write to the agent").fill("How long does the repair take?");
    await page.keyboard.press("Enter");
    await page.getByRole("log").locator(".line.agent:not(.open)", { hasText: "forty minutes" }).waitFor();
    await isUsable();
    await page.getByRole("button", { name: "Hang up" }).click();
    expect(trouble).toEqual([]);
    await page.context().close();
  });
});
