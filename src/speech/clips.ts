// The phrases that must be heard at once or without any voice: kept in memory as mu-law, rendered once in each agent's own voice
// and stored in DATA_DIR; until then the recordings that come with the program stand in, where they have the same words.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CLIP_IDS, type Clip, type ClipId } from "../core/clip.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import { clipName, isSound, pruneClips, readClip, writeClip, type ClipVoice } from "./clip-files.ts";
import { createClipQueue } from "./clip-queue.ts";

export type { ClipVoice } from "./clip-files.ts";

/** What is said in a voice. */
export interface ClipWords {
  /** Stock phrases in other words than the program's own. */
  readonly phrases?: Readonly<Partial<Record<ClipId, string>>>;
  /** Texts a call may be greeted with. */
  readonly greetings: readonly string[];
}

export interface VoiceClips {
  /** A stock phrase; undefined when there is no recording of these words yet. */
  get(id: ClipId): Clip | undefined;
  /** A greeting; undefined for one that was not rendered yet: it has to be spoken live. */
  greeting(text: string): Clip | undefined;
}

export interface Clips {
  /** The phrases in this voice. What is not there is rendered in the background. */
  in(voice: ClipVoice, words: ClipWords): VoiceClips;
  /** Begins to render what is missing. */
  start(): void;
  /** Stops rendering, and resolves when nothing is being written any more. Clips stay readable. Idempotent. */
  close(): Promise<void>;
}

export interface ClipsOptions {
  /** Where rendered clips are kept; made when missing. */
  readonly dir: string;
  /** Folder of clips.json and the recordings it names. */
  readonly builtInDir: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Speaks a text: raw mu-law. Rejects when it cannot, or when the signal aborts. */
  readonly render: (text: string, voice: ClipVoice, signal: AbortSignal) => Promise<Buffer>;
  /** False while calls need all the voice API gives; always true unless told. */
  readonly mayRender?: () => boolean;
  /** Bytes of audio kept in memory; the rest is read again when it is needed. */
  readonly mostBytes?: number;
}

/** A disk that hangs does not keep the program from ending, ms. */
const CLOSE_MS = 2000;
const MOST_BYTES = 64 * 1024 * 1024;

const manifest = z.array(z.object({ id: z.enum(CLIP_IDS), text: z.string().min(1), file: z.string().min(1) }));

/** @throws Error when the recordings that come with the program are missing or damaged: the installation is broken. */
export function createClips(options: ClipsOptions): Clips {
  const { dir, builtInDir, log, clock, render, mayRender = () => true, mostBytes = MOST_BYTES } = options;
  const builtIn = readBuiltIn(builtInDir);
  const absent = CLIP_IDS.filter((id) => !builtIn.has(id));
  if (absent.length > 0) log.error("phrases without any recording will be silent", { clips: absent.join(" ") });

  /** By name, least recently used first. */
  const kept = new Map<string, Clip>();
  let bytes = 0;
  let writing: Promise<void> | undefined;

  const queue = createClipQueue({
    log,
    clock,
    mayRender,
    async render({ name, voice, text }, signal) {
      const audio = await render(text, voice, signal);
      if (!isSound(audio, text, voice.speed)) throw new Error(`${audio.length} bytes are not this text`);
      keep(name, { text, audio });
      // Nothing is begun after the end.
      if (signal.aborted) return audio.length;
      // A full or read-only disk costs a rendering at the next start, nothing now.
      writing = writeClip(dir, name, audio).catch((error: unknown) => {
        log.warn("a clip could not be kept", { cause: error instanceof Error ? error.message : String(error) });
      });
      await writing;
      return audio.length;
    },
  });

  function keep(name: string, clip: Clip): Clip {
    bytes += clip.audio.length - (kept.get(name)?.audio.length ?? 0);
    kept.delete(name);
    kept.set(name, clip);
    for (const [oldest, { audio }] of kept) {
      if (bytes <= mostBytes || kept.size === 1) break;
      kept.delete(oldest);
      bytes -= audio.length;
    }
    return clip;
  }

  function find(id: ClipId, voice: ClipVoice, text: string): Clip | undefined {
    const name = clipName(voice, text);
    const found = kept.get(name);
    if (found) return keep(name, found);
    if (!queue.has(name)) {
      const audio = readClip(dir, name, text, voice.speed);
      if (audio) return keep(name, { text, audio });
      queue.add({ name, id, voice, text });
    }
    const standIn = builtIn.get(id);
    return standIn?.text === text ? standIn : undefined;
  }

  return {
    in(voice, { phrases = {}, greetings }) {
      const textOf = (id: ClipId): string | undefined => phrases[id] ?? builtIn.get(id)?.text;
      const get = (id: ClipId): Clip | undefined => {
        const text = textOf(id);
        return text === undefined ? undefined : find(id, voice, text);
      };
      const greeting = (text: string): Clip | undefined => find("greeting", voice, text);
      // Looked for now, so that what is missing is rendered before a call needs it.
      for (const text of greetings) greeting(text);
      for (const id of CLIP_IDS) if (id !== "greeting") get(id);
      return { get, greeting };
    },
    start() {
      void pruneClips(dir);
      queue.start();
    },
    async close() {
      queue.close();
      let cancel = (): void => {};
      const late = new Promise<void>((resolve) => (cancel = clock.after(CLOSE_MS, resolve)));
      await Promise.race([writing, late]);
      cancel();
    },
  };
}

function readBuiltIn(folder: string): ReadonlyMap<ClipId, Clip> {
  const entries = manifest.parse(JSON.parse(readFileSync(join(folder, "clips.json"), "utf8")));
  return new Map(
    entries.map(({ id, text, file }) => {
      const audio = readFileSync(join(folder, file));
      if (!isSound(audio, text, 1)) throw new Error(`the recording ${file} is damaged: install the program again`);
      return [id, { text, audio }];
    }),
  );
}
