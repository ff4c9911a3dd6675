// Rows that cannot be written now, in files: appended while the database is away, read again in the same order when it is back or
// at the next start. Bounded: beyond the bound rows are refused. A file is removed when all of it was written, so that a crash in
// between makes some rows be written twice, which changes nothing.
import { mkdir, open, readdir, readFile, rename, stat, statfs, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, startOf } from "./lock.ts";

/** Begun anew from here on, so that a long absence is worked off, and freed, in pieces. Bytes. */
const FILE_BYTES = 1_000_000;
/** Left to the database: it cannot be opened again on a disk without room for its log, a segment of which has 16 MB. Bytes. */
const RESERVE_BYTES = 32_000_000;
const WRITER = /-\d+-\w+\.jsonl$/;
const NAME = /^(\d{15})-(\d{6})-(\d+)-(\w+)\.jsonl$/;

export interface SpoolLine {
  /** One line of text. */
  readonly text: string;
  readonly rows: number;
}

export interface Spool {
  /** Finds what earlier processes left. To be called once, before the rest. */
  open(): Promise<void>;
  /** @returns how many rows found no room. @throws what the disk says, or that it is almost full; the lines before are kept. */
  append(lines: readonly SpoolLine[]): Promise<number>;
  /** The oldest file's lines, and the function that lets go of them once they are written; undefined when there is nothing. */
  oldest(): Promise<{ readonly lines: readonly SpoolLine[]; done(): Promise<void> } | undefined>;
  rows(): number;
  /** Leaves what is in it to the next one. */
  close(): Promise<void>;
}

interface SpoolFile {
  readonly name: string;
  rows: number;
  bytes: number;
}

export function createSpool({
  dir,
  maxBytes,
  now = Date.now,
  freeBytes = freeIn,
}: {
  readonly dir: string;
  readonly maxBytes: number;
  readonly freeBytes?: (dir: string) => Promise<number>;
  /** Wall clock, ms. */
  readonly now?: () => number;
}): Spool {
  const files: SpoolFile[] = [];
  let current: { readonly file: SpoolFile; readonly handle: FileHandle } | undefined;
  let count = 0;
  /** The last append was cut short: the next one begins on a new line. */
  let torn = false;

  const total = (): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

  /** Names sort by time and carry who writes: a file whose process still runs is none of ours. */
  async function nameAt(time: string): Promise<string> {
    const { started = "x" } = await startOf(process.pid);
    return `${time}-${String(count++).padStart(6, "0")}-${process.pid}-${started}.jsonl`;
  }

  async function adopt(name: string): Promise<void> {
    const [, time = "", , pid = "", started = ""] = NAME.exec(name) ?? [];
    const writer = { pid: Number(pid), ...(started !== "x" && { started }) };
    if (time === "" || (writer.pid !== 0 && (await isRunning(writer)))) return;
    const own = await nameAt(time);
    try {
      // Of several who find it, one can rename it.
      await rename(join(dir, name), join(dir, own));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    const lines = await linesOf(own);
    const { size } = await stat(join(dir, own));
    files.push({ name: own, rows: lines.reduce((sum, { rows }) => sum + rows, 0), bytes: size });
  }

  async function linesOf(name: string): Promise<SpoolLine[]> {
    const text = await readFile(join(dir, name), "utf8");
    return text.split("\n").flatMap((line) => {
      const found = /^(\d+) (\{.*\})$/.exec(line);
      return found ? [{ rows: Number(found[1]), text: found[2] as string }] : [];
    });
  }

  async function begin(): Promise<NonNullable<typeof current>> {
    const name = await nameAt(String(now()).padStart(15, "0"));
    const handle = await open(join(dir, name), "a", 0o600);
    const file = { name, rows: 0, bytes: 0 };
    files.push(file);
    return (current = { file, handle });
  }

  async function endCurrent(): Promise<void> {
    const ended = current;
    current = undefined;
    torn = false;
    await ended?.handle.close();
  }

  return {
    async open() {
      const names = await readdir(dir).catch(() => []);
      for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) await adopt(name);
    },
    async append(lines) {
      let room = maxBytes - total();
      let text = "";
      let rows = 0;
      let refused = 0;
      for (const line of lines) {
        const written = `${line.rows} ${line.text}\n`;
        room -= Buffer.byteLength(written);
        if (room < 0) {
          refused += line.rows;
          continue;
        }
        text += written;
        rows += line.rows;
      }
      if (text === "") return refused;
      await mkdir(dir, { recursive: true, mode: 0o700 });
      if ((await freeBytes(dir)) < RESERVE_BYTES + text.length) throw new Error("the disk is almost full");
      const { file, handle } = current ?? (await begin());
      const bytes = Buffer.from(torn ? `\n${text}` : text);
      try {
        await handle.appendFile(bytes);
      } catch (error) {
        torn = true;
        throw error;
      }
      torn = false;
      file.rows += rows;
      file.bytes += bytes.length;
      if (file.bytes >= FILE_BYTES) await endCurrent();
      return refused;
    },
    async oldest() {
      const file = files[0];
      if (!file) return undefined;
      if (current?.file === file) await endCurrent();
      const lines = await linesOf(file.name);
      return {
        lines,
        async done() {
          await unlink(join(dir, file.name));
          files.splice(files.indexOf(file), 1);
        },
      };
    },
    rows: () => files.reduce((sum, { rows }) => sum + rows, 0),
    async close() {
      await endCurrent();
      // Whoever comes next may have them, also while this process goes on with something else.
      for (const { name } of files.splice(0))
        await rename(join(dir, name), join(dir, name.replace(WRITER, "-0-x.jsonl")));
    },
  };
}

async function freeIn(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
