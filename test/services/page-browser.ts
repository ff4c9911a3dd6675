// One Chromium for all tests of the page, with a WAV file as its microphone, and pages that keep what goes wrong in them.
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

export interface Watched {
  readonly page: Page;
  /** Errors and warnings of the console, errors of scripts, and what the policy refused. */
  readonly trouble: string[];
}

export const WIDE = { width: 1280, height: 860 };
export const PHONE_SIZE = { width: 360, height: 740 };

/** @param sound a WAV file that is heard once, from the moment the microphone is opened. */
export function launch(sound: string): Promise<Browser> {
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
      `--use-file-for-fake-audio-capture=${sound}%noloop`,
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
