// An exclusive lock on a folder, as a file that names its holder by process id, start time and host. A holder that died is found
// out and its lock taken over; it is no lock against programs that do not ask for it.
import { link, readFile, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

interface Holder {
  readonly pid: number;
  /** When that process began, in the kernel's own count: a later process may have its id. Absent where there is no /proc. */
  readonly started?: string;
  readonly host: string;
}

export interface Lock {
  /** Idempotent. */
  release(): Promise<void>;
}

/** Another process has the folder. */
export class DataDirInUse extends Error {
  readonly pid: number;
  constructor(path: string, { pid, host }: Holder) {
    const where = host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
    super(
      `${dirname(path)} is in use by ${where}: the embedded database serves one process. ` +
        "Stop that one, give this one a DATA_DIR of its own, or let both use a PostgreSQL server (DATABASE_URL)",
    );
    this.name = "DataDirInUse";
    this.pid = pid;
  }
}

/** A living holder shows that it lives this often, for those who cannot see its process: other containers on one volume. ms. */
const BEAT_MS = 4000;
/** Of a holder on another host: no sign of life for so long is death. ms. */
const SILENT_MS = 12_000;
/** Taking a dead holder's lock away takes some file operations; whoever needs longer has died of it. ms. */
const TAKEOVER_MS = 10_000;
const STEP_MS = 50;

/** @throws DataDirInUse; at once when the holder is seen to live, after some seconds when it only may. */
export async function acquireLock(path: string): Promise<Lock> {
  const me: Holder = { pid: process.pid, host: hostname(), ...(await startOf(process.pid)) };
  const own = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  await writeFile(own, JSON.stringify(me), { mode: 0o600, flag: "wx" });
  try {
    const giveUpAt = performance.now() + SILENT_MS + TAKEOVER_MS;
    while (!(await claimed(own, path))) {
      const holder = await readHolder(path);
      if (holder === "gone") continue;
      const state = holder === "unreadable" ? "dead" : await stateOf(holder, path);
      if (state === "dead") await takeAway(path);
      else if (state === "alive" || performance.now() > giveUpAt) throw new DataDirInUse(path, holder as Holder);
      else await sleep(STEP_MS * 10);
    }
  } finally {
    await unlink(own).catch(() => undefined);
  }
  const beat = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  let released: Promise<void> | undefined;
  return {
    release() {
      clearInterval(beat);
      return (released ??= unlink(path).catch(() => undefined));
    },
  };
}

/** A lock that appears whole or not at all: a link to a file that is written already. */
async function claimed(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | "gone" | "unreadable"> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "gone";
    throw error;
  }
  try {
    const { pid, started, host } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid === "number" && typeof host === "string")
      return { pid, host, ...(started !== undefined && { started }) };
  } catch {
    // Not written by us, or cut short by a full disk.
  }
  return "unreadable";
}

/** unsure: on another host, and it gave a sign of life not long ago. */
async function stateOf(holder: Holder, path: string): Promise<"alive" | "dead" | "unsure"> {
  if (holder.host !== hostname()) {
    const seen = await stat(path).catch(() => undefined);
    return !seen || Date.now() - seen.mtimeMs > SILENT_MS ? "dead" : "unsure";
  }
  return (await isRunning(holder)) ? "alive" : "dead";
}

/** True when the process that began then still runs. */
export async function isRunning({ pid, started }: Pick<Holder, "pid" | "started">): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = await statOf(pid);
  if (!now) return true;
  // Killed, and nobody has asked how it ended: in containers often nobody ever does.
  if (now.state === "Z" || now.state === "X") return false;
  return started === undefined || now.started === undefined || now.started === started;
}

/** When the process began, where that can be found out. */
export async function startOf(pid: number): Promise<{ started?: string }> {
  const { started } = (await statOf(pid)) ?? {};
  return started === undefined ? {} : { started };
}

/** Fields 3 and 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. */
async function statOf(pid: number): Promise<{ state: string | undefined; started: string | undefined } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields && { state: fields[0], started: fields[19] };
}

/** Of several who find the same lock stale one may take it away, and looks once more before: the next may hold it already. */
async function takeAway(path: string): Promise<void> {
  const turn = `${path}.takeover`;
  try {
    await writeFile(turn, "", { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const seen = await stat(turn).catch(() => undefined);
    if (seen && Date.now() - seen.mtimeMs > TAKEOVER_MS) await unlink(turn).catch(() => undefined);
    await sleep(STEP_MS);
    return;
  }
  try {
    const holder = await readHolder(path);
    if (holder === "gone") return;
    if (holder === "unreadable" || (await stateOf(holder, path)) === "dead") await unlink(path);
  } finally {
    await unlink(turn).catch(() => undefined);
  }
}
