// One Chromium for all tests of the page, with a WAV file as its microphone, and pages that keep what goes wrong in them.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { KEYS } from "./page-stand.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Set, the pictures of docs/screens are taken anew. */
const SCREENS = process.env.SCREENS ? new URL("../../docs/screens/", import.meta.url).pathname : undefined;
/** Both themes and a phone, and few enough for a repository. */
const KEPT = [
  "followed-light",
  "story-light",
  "story-dark",
  "recorded-light",
  "talking",
  "confirmation",
  "organization-dark",
  "health-dark",
  "live-phone",
  "story-phone",
  "talk-phone",
];

export interface Watched {
  readonly page: Page;
  /** Errors and warnings of the console, errors of scripts, and what the policy refused. */
  readonly trouble: string[];
}

export const WIDE = { width: 1280, height: 860 };
export const PHONE_SIZE = { width: 360, height: 740 };

/** @param sound a WAV file that is heard once, from the moment the microphone is opened. */
export function launch(sound?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      ...(sound === undefined ? [] : [`--use-file-for-fake-audio-capture=${sound}%noloop`]),
    ],
  });
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: WIDE, locale: "en-US", ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) trouble.push(message.text());
  });
  page.on("pageerror", (error) => void trouble.push(String(error)));
  await page.exposeFunction("tellTrouble", (text: string) => void trouble.push(text));
  await page.addInitScript(
    `document.addEventListener("securitypolicyviolation", (event) =>
      tellTrouble("policy: " + event.violatedDirective + " " + event.blockedURI))`,
  );
  return { page, trouble };
}

export async function logIn({ page }: Watched, origin: string): Promise<void> {
  await page.goto(`${origin}/login#${KEYS.admin}`);
  await page.getByRole("heading", { name: "Live" }).waitFor();
}

interface Found {
  readonly violations: readonly { id: string; impact: string; nodes: readonly { html: string }[] }[];
}

/** What axe finds that keeps people out. */
export async function unusable(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  // Without preload: it would copy style sheets of shadow roots into the page, which the page's policy forbids.
  const { violations }: Found = await page.evaluate<Found>("axe.run(document, { preload: false })");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

export async function photograph(page: Page, name: string): Promise<void> {
  if (!SCREENS || !KEPT.includes(name)) return;
  mkdirSync(SCREENS, { recursive: true });
  await page.screenshot({ path: join(SCREENS, `${name}.png`) });
}
