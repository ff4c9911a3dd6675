// What is measured: the real server or the floor, each in a process of its own, started with plain settings and nothing else
// of this program in it.
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FloorTarget, ServiceTarget } from "./phones.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Logs and recordings of the bench. */
export const OUT = join(ROOT, "out", "bench");
export const API_KEY = "bench-bench-bench-bench";
const ACCOUNT_SID = `AC${"0".repeat(32)}`;
const AUTH_TOKEN = "12345678901234567890123456789012";
const READY_MS = 60_000;

export interface Subject<Target> {
  readonly pid: number;
  readonly target: Target;
  /** How the process ended: its exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Ends it; comes back when it has. Idempotent. */
  close(): Promise<void>;
}

export interface ServiceOptions {
  /** The built server; dist/main.js. */
  readonly main?: string;
  readonly modelPort: number;
  /** Settings beside those every run has. */
  readonly settings?: Readonly<Record<string, string>>;
  /** For Node itself, such as --cpu-prof. */
  readonly nodeFlags?: readonly string[];
}

/** What `npm start` tells Node. */
function startFlags(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

/** Starts the server and waits until it is ready. @throws Error when it is not within 60 s; its log is in `OUT`. */
export async function startService(options: ServiceOptions): Promise<Subject<ServiceTarget>> {
  const { main = join(ROOT, "dist", "main.js"), modelPort, settings = {}, nodeFlags = [] } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(OUT, { recursive: true });
  const dir = mkdtempSync(join(OUT, "service-"));
  const log = openSync(join(OUT, "service.log"), "w");
  const child = spawn(process.execPath, [...startFlags(), ...nodeFlags, main], {
    // Not the repository's root: a .env file there is the developer's and not the bench's.
    cwd: dir,
    stdio: ["ignore", log, log],
    env: {
      PATH: process.env["PATH"],
      NODE_ENV: "production",
      PORT: String(port),
      HOST: "127.0.0.1",
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      WEBHOOK_URL: url,
      OPENAI_API_KEY: "sk-bench",
      OPENAI_BASE_URL: `http://127.0.0.1:${modelPort}/v1`,
      API_KEYS: `bench:read:${API_KEY}`,
      DATA_DIR: join(dir, "data"),
      MAX_CALLS: "1000",
      ...settings,
    },
  });
  closeSync(log);
  const subject = handle(child, { kind: "service" as const, url, accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN }, () =>
    rmSync(dir, { recursive: true, force: true }),
  );
  try {
    await ready(`${url}/readyz`, subject.exited);
  } catch (error) {
    await subject.close();
    throw error;
  }
  return subject;
}

export async function startFloor(modelPort: number): Promise<Subject<FloorTarget>> {
  const child = fork(
    fileURLToPath(new URL("./floor.ts", import.meta.url)),
    [`ws://127.0.0.1:${modelPort}/v1/realtime`],
    {
      execArgv: ["--import", "tsx"],
    },
  );
  const [{ port }] = (await once(child, "message")) as [AddressInfo];
  return handle(child, { kind: "floor" as const, url: `ws://127.0.0.1:${port}` }, () => {});
}

function handle<Target>(child: ChildProcess, target: Target, cleanUp: () => void): Subject<Target> {
  const exited = new Promise<number | string>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown")),
  );
  return {
    pid: child.pid as number,
    target,
    exited,
    signal: (name) => void child.kill(name),
    async close() {
      child.kill("SIGKILL");
      await exited;
      cleanUp();
    },
  };
}

async function ready(url: string, exited: Promise<unknown>): Promise<void> {
  const gone = new AbortController();
  void exited.then(() => gone.abort());
  for (let waited = 0; waited < READY_MS && !gone.signal.aborted; waited += 50) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 200) return;
    await pause(50);
  }
  throw new Error(`the server did not become ready: see ${join(OUT, "service.log")}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
