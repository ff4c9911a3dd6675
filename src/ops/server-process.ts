// The server as a process of its own, and the questions whether its port is free and whether it answers. A process, because it is
// then the very program that `npm start` runs, and because the number can be put back whatever becomes of it.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

export interface ServerProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Its exit code, 128 and the signal's number when a signal ended it, as a shell tells it. Never rejects. */
  readonly exited: Promise<number>;
  hasExited(): boolean;
  /** SIGTERM: the first one lets the calls end, a second one does not. */
  stop(): void;
  kill(): void;
}

/** Beside this folder; as TypeScript when this file is. */
const MAIN = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url));
const COULD_NOT_START = 126;

export function startServer(environment: Readonly<Record<string, string | undefined>>): ServerProcess {
  const child = spawn(process.execPath, [...process.execArgv, MAIN], {
    env: environment,
    stdio: ["ignore", "inherit", "inherit"],
    // In a process group of its own, or Ctrl-C would reach it before the number is put back, and a second signal at once.
    detached: true,
  });
  let gone = false;
  const exited = new Promise<number>((resolve) => {
    child.once("error", () => resolve(COULD_NOT_START));
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  void exited.then(() => (gone = true));
  return {
    pid: child.pid,
    exited,
    hasExited: () => gone,
    stop: () => void (gone || child.kill("SIGTERM")),
    kill: () => void (gone || child.kill("SIGKILL")),
  };
}

/** SIGTERM, then as long as its live calls may take: it bounds that itself, and `ms` only bounds a server that does not. */
export async function stopServer(server: ServerProcess, ms: number): Promise<void> {
  if (server.hasExited()) return;
  server.stop();
  const timer = setTimeout(() => server.kill(), ms);
  await server.exited;
  clearTimeout(timer);
}

/** True when a server could listen there. */
export function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

const ASK_EVERY_MS = 100;
const ANSWER_MS = 5000;

/** Resolves to undefined once `url` answers 200, or to the reason why it did not within `ms` or before `isOver`. */
export async function healthy(url: string, ms: number, isOver: () => boolean): Promise<string | undefined> {
  const deadline = performance.now() + ms;
  for (let last = "it was not asked"; ;) {
    if (isOver()) return last;
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), headers: { connection: "close" } });
      await answer.body?.cancel();
      if (answer.status === 200) return undefined;
      last = `it answered ${answer.status}`;
    } catch (error) {
      last = `it cannot be reached (${causeOf(error)})`;
    }
    if (performance.now() > deadline) return last;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

/** fetch says "fetch failed" and keeps the reason in the cause. */
function causeOf(error: unknown): string {
  const { cause, message } = error as { readonly cause?: { readonly code?: unknown }; readonly message: string };
  return typeof cause?.code === "string" ? cause.code : message;
}
