// Whether a folder outlives the machine it is on: a container's own layer and a disk in memory do not.
import { mkdir, statfs } from "node:fs/promises";

/** Magic numbers of file systems that are gone with the container or the power (statfs(2)). */
const PASSING: ReadonlyMap<number, string> = new Map([
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
  [0x794c7630, "overlay"],
  [0x61756673, "aufs"],
]);

/** The file system's name when it will not last, else undefined. Makes the folder when there is none. */
export async function passingDisk(
  dir: string,
  look: (dir: string) => Promise<{ readonly type: number }> = statfs,
): Promise<string | undefined> {
  await mkdir(dir, { recursive: true });
  const { type } = await look(dir);
  // Node gives the number as it comes, with its highest bit as a sign on some machines.
  return PASSING.get(type >>> 0);
}
