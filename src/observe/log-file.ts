// The log in a file, rotated, that survives its disk: what cannot be written is lost, and the file is opened anew a little later.
// The library's own takes no line any more after a failure, and holds up those of the terminal with it.
import { mkdirSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { Writable } from "node:stream";

const ROTATE_BYTES = 10 * 1024 * 1024;
const ROTATED_FILES = 5;
/** A disk that failed is tried again after so long, ms. */
const RETRY_MS = 1000;
/** Characters that wait for a slow disk; what comes on top is lost. */
const MOST_WAITING = 1_000_000;

export interface LogFile {
  /** Takes lines. Never slow, never broken. */
  readonly stream: Writable;
  /** Resolves when what waits is written, or cannot be. */
  close(): Promise<void>;
}

/** What is used of a file that was opened to be added to. */
export interface AppendHandle {
  appendFile(text: string): Promise<void>;
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
}

export interface LogFileOptions {
  readonly openFile?: (path: string) => Promise<AppendHandle>;
  readonly rotateBytes?: number;
  readonly retryMs?: number;
}

/** @throws where the folder is not there and cannot be made. */
export function createLogFile(
  path: string,
  { rotateBytes = ROTATE_BYTES, retryMs = RETRY_MS, openFile = (name) => open(name, "a", 0o640) }: LogFileOptions = {},
): LogFile {
  let waiting: string[] = [];
  let size = 0;
  let working: Promise<void> | undefined;
  let current: { readonly handle: AppendHandle; bytes: number } | undefined;
  /** The last line was cut short: the next one begins anew. */
  let torn = false;
  let retry: NodeJS.Timeout | undefined;

  /** The newest has the plain name, older ones a number before the ending: voice.log, voice1.log, voice2.log. */
  function nameOf(age: number): string {
    const ending = extname(path);
    return age === 0 ? path : `${path.slice(0, path.length - ending.length)}${age}${ending}`;
  }

  async function rotate(): Promise<void> {
    await letGo();
    for (let age = ROTATED_FILES - 2; age >= 0; age--)
      await rename(nameOf(age), nameOf(age + 1)).catch(() => undefined);
  }

  async function letGo(): Promise<void> {
    const { handle } = current ?? {};
    current = undefined;
    await handle?.close().catch(() => undefined);
  }

  async function begin(): Promise<NonNullable<typeof current>> {
    const handle = await openFile(path);
    current = { handle, bytes: 0 };
    current.bytes = (await handle.stat()).size;
    return current;
  }

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const text = (torn ? "\n" : "") + waiting.join("");
      waiting = [];
      size = 0;
      const file = current ?? (await begin());
      torn = true;
      await file.handle.appendFile(text);
      torn = false;
      file.bytes += Buffer.byteLength(text);
      if (file.bytes >= rotateBytes) await rotate();
    }
  }

  function work(): void {
    working ??= write()
      .catch(async () => {
        await letGo();
        retry = setTimeout(() => {
          retry = undefined;
          work();
        }, retryMs);
        retry.unref();
      })
      .finally(() => {
        working = undefined;
      });
  }

  mkdirSync(dirname(path), { recursive: true });
  return {
    stream: new Writable({
      decodeStrings: false,
      write(line: string, _encoding, next) {
        if (size < MOST_WAITING) {
          waiting.push(line);
          size += line.length;
        }
        if (!retry) work();
        next();
      },
    }),
    async close() {
      clearTimeout(retry);
      if (retry) work();
      retry = undefined;
      while (working) await working;
      clearTimeout(retry);
      await letGo();
    },
  };
}
