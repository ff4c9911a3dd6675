// Starts the real server (`node dist/main.js`) as a process of its own and watches over it.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
/** A machine that is busy with other things takes its time to open the embedded database. */
const START_MS = 120_000;

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number>;
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/**
 * @param environment all of it: nothing of the caller's own settings leaks into the server.
 * @throws Error with the server's own last words when it does not come up.
 */
export async function startServer(environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const url = `http://127.0.0.1:${environment.PORT}`;
  const child = spawn(process.execPath, [MAIN], {
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
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) break;
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
