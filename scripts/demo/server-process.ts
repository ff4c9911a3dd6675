// Starts the real server (`node dist/main.js`) as a process of its own and watches over it.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
/** A machine that is busy with other things takes its time to open the embedded database. */
const START_MS = 120_000;
/** What it says once it listens. */
const STARTED = "VOICE AGENT SYSTEM STARTED";

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number>;
}

/**
 * A port nobody listens on at this moment. Not one of those that systems give to whoever asks for any (from 32768 on): until the server
 * is up, such a one may be somebody else's.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return port;
  }
}

/**
 * @param environment all of it: nothing of the caller's own settings leaks into the server.
 * @param program what Node is to run; the built server.
 * @throws Error with the server's own last words when it does not come up.
 */
export async function startServer(
  environment: Readonly<Record<string, string>>,
  program: readonly string[] = [MAIN],
): Promise<ServerProcess> {
  const url = `http://127.0.0.1:${environment.PORT}`;
  const child = spawn(process.execPath, program, {
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A demo that breaks off must not leave a server behind.
  process.once("exit", () => child.kill("SIGKILL"));
  let words = "";
  const keep = (chunk: Buffer): void => {
    words = (words + chunk.toString()).slice(-8000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let exited: number | null | undefined;
  child.once("exit", (code) => (exited = code));

  const deadline = Date.now() + START_MS;
  for (;;) {
    if (exited !== undefined) throw new Error(`The server stopped at its start:\n${words}`);
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`The server did not come up in ${START_MS / 1000} s:\n${words}`);
    }
    // By its own words: whoever answers at the port may be another one.
    if (words.includes(STARTED)) break;
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  return {
    url,
    child,
    async stop() {
      if (exited === undefined) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      return exited ?? -1;
    },
  };
}
