// Runs another program to its end.
import { spawn } from "node:child_process";

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly ms?: number;
  readonly cwd?: string;
  /** Over this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** @throws Error when it cannot be started, or does not end within `ms`. */
export function run(
  command: string,
  args: readonly string[],
  { ms = 60_000, cwd, env }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      cwd,
      env: { ...process.env, LC_ALL: "C.UTF-8", ...env },
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${command} did not end within ${ms} ms:\n${err}`));
    }, ms);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
  });
}

/** The same, for a program that has to succeed. */
export async function must(command: string, args: readonly string[], options?: RunOptions): Promise<Finished> {
  const finished = await run(command, args, options);
  if (finished.code !== 0) throw new Error(`${command} ${args.join(" ")} failed (${finished.code}):\n${finished.err}`);
  return finished;
}
