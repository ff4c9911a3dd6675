// The talk view in a real browser, against the built server and simulated sides: through the microphone, in writing, and watched and
// acted on from the live view.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { recorded } from "../../scripts/demo/story.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { writeWav } from "../../src/audio/wav.ts";
import { emptyFolder } from "../support/child.ts";
import { launch, logIn, openPage, photograph, unusable } from "./page-browser.ts";
import { startPageStand } from "./page-stand.ts";
import { must } from "./program.ts";

let stand: Awaited<ReturnType<typeof startPageStand>>;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
let browser: Browser;

beforeAll(async () => {
  folder = await emptyFolder();
  stand = await startPageStand();
  // The question of a caller, after six seconds of listening: the call is up by then.
  const [plain, sound] = [join(folder.path, "plain.wav"), join(folder.path, "microphone.wav")];
  writeFileSync(plain, writeWav([decodeMulaw(recorded("opening-hours").audio)], 8000));
  await must("sox", [plain, "-r", "48000", sound, "pad", "6", "20"]);
  browser = await launch(sound);
}, 300_000);
afterAll(async () => {
  await browser?.close().catch(() => undefined);
  await stand?.close();
  await folder?.remove();
});

test("a person talks with the agent through the microphone, reads both sides, interrupts it by typing, and hangs up", async () => {
  const { page, trouble } = await openPage(browser);
  await logIn({ page, trouble }, stand.url);
  await page.goto(`${stand.url}/realtime_client.html`);
  // The greeting's words stand there while it is spoken: a state that passes by, so the page itself keeps that it was there.
  await page.evaluate(
    `new MutationObserver((_, all) => {
      const open = document.querySelector('[role="log"] .line.agent.open p');
      if (!open) return;
      window.firstOpen = open.textContent;
      all.disconnect();
    }).observe(document.body, { childList: true, subtree: true })`,
  );
  await page.getByRole("button", { name: "Talk to the agent" }).click();
  const log = page.getByRole("log");
  await log.locator(".line.agent:not(.open)", { hasText: "How can I help you?" }).first().waitFor();
  expect(await page.evaluate("window.firstOpen")).toContain("How can I help you?");
  // What the microphone hears is transcribed, answered, and the answer is played to its end.
  await log.locator(".line.caller", { hasText: "could you tell me your opening hours" }).waitFor();
  await log.locator(".line.agent:not(.open)").nth(1).waitFor();
  await page.getByText("The agent listens").waitFor();
  await page.getByLabel("Write to the agent").fill("Tuesday at nine, please.");
  await page.keyboard.press("Enter");
  await page.getByText("The agent speaks").waitFor();
  await page.getByLabel("Write to the agent").fill("How long does the repair take?");
  await page.keyboard.press("Enter");
  await log.locator("del").first().waitFor();
  await log.locator(".line.agent", { hasText: "forty minutes and costs" }).waitFor();
  await photograph(page, "talking");
  await page.getByRole("button", { name: "Hang up" }).click();
  await page.getByText("The call is over").waitFor();
  await page.getByRole("link", { name: "Read its story" }).click();
  await page.getByRole("heading", { name: "Browser" }).waitFor();
  // Heard as the marks told it: the first answer whole, the second cut.
  await page.locator(".line.caller", { hasText: "opening hours" }).waitFor();
  await page.locator(".line.agent del").first().waitFor();
  expect(trouble).toEqual([]);
  await page.context().close();
});

test("without a microphone one types, and is told why", async () => {
  const { page, trouble } = await openPage(browser);
  await logIn({ page, trouble }, stand.url);
  await page.addInitScript(
    `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"))`,
  );
  await page.goto(`${stand.url}/talk`);
  await page.getByRole("button", { name: "Talk to the agent" }).click();
  await page.getByText("You can type instead.").waitFor();
  await page.getByText("The agent listens").or(page.getByText("The agent speaks")).waitFor();
  await page.getByLabel("Write to the agent").fill("How long does the repair take?");
  await page.keyboard.press("Enter");
  await page.getByRole("log").locator(".line.agent", { hasText: "forty minutes" }).waitFor();
  await page.getByRole("button", { name: "Hang up" }).click();
  expect(trouble).toEqual([]);
  await page.context().close();
});

test("the agent calls the simulated phone, and the call is followed", async () => {
  const { page, trouble } = await openPage(browser);
  await logIn({ page, trouble }, stand.url);
  await page.goto(`${stand.url}/talk`);
  await page.getByRole("button", { name: "Call the simulated phone" }).click();
  await page.getByRole("log").locator(".line").first().waitFor();
  await page.getByRole("button", { name: "End …" }).click();
  await page.getByRole("button", { name: "End the call" }).click();
  await page.getByText(/The call has ended/).waitFor();
  expect(trouble).toEqual([]);
  await page.context().close();
});

/** A talk in writing. */
async function write(page: Page): Promise<(text: string) => Promise<void>> {
  await page.goto(`${stand.url}/talk`);
  await page.getByRole("button", { name: "Type only" }).click();
  await page.getByText("The agent listens").or(page.getByText("The agent speaks")).waitFor();
  return async (text) => {
    await page.getByLabel("Write to the agent").fill(text);
    await page.keyboard.press("Enter");
  };
}

test("a talk in the browser is followed, spoken in and ended by who watches", async () => {
  const [talker, watcher] = await Promise.all([openPage(browser), openPage(browser)]);
  await Promise.all([talker, watcher].map((one) => logIn(one, stand.url)));
  const say = await write(talker.page);
  const { page } = watcher;
  await page.locator("a.card.call", { hasText: "Browser" }).click();
  await say("How long does the repair take?");
  await page.getByRole("log").locator(".line.caller", { hasText: "How long does the repair take?" }).waitFor();
  const transfer = page.getByRole("button", { name: "Transfer …" });
  expect(await transfer.isDisabled()).toBe(true);
  const reason = page.locator(`#${await transfer.getAttribute("aria-describedby")}`);
  expect(await reason.textContent()).toContain("cannot be handed to a telephone");
  await page.getByLabel("Say something in the call").fill("A colleague is on the way to you.");
  await page.keyboard.press("Enter");
  for (const one of [page, talker.page])
    await one.getByRole("log").locator(".line.agent", { hasText: "A colleague is on the way" }).waitFor();
  expect(await unusable(page)).toEqual([]);
  await page.getByRole("button", { name: "Escalate …" }).click();
  await page.getByLabel("Why").fill("A person is wanted");
  await page.getByRole("button", { name: "Escalate", exact: true }).click();
  await page.locator(".followed").getByText("Escalated").waitFor();
  await page.getByRole("button", { name: "End …" }).click();
  await page.getByRole("button", { name: "End the call" }).click();
  await page.getByText(/The call has ended/).waitFor();
  await talker.page.getByText(/The call is over/).waitFor();
  for (const one of [talker, watcher]) {
    expect(one.trouble).toEqual([]);
    await one.page.context().close();
  }
});
