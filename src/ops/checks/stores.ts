// What the server keeps and where: the folder of its data, the database, the state that instances share.
import { randomUUID } from "node:crypto";
import { access, constants, stat, statfs, unlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { examineRedis, explainRedis, OLDEST_REDIS } from "../../state/examine.ts";
import { passingDisk } from "../../storage/disk.ts";
import { askServer } from "../ask-server.ts";
import { lookAtDatabase } from "../look-at-database.ts";
import type { StoreSettings } from "../store-settings.ts";
import { fail, ok, skipped, warn, type Check, type Subject, type Verdict } from "./check.ts";

/** Bytes. Below the first the server could not write for long; an hour of recorded calls takes some 60 MB. */
const LEAST_FREE = 100e6;
const GOOD_FREE = 1e9;
/** An embedded database that a killed server left mends itself first, and its lock may have to be waited for. */
const DATABASE_MS = 40_000;
/** A second is already too long for a call. */
const REDIS_MS = 5000;

export function storeChecks({ config }: Subject): readonly Check[] {
  const { DATA_DIR: dir, USE_REDIS: usesRedis, REDIS_URL: redisUrl } = config;
  return [
    { id: "data-dir", what: "data folder", run: () => lookAtFolder(dir, config.DATABASE_URL === undefined) },
    {
      id: "database",
      what: "database",
      limitMs: DATABASE_MS,
      async run() {
        if (await isToBeMade(config)) return ok(`embedded, will be made in ${dir} at the first start`);
        const found: string[] = [];
        const wrong = await lookAtDatabase(config, (finding) =>
          found.push(finding.what === "TLS" ? `TLS ${finding.found}` : finding.found.replace(/^yes; /, "")),
        );
        if (wrong !== undefined) return { status: "fail", found: wrong.replace(/\.$/, "") };
        return ok(found.join("; "));
      },
    },
    {
      id: "redis",
      what: "Redis",
      limitMs: REDIS_MS,
      run: async (signal) =>
        usesRedis && redisUrl !== undefined
          ? lookAtRedis(redisUrl, signal)
          : skipped("USE_REDIS is not true: state is kept in memory, which serves one instance"),
    },
  ];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** To open it would make it, which takes seconds and is the server's business. */
async function isToBeMade({ DATA_DIR: dir, DATABASE_URL: url }: StoreSettings): Promise<boolean> {
  if (url !== undefined || (await exists(join(dir, "pglite")))) return false;
  return (await askServer(dir, "store.check", undefined).catch(() => ({}))) === undefined;
}

async function lookAtFolder(dir: string, holdsDatabase: boolean): Promise<Verdict> {
  const path = resolve(dir);
  // Where there is none yet the server makes it: what counts is the folder it would be made in.
  let place = path;
  while (!(await exists(place)) && dirname(place) !== place) place = dirname(place);
  const isThere = place === path;
  try {
    if (!(await stat(place)).isDirectory()) return fail(`${place} is a file`, "choose another folder with DATA_DIR");
    if (isThere) await writeAndRemove(path);
    else await access(place, constants.W_OK);
  } catch (error) {
    const { code = "failed" } = error as NodeJS.ErrnoException;
    return fail(
      `${place} cannot be written (${code})`,
      "give the server's user the right to, or choose another DATA_DIR",
    );
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const found = `${isThere ? path : `${path} will be made`}, ${sizeOf(free)} free`;
  const room = "free some room, or put DATA_DIR on a larger disk";
  if (free < LEAST_FREE) return fail(`${found}: too little`, room);
  if (free < GOOD_FREE) return warn(`${found}: little, for records and recordings`, room);
  const passing = isThere ? await passingDisk(path).catch(() => undefined) : undefined;
  if (passing === undefined) return ok(found);
  const lost = holdsDatabase ? "call records, keys and recordings" : "recordings and unwritten rows";
  return warn(`${found}, on a disk that is not kept (${passing}): ${lost} go with it`, "mount a volume there");
}

async function writeAndRemove(dir: string): Promise<void> {
  const path = join(dir, `.doctor-${randomUUID()}`);
  await writeFile(path, "written by npm run doctor, which removes it\n", { flag: "wx", mode: 0o600 });
  await unlink(path);
}

function sizeOf(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

async function lookAtRedis(url: string, signal: AbortSignal): Promise<Verdict> {
  try {
    const { where, version, ms, eviction, maxMemory } = await examineRedis(url, signal);
    const found = `Redis ${version} at ${where}, answers after ${ms} ms`;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const [needMajor, needMinor] = OLDEST_REDIS;
    if (version !== "unknown" && (major < needMajor || (major === needMajor && minor < needMinor)))
      return fail(`${found}: too old`, `use ${needMajor}.${needMinor} or newer`);
    if (eviction !== undefined && eviction !== "noeviction" && maxMemory !== 0)
      return warn(
        `${found}, and drops keys when it is full (${eviction}): a call's token or state may be among them`,
        "set maxmemory-policy noeviction",
      );
    return ok(eviction === undefined ? found : `${found}, ${maxMemory === 0 ? "no memory limit" : eviction}`);
  } catch (error) {
    return fail(
      explainRedis(error, url),
      "mend REDIS_URL, or start that Redis; calls go on without it on one instance",
    );
  }
}
