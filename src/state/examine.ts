// Looks at a Redis as the doctor does: can it be reached, is it new enough, may we use it, and does it keep what it is given.
import { randomUUID } from "node:crypto";
import { createClient } from "redis";

export interface RedisSeen {
  /** Of the first answer, ms. */
  readonly ms: number;
  readonly version: string;
  /** What it does when its memory is full; undefined where it does not say. */
  readonly eviction: string | undefined;
  /** Bytes it may use; 0 without a limit, undefined where it does not say. */
  readonly maxMemory: number | undefined;
  /** host:port, without user and password. */
  readonly where: string;
}

/** GETDEL, which one-time tokens need, came with this version. */
export const OLDEST_REDIS = [6, 2] as const;

/** @throws what Redis or the network says; explainRedis puts it into words. */
export async function examineRedis(url: string, signal: AbortSignal): Promise<RedisSeen> {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: 5000, reconnectStrategy: false },
    maintNotifications: "disabled",
  });
  // Every failure is told by the command that meets it; unheard, an error would end the process.
  client.on("error", () => undefined);
  const leave = (): void => {
    try {
      client.destroy();
    } catch {
      // It was closed already.
    }
  };
  signal.addEventListener("abort", leave, { once: true });
  try {
    await client.connect();
    const begun = performance.now();
    await client.ping();
    const ms = Math.round(performance.now() - begun);
    const told = fieldsOf(await client.info("server").catch(() => ""));
    const memory = fieldsOf(await client.info("memory").catch(() => ""));
    // As the server uses it: written with a lifetime, by a script, and taken in one step.
    const key = `voicebridge:doctor:${randomUUID()}`;
    await client.eval("return redis.call('set', KEYS[1], ARGV[1], 'px', 5000)", { keys: [key], arguments: ["1"] });
    if ((await client.getDel(key)) !== "1") throw new Error("it did not give back what it was given");
    const limit = memory.get("maxmemory");
    return {
      ms,
      version: told.get("redis_version") ?? "unknown",
      eviction: memory.get("maxmemory_policy"),
      maxMemory: limit === undefined ? undefined : Number(limit),
      where: whereOf(url),
    };
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}

export function explainRedis(error: unknown, url: string): string {
  const where = whereOf(url);
  const { code, errors } = error as {
    readonly code?: unknown;
    readonly errors?: readonly { readonly code?: unknown }[];
  };
  const word = code ?? errors?.[0]?.code;
  const message = error instanceof Error ? error.message : String(error);
  if (word === "ENOTFOUND" || word === "EAI_AGAIN") return `the name of ${where} is not known to the name service`;
  if (word === "ECONNREFUSED") return `nobody listens at ${where}`;
  if (/^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/i.test(message))
    return `${where} refuses the user or the password of REDIS_URL`;
  if (message.startsWith("NOPERM")) return `the user of REDIS_URL may not do what is needed at ${where} (${message})`;
  if (message.startsWith("READONLY"))
    return `${where} is a replica that takes no writes: use the address of the primary`;
  if (/^(LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF)/.test(message)) return `${where} does not serve now (${message})`;
  if (/timeout|ETIMEDOUT/i.test(`${message} ${String(word)}`)) return `${where} does not answer`;
  if (/ssl|tls|wrong version number/i.test(message))
    return `TLS with ${where} failed (${message}): rediss:// is for servers that speak it, redis:// for those that do not`;
  return `${where} cannot be used (${message || String(word)})`;
}

function whereOf(url: string): string {
  try {
    const { hostname, port } = new URL(url);
    return `${hostname}:${port || "6379"}`;
  } catch {
    return "REDIS_URL";
  }
}

/** INFO's answer: name:value, a line each. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const [, name, value] = /^([a-z_]+):(.*)$/.exec(line) ?? [];
      return name !== undefined && value !== undefined ? [[name, value] as const] : [];
    }),
  );
}
