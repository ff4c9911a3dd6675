// A program of this repository as a real process: run from its TypeScript sources, with an environment of its own and an empty
// folder as its working directory, so that neither a developer's settings nor a .env reach it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { mkdtemp, rm } from "node:fs/promises";

export { freePort } from "../../scripts/demo/server-process.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export interface Child {
  readonly pid: number;
  /** Everything written so far, both outputs in the order they came. */
  output(): string;
  stdout(): string;
  stderr(): string;
  /** Resolves with the match once the output holds it. @throws Error with the output when it does not within `ms`, or ends before. */
  says(what: RegExp, ms?: number): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** To all processes of its group, as a terminal does on Ctrl-C. */
  signalGroup(name: NodeJS.Signals): void;
  /** Stops reading, as a terminal that was closed. */
  closeTerminal(): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** @param file from the root of the repository; .js files are run as they are. */
export function startChild(file: string, { args = [], env = {}, cwd }: ChildOptions): Child {
  const loader = file.endsWith(".ts") ? ["--import", TSX] : [];
  const child = spawn(process.execPath, [...loader, join(ROOT, file), ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // A group of its own.
  });
  let all = "";
  let out = "";
  let err = "";
  let over = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    all += text;
    out += text;
    tell();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    all += text;
    err += text;
    tell();
  });
  // "close" comes when both outputs are read to their ends as well, which a grandchild that holds them can delay; "exit" does not.
  const exited = once(child, "exit").then(([code, signal]) => {
    over = true;
    tell();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return {
    pid: child.pid as number,
    output: () => all,
    stdout: () => out,
    stderr: () => err,
    says(what, ms = 60_000) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = what.exec(all);
          if (found) settle(() => resolve(found));
          else if (over) settle(() => reject(new Error(`it ended without saying ${what}; it said:\n${all}`)));
        };
        const settle = (act: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          act();
        };
        const timer = setTimeout(
          () => settle(() => reject(new Error(`it did not say ${what} within ${ms} ms; it said:\n${all}`))),
          ms,
        );
        listeners.add(look);
        look();
      });
    },
    signal: (name) => void child.kill(name),
    signalGroup: (name) => void process.kill(-(child.pid as number), name),
    closeTerminal() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    exited,
  };
}

/** An empty folder, and the function that removes it. */
export async function emptyFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "voicebridge-"));
  // A file that was being written when its program was told to end may still come.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) };
}
