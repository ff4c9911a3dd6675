// A headless Chromium, started anew for every look at a page, with an empty profile and without its own traffic.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { emptyFolder } from "../support/child.ts";
import { decodePng, type Picture } from "./png.ts";
import { must } from "./program.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function look(url: string, flags: readonly string[]) {
  const profile = await emptyFolder();
  try {
    return await must("chromium", [...FLAGS, `--user-data-dir=${profile.path}`, ...flags, url]);
  } finally {
    await profile.remove();
  }
}

/** The page as it stands after loading, and what was written to its console: refusals of its policy among it. */
export async function readPage(url: string): Promise<{ readonly html: string; readonly console: readonly string[] }> {
  const { out, err } = await look(url, ["--enable-logging=stderr", "--dump-dom"]);
  return { html: out, console: err.split("\n").filter((line) => line.includes(":CONSOLE:")) };
}

/** What a person sees of it, 800 x 600. `dark`: who asks their system for dark pages. */
export async function photograph(url: string, { dark = false } = {}): Promise<Picture> {
  const folder = await emptyFolder();
  try {
    const file = join(folder.path, "page.png");
    await look(url, [`--screenshot=${file}`, "--window-size=800,600", ...(dark ? ["--force-dark-mode"] : [])]);
    return decodePng(await readFile(file));
  } finally {
    await folder.remove();
  }
}
