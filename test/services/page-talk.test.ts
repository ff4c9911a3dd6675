// The talk view in a real browser, against the built server and simulated sides: through the microphone, in writing, watched and acted on
// from the live view, and with tools that wait for a button. And the other place where the agent is heard: the greeting, aloud.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { recorded } from "../../scripts/demo/story.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { writeWav } from "../../src/audio/wav.ts";
import { startHttpDesktop } from "../../src/sim/mcp/http.ts";
import { desk } from "../../src/sim/openai/desk.ts";
import type { Brain } from "../../src/sim/openai/index.ts";
import { emptyFolder } from "../support/child.ts";
import { launch, logIn, openPage, photograph, unusable } from "./page-browser.ts";
import { startPageStand } from "./page-stand.ts";
import { must } from "./program.ts";

/** A minute of talk, which nobody has to hear to its end. */
const LONG = "We have Tuesday at nine, or Thursday at ten, or Friday in the afternoon. ".repeat(14).trim();

/** The desk of the shop, with a computer that backs things up, and one subject on which it cannot stop. */
const withComputer: Brain = (input) => {
  if (input.text === recorded("tuesday-at-nine").text) return { text: LONG };
  if (!input.text.startsWith("Back up")) return desk(input);
  const tool = { name: "desktop__Powershell-Tool", args: { command: "./backup.ps1" } };
  const [output] = input.toolOutputs;
  if (!output) return { text: "", tool };
  return { text: output.output.includes("denied") ? "Then I leave it." : "The backup is made." };
};

let stand: Awaited<ReturnType<typeof startPageStand>>;
let desktop: Awaited<ReturnType<typeof startHttpDesktop>>;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
let browser: Browser;

beforeAll(async () => {
  folder = await emptyFolder();
  desktop = await startHttpDesktop();
  const servers = join(folder.path, "mcp.json");
  const http = { url: desktop.url, allow_private: true };
  writeFileSync(servers, JSON.stringify({ servers: { desktop: { http, organizations: ["default"] } } }));
  stand = await startPageStand({ brain: withComputer, env: { MCP_SERVERS_FILE: servers } });
  // The question of a caller, after six seconds of listening: the call is up by then.
  const sound = join(folder.path, "microphone.wav");
  await must("sox", [said("opening-hours"), "-r", "48000", sound, "pad", "6", "20"]);
  browser = await launch(sound);
}, 300_000);

/** A file of what a caller says. */
function said(id: string): string {
  const path = join(folder.path, `${id}.wav`);
  writeFileSync(path, writeWav([decodeMulaw(recorded(id).audio)], 8000));
  return path;
}
afterAll(async () => {
  await browser?.close().catch(() => undefined);
  await stand?.close();
  await desktop?.close();
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
  await page.getByRole("button", { name: "Mute", exact: true }).click();
  await page.getByText("You are muted").waitFor();
  await page.getByRole("button", { name: "Unmute" }).click();
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

/**
 * What the page gives to the loudspeaker, looked at every 20 ms: how loud it was, and how much of it came after the page had said that a
 * reply was cut, until there was silence for a second.
 */
const LISTENS_TO_THE_PAGE = `
  const sound = (window.sound = { peak: 0, loudMs: 0, silentMs: 0, afterCutMs: 0, isCut: false, isStill: false });
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      const { context } = to;
      context.ear ??= (() => {
        const ear = new AnalyserNode(context, { fftSize: 2048 });
        const samples = new Float32Array(ear.fftSize);
        let before = performance.now();
        setInterval(() => {
          ear.getFloatTimeDomainData(samples);
          const peak = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
          const now = performance.now();
          const ms = now - before;
          sound.peak = Math.max(sound.peak, peak);
          sound.silentMs = peak > 0.001 ? 0 : sound.silentMs + ms;
          sound.isCut ||= document.querySelector('[role="log"] del') !== null;
          if (peak > 0.01 && !sound.isCut) sound.loudMs += ms;
          if (peak > 0.01 && sound.isCut && !sound.isStill) sound.afterCutMs += ms;
          sound.isStill ||= sound.isCut && sound.silentMs > 1000;
          before = now;
        }, 20);
        return ear;
      })();
      connect.call(this, context.ear);
    }
    return connect.call(this, to, ...rest);
  };
`;

/** The page's policy lets nothing be looked at by a script of its own. */
async function holds(page: Page, condition: string): Promise<void> {
  for (const deadline = performance.now() + 30_000; !(await page.evaluate<boolean>(condition));) {
    if (performance.now() > deadline)
      throw new Error(`${condition}: ${await page.evaluate<string>("JSON.stringify(window.sound)")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("who speaks while the agent speaks is heard, and the agent's sound, which was no silence, is cut", async () => {
  // A question; twelve seconds in which the answer has begun, however slow the machine is; and a word into it, a minute long as it is.
  const sound = join(folder.path, "interrupting.wav");
  const pieces = ["tuesday-at-nine", "how-long"].map((id, at) => {
    const piece = join(folder.path, `piece-${at}.wav`);
    return { id, piece, pad: at === 0 ? ["6", "12"] : ["0", "30"] };
  });
  for (const { id, piece, pad } of pieces) await must("sox", [said(id), "-r", "48000", piece, "pad", ...pad]);
  await must("sox", [...pieces.map(({ piece }) => piece), sound]);
  const speaker = await launch(sound);
  try {
    const { page, trouble } = await openPage(speaker);
    await page.addInitScript(LISTENS_TO_THE_PAGE);
    await logIn({ page, trouble }, stand.url);
    await page.goto(`${stand.url}/talk`);
    await page.getByRole("button", { name: "Talk to the agent" }).click();
    const log = page.getByRole("log");
    await log.locator(".line.caller", { hasText: recorded("tuesday-at-nine").text }).waitFor();
    await log.locator(".line.agent.open", { hasText: "Thursday at ten" }).waitFor();
    await holds(page, "window.sound.isStill");
    const heard = await page.evaluate<{ peak: number; loudMs: number; afterCutMs: number }>("window.sound");
    // The greeting and twelve seconds or less of the minute; then nothing of the 20 s that were there to be played.
    expect(heard.peak).toBeGreaterThan(0.05);
    expect(heard.loudMs).toBeGreaterThan(2000);
    expect(heard.afterCutMs).toBeLessThan(1000);
    await log.locator(".line.agent", { hasText: "forty minutes and costs" }).waitFor();
    await holds(page, "window.sound.silentMs === 0");
    await page.getByRole("button", { name: "Hang up" }).click();
    await page.getByText("The call is over").waitFor();
    expect(trouble).toEqual([]);
  } finally {
    await speaker.close();
  }
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
  // There is no microphone that could be muted.
  expect(await talker.page.getByRole("button", { name: "Mute" }).count()).toBe(0);
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

test("a risky tool waits for a button: allowed it is run, refused it is not, and the agent says so", async () => {
  const { page, trouble } = await openPage(browser);
  await logIn({ page, trouble }, stand.url);
  const say = await write(page);
  await say("Back up the files.");
  const asks = page.getByRole("alert").filter({ hasText: "desktop__Powershell-Tool" });
  await asks.getByText('"command": "./backup.ps1"').waitFor();
  expect(desktop.done).toEqual([]);
  expect(await unusable(page)).toEqual([]);
  await photograph(page, "confirmation");
  await asks.getByRole("button", { name: "Allow" }).click();
  const log = page.getByRole("log");
  await log.locator(".line.agent", { hasText: "The backup is made." }).waitFor();
  await asks.waitFor({ state: "detached" });
  expect(desktop.done).toEqual([{ tool: "Powershell-Tool", args: { command: "./backup.ps1" } }]);

  // Refused on the live view, where all calls' are shown.
  const watcher = await openPage(browser);
  await logIn(watcher, stand.url);
  await say("Back up the files once more.");
  const elsewhere = watcher.page.getByRole("alert").filter({ hasText: "desktop__Powershell-Tool" });
  await elsewhere.getByText("in this call").waitFor();
  await elsewhere.getByRole("button", { name: "Refuse" }).click();
  await log.locator(".line.agent", { hasText: "Then I leave it." }).waitFor();
  await asks.waitFor({ state: "detached" });
  expect(desktop.done).toHaveLength(1);
  expect([...trouble, ...watcher.trouble]).toEqual([]);
  await Promise.all([page, watcher.page].map((one) => one.context().close()));
});

test("the greeting is heard, the program's own where the organization has none", async () => {
  const { page, trouble } = await openPage(browser);
  await logIn({ page, trouble }, stand.url);
  const spoken: unknown[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/voice/text-to-speech"))
      spoken.push((request.postDataJSON() as { text: unknown }).text);
  });
  for (const orgId of ["default", "clinic"]) {
    await page.goto(`${stand.url}/organization/${orgId}`);
    await page.getByRole("button", { name: "Hear it" }).click();
    // It is shown when the sound is there.
    await page.getByLabel("The greeting", { exact: true }).waitFor();
    await page.evaluate(`new Promise((resolve) => {
      const look = () => (document.querySelector("audio").currentTime > 0 ? resolve() : setTimeout(look, 20));
      look();
    })`);
  }
  expect(spoken).toEqual([
    "Hello, thanks for calling. I am an AI assistant. How can I help you?",
    "Lakeside Clinic, you are speaking with an AI assistant. Who is calling, please?",
  ]);
  expect(trouble).toEqual([]);
  await page.context().close();
});
