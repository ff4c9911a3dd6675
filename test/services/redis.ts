// A Redis server of the test's own on a free port, with nothing on the disk, that can be stopped, started again and frozen.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createClient } from "redis";
import { freePort } from "../support/child.ts";

export interface Redis {
  readonly url: string;
  /** Gone, with all that was in it, as after a crash; `start` brings an empty one. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Holds every connection and answers nothing, as behind a network that swallows packets. */
  freeze(): void;
  thaw(): void;
  /** Lets so much time pass for everything that is in it, at once. */
  age(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** ARGV: ms. What has a lifetime has that much less of it, and moments that are kept as values are that much nearer. */
const AGE = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  if string.find(key, ':line-until:', 1, true) then
    for _, who in ipairs(redis.call('HKEYS', key)) do redis.call('HINCRBY', key, who, -ARGV[1]) end
  elseif string.find(key, ':room:', 1, true) then
    for _, who in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -ARGV[1], who) end
  end
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
end
return 1`;

export async function startRedis(): Promise<Redis> {
  const port = await freePort();
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn(
      "redis-server",
      ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"],
      { stdio: ["ignore", "pipe", "inherit"], cwd: "/" },
    );
    server = started;
    await new Promise<void>((resolve, reject) => {
      let said = "";
      started.once("error", reject);
      started.once("exit", () => reject(new Error(`redis-server ended:\n${said}`)));
      started.stdout?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("Ready to accept connections")) resolve();
      });
    });
  }

  async function kill(): Promise<void> {
    const running = server;
    if (!running) return;
    server = undefined;
    const gone = once(running, "exit");
    running.kill("SIGKILL");
    await gone;
  }

  await start();
  const url = `redis://127.0.0.1:${port}`;
  return {
    url,
    kill,
    start,
    freeze: () => void server?.kill("SIGSTOP"),
    thaw: () => void server?.kill("SIGCONT"),
    async age(ms) {
      const client = createClient({ url });
      await client.connect();
      await client.eval(AGE, { keys: [], arguments: [String(ms)] });
      client.destroy();
    },
    close: kill,
  };
}
