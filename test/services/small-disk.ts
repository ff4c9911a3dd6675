// A real file system of a few hundred megabytes that a test can fill to the last byte. Mounting one needs rights: root mounts it,
// anybody else has it in a user namespace of their own; where neither is allowed the test fails and says so.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import { emptyFolder } from "../support/child.ts";
import { must, run } from "./program.ts";

export interface SmallDisk {
  /** The root of the file system. */
  readonly path: string;
  /** Writes until the system says that there is no space left. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  free(): Promise<void>;
  close(): Promise<void>;
}

const BALLAST = "ballast";

export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = await emptyFolder();
  const mounting = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder.path];
  const mounted = await run("mount", mounting);
  const { path, unmount } =
    mounted.code === 0
      ? { path: folder.path, unmount: (): Promise<unknown> => must("umount", ["--lazy", folder.path]) }
      : await mountInNamespace(mounting, folder.path, mounted.err);
  const { type, blocks, bsize } = await statfs(path);
  if (type !== 0x01021994 || blocks * bsize > megabytes * 1_048_576)
    throw new Error(`${path} is not the small file system that was mounted there`);
  return {
    path,
    async fill() {
      const file = await open(join(path, BALLAST), "a");
      const piece = Buffer.alloc(1_048_576);
      try {
        for (let size = piece.length; size > 0;) {
          try {
            const { bytesWritten } = await file.write(piece, 0, size);
            if (bytesWritten < size) size = Math.floor(size / 2);
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
            size = Math.floor(size / 2);
          }
        }
      } finally {
        await file.close();
      }
    },
    free: () => unlink(join(path, BALLAST)),
    async close() {
      await unmount();
      await folder.remove();
    },
  };
}

/** Mounted where only this process sees it; everybody else of the same user gets there by way of its root in /proc. */
async function mountInNamespace(
  mounting: readonly string[],
  at: string,
  why: string,
): Promise<{ readonly path: string; readonly unmount: () => Promise<unknown> }> {
  const keeper = spawn(
    "unshare",
    ["--user", "--map-root-user", "--mount", "sh", "-c", `mount ${mounting.join(" ")} && echo there && exec sleep 600`],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const gone = once(keeper, "exit");
  const refused = gone.then(() => {
    throw new Error(`no small file system can be made here: neither by mount (${why.trim()}) nor in a user namespace`);
  });
  await Promise.race([once(keeper.stdout, "data"), refused]);
  refused.catch(() => undefined);
  return {
    path: `/proc/${keeper.pid}/root${at}`,
    unmount: () => {
      keeper.kill("SIGKILL");
      return gone;
    },
  };
}
