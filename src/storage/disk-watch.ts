// Looks at how much room is left where the server writes, and says so before it is none: a gauge for each place, and a line in the
// log when it gets tight and when it is well again. It frees nothing and stops nothing.
import { statfs } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";

/** ms between two looks; a full disk is told within a minute. */
const LOOK_MS = 10_000;
/** Of the whole disk: below the first it is told, above the second it is well again. */
const TIGHT = 0.15;
const WELL = 0.17;

export interface DiskWatchParts {
  /** Folders by the name they have in the gauge. */
  readonly folders: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Blocks of the file system, and those a program without rights may still take. */
  readonly look?: (dir: string) => Promise<{ readonly blocks: number; readonly bavail: number }>;
}

/** Begins now; returns the end of it. */
export function watchDisks({ folders, clock, log, meter, look = statfs }: DiskWatchParts): () => void {
  const tight = new Set<string>();
  let over = false;
  let cancel = (): void => {};

  async function lookAt(disk: string, dir: string): Promise<void> {
    // A file system that knows no sizes has no blocks; a folder may be made later.
    const found = await look(dir).catch(() => undefined);
    if (!found || found.blocks === 0 || over) return;
    const ratio = found.bavail / found.blocks;
    meter.gauge("voice_disk_free_ratio", ratio, { disk });
    const percent = Math.floor(ratio * 100);
    if (ratio < TIGHT && !tight.has(disk)) {
      tight.add(disk);
      log.error("the disk is almost full: recordings stop first, then records wait in memory", { disk, percent });
    } else if (ratio >= WELL && tight.delete(disk)) log.info("the disk has room again", { disk, percent });
  }

  function once(): void {
    cancel = clock.after(LOOK_MS, once);
    for (const [disk, dir] of Object.entries(folders)) void lookAt(disk, dir);
  }

  once();
  return () => {
    over = true;
    cancel();
  };
}
