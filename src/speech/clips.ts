// The phrases that must be heard at once or without any voice: kept in memory as mu-law, rendered once in the agent's own
// voice and stored in DATA_DIR; until then the recordings that come with the program stand in.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CLIP_IDS, type Clip, type ClipId } from "../core/clip.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import { plausibleLength } from "./audio-check.ts";

export interface Clips {
  /** Renders what is missing, one after the other in the background, and tries again what failed. */
  start(): void;
  /** Undefined for a greeting of the operator's own that was not rendered yet: it has to be spoken live. */
  get(id: ClipId): Clip | undefined;
  /** Stops rendering. Clips stay readable. Idempotent. */
  close(): void;
}

export interface ClipsOptions {
  /** Where rendered clips are kept; made when missing. */
  readonly dir: string;
  /** Folder of clips.json and the recordings it names. */
  readonly builtInDir: string;
  /** What a rendering depends on besides its text. */
  readonly voice: { readonly name: string; readonly model: string; readonly speed: number };
  /** Text of the greeting. */
  readonly greeting: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Speaks a text: raw mu-law. Rejects when it cannot, or when the signal aborts. */
  readonly render: (text: string, signal: AbortSignal) => Promise<Buffer>;
}

const RENDER_MS = 20_000;
/** ms before the next try after so many failures in a row. */
const BACKOFF_MS = [5000, 30_000, 120_000, 600_000];
const BYTES_PER_MS = 8;
const SHORTEST_MS = 100;
const LONGEST_MS = 60_000;

const manifest = z.array(z.object({ id: z.enum(CLIP_IDS), text: z.string().min(1), file: z.string().min(1) }));

/** @throws Error when the recordings that come with the program are missing or damaged: the installation is broken. */
export function createClips({ dir, builtInDir, voice, greeting, log, clock, render }: ClipsOptions): Clips {
  const clips = new Map<ClipId, Clip>();
  const missing: { readonly id: ClipId; readonly text: string }[] = [];
  let failures = 0;
  let started = false;
  let closed = false;
  let cancelRetry: (() => void) | undefined;
  let abort: AbortController | undefined;

  for (const entry of manifest.parse(JSON.parse(readFileSync(join(builtInDir, "clips.json"), "utf8")))) {
    const text = entry.id === "greeting" ? greeting : entry.text;
    const rendered = readRendered(fileFor(text), text, voice.speed);
    if (rendered) {
      clips.set(entry.id, { text, audio: rendered });
      continue;
    }
    missing.push({ id: entry.id, text });
    if (text !== entry.text) continue;
    const audio = readFileSync(join(builtInDir, entry.file));
    if (!sound(audio, text, 1)) throw new Error(`the recording ${entry.file} is damaged: install the program again`);
    clips.set(entry.id, { text, audio });
  }
  const absent = CLIP_IDS.filter((id) => !clips.has(id) && !missing.some((one) => one.id === id));
  if (absent.length > 0) log.error("phrases without any recording will be silent", { clips: absent.join(" ") });

  function fileFor(text: string): string {
    const key = JSON.stringify([voice.name, voice.model, voice.speed, text]);
    return join(dir, `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.ulaw`);
  }

  async function renderOne(id: ClipId, text: string): Promise<void> {
    const controller = new AbortController();
    abort = controller;
    const cancel = clock.after(RENDER_MS, () => controller.abort(new Error("took too long")));
    try {
      const audio = await render(text, controller.signal);
      if (!sound(audio, text, voice.speed)) throw new Error(`${audio.length} bytes are not this text`);
      clips.set(id, { text, audio });
      await store(fileFor(text), audio);
      log.info("clip rendered", { clip: id, ms: Math.round(audio.length / BYTES_PER_MS) });
    } finally {
      cancel();
    }
  }

  /** A full or read-only disk costs a rendering at the next start, nothing now. */
  async function store(file: string, audio: Buffer): Promise<void> {
    const draft = `${file}.${process.pid}.tmp`;
    try {
      await mkdir(dir, { recursive: true });
      await writeFile(draft, audio);
      await rename(draft, file);
    } catch (error) {
      log.warn("a clip could not be kept", { cause: messageOf(error) });
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }

  async function renderMissing(): Promise<void> {
    for (;;) {
      const next = missing.shift();
      if (!next || closed) return;
      try {
        await renderOne(next.id, next.text);
        failures = 0;
      } catch (error) {
        if (closed) return;
        // To the end of the list: a text the voice always gets wrong must not keep the others waiting.
        missing.push(next);
        const ms = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] as number;
        failures += 1;
        log.warn("a clip could not be rendered", { clip: next.id, cause: messageOf(error), againInMs: ms });
        cancelRetry = clock.after(ms, () => void renderMissing());
        return;
      }
    }
  }

  return {
    start() {
      if (started || closed) return;
      started = true;
      void renderMissing();
    },
    get: (id) => clips.get(id),
    close() {
      closed = true;
      cancelRetry?.();
      abort?.abort(new Error("closed"));
    },
  };
}

/** A stored rendering; undefined when there is none or when it cannot be one, which then is made again. */
function readRendered(file: string, text: string, speed: number): Buffer | undefined {
  try {
    const audio = readFileSync(file);
    return sound(audio, text, speed) ? audio : undefined;
  } catch {
    return undefined;
  }
}

function sound(audio: Buffer, text: string, speed: number): boolean {
  const ms = audio.length / BYTES_PER_MS;
  return ms >= SHORTEST_MS && ms <= LONGEST_MS && plausibleLength(audio.length, text, speed);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
