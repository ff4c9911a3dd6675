// Rendered phrases on disk: one file of raw mu-law for each voice and text, named by both. A file that cannot be what its name says
// counts as missing.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { plausibleLength } from "./audio-check.ts";

/** What a rendering depends on besides its text. */
export interface ClipVoice {
  readonly name: string;
  readonly model: string;
  readonly speed: number;
}

export const BYTES_PER_MS = 8;
const SHORTEST_MS = 100;
/** The longest greeting a configuration may have takes more than a minute to say. */
const LONGEST_MS = 120_000;
/** Greetings that nobody uses any more stay behind; with so many of them the oldest go. */
const MOST_FILES = 5000;

export function clipName({ name, model, speed }: ClipVoice, text: string): string {
  return createHash("sha256")
    .update(JSON.stringify([name, model, speed, text]))
    .digest("hex")
    .slice(0, 32);
}

const fileOf = (dir: string, name: string): string => join(dir, `${name}.ulaw`);

/** A stored rendering; undefined when there is none or when it cannot be one, which then is made again. */
export function readClip(dir: string, name: string, text: string, speed: number): Buffer | undefined {
  try {
    const audio = readFileSync(fileOf(dir, name));
    return isSound(audio, text, speed) ? audio : undefined;
  } catch {
    return undefined;
  }
}

export async function writeClip(dir: string, name: string, audio: Buffer): Promise<void> {
  const file = fileOf(dir, name);
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(draft, audio);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Removes the oldest renderings beyond a bound. Never rejects. */
export async function pruneClips(dir: string, most = MOST_FILES): Promise<void> {
  try {
    const names = (await readdir(dir)).filter((name) => name.endsWith(".ulaw"));
    if (names.length <= most) return;
    const aged: { readonly path: string; readonly at: number }[] = [];
    for (const name of names) aged.push({ path: join(dir, name), at: (await stat(join(dir, name))).mtimeMs });
    aged.sort((a, b) => a.at - b.at);
    for (const { path } of aged.slice(0, names.length - most)) await rm(path, { force: true });
  } catch {
    // No folder yet, or one that somebody else is clearing: the next start looks again.
  }
}

export function isSound(audio: Buffer, text: string, speed: number): boolean {
  const ms = audio.length / BYTES_PER_MS;
  return ms >= SHORTEST_MS && ms <= LONGEST_MS && plausibleLength(audio.length, text, speed);
}
