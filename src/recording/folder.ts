// The folder of recordings: what a crash left there is made whole, what nobody knows of or what is too old is deleted, here or, by
// word to all, wherever it lies, and one can be read while it may still be written. Writing them is wav-file.ts.
import { createReadStream } from "node:fs";
import { open, readdir, stat, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { WAV_HEADER_BYTES } from "../audio/wav.ts";
import type { CallRecord } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { StoredRecording } from "../core/recording.ts";
import type { State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import { framesIn, headerFor, msOf } from "./wav-file.ts";
import { FRAME_BYTES } from "./two-channels.ts";

const NAME = /^(call_[0-9a-z]{1,64})\.wav$/;
const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A file that was written to just now may belong to a call of another process, whose record is not in the database yet. */
const YOUNG_MS = 3_600_000;
/** Files that are to go, told to every instance: a sound lies on the disk of the one that held its call. */
const REMOVALS_TOPIC = "recordings-removed";

export const fileNameOf = (callId: string): string => `${callId}.wav`;

export interface FolderParts {
  readonly dir: string;
  readonly store: Pick<CallStore, "get" | "update" | "note">;
  /** Days recordings of this organization are kept; absent: as long as the call. */
  readonly daysOf: (orgId: string) => number | undefined;
  /** This process is writing it. */
  readonly isLive: (callId: string) => boolean;
  readonly state: Pick<State, "publish" | "subscribe">;
  readonly clock: Clock;
  readonly log: Log;
}

interface Owner {
  readonly orgId: string;
  readonly startedAt: number;
}

interface Counts {
  mended: number;
  orphans: number;
  expired: number;
}

export type RecordingFolder = ReturnType<typeof createRecordingFolder>;

export function createRecordingFolder({ dir, store, daysOf, isLive, state, clock, log }: FolderParts) {
  let over = false;
  let cancel = (): void => {};
  /** Found whole before: the database need not be asked about each of them every hour. */
  let known = new Map<string, Owner>();

  async function names(): Promise<string[]> {
    return readdir(dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
  }

  /** A record's name never leads out of the folder. */
  const pathOf = (file: string): string => join(dir, basename(file));

  async function removeHere(file: string): Promise<void> {
    await unlink(pathOf(file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }

  function onRemoval(message: unknown): void {
    const { file } = message as { readonly file: string };
    // What cannot be deleted now belongs to no call any more and goes with the next look.
    removeHere(file).catch((error: unknown) => {
      log.warn("a recording could not be deleted now", { error: error instanceof Error ? error.name : "unknown" });
    });
  }

  /** A file whose writer died says that it is shorter than it is. */
  async function mend(path: string, record: CallRecord): Promise<boolean> {
    const file = await open(path, "r+");
    try {
      const { size } = await file.stat();
      const right = headerFor(framesIn(size));
      const there = Buffer.alloc(WAV_HEADER_BYTES);
      await file.read(there, 0, WAV_HEADER_BYTES, 0);
      if (there.equals(right)) return false;
      await file.write(right, 0, WAV_HEADER_BYTES, 0);
      if (record.recording) {
        const durationMs = msOf(framesIn(size));
        store.update(record.callId, { recording: { ...record.recording, durationMs } });
      }
      return true;
    } finally {
      await file.close();
    }
  }

  /** Whose recording it is; it is mended on the way. Undefined where nobody knows of it. */
  async function ownerOf(callId: string, path: string, counts: Counts): Promise<Owner | undefined> {
    const found = known.get(callId);
    if (found) return found;
    const record = await store.get(callId);
    if (record && (await mend(path, record))) counts.mended++;
    return record && { orgId: record.orgId, startedAt: Date.parse(record.startedAt) };
  }

  async function look(callId: string, counts: Counts): Promise<Owner | undefined> {
    const path = join(dir, fileNameOf(callId));
    const owner = await ownerOf(callId, path, counts);
    const now = +clock.date();
    if (!owner) {
      if (now - (await stat(path)).mtimeMs < YOUNG_MS) return undefined;
      counts.orphans++;
      await unlink(path);
      return undefined;
    }
    const days = daysOf(owner.orgId);
    const atMs = now - owner.startedAt;
    if (days === undefined || atMs <= days * DAY_MS) return owner;
    counts.expired++;
    await unlink(path);
    store.note(callId, { atMs, what: "recording deleted", detail: { days } });
    return undefined;
  }

  async function sweep(): Promise<void> {
    const counts: Counts = { mended: 0, orphans: 0, expired: 0 };
    const there = new Map<string, Owner>();
    for (const name of await names()) {
      if (over) return;
      const callId = NAME.exec(name)?.[1];
      if (callId === undefined || isLive(callId)) continue;
      const owner = await look(callId, counts).catch((error: NodeJS.ErrnoException) => {
        // Somebody deletes calls at the same time.
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      if (owner) there.set(callId, owner);
    }
    known = there;
    if (counts.mended + counts.orphans + counts.expired > 0) log.info("recordings were looked through", { ...counts });
  }

  function once(): void {
    // Set before it begins, not after: who counts what is held sees it at once.
    cancel = clock.after(EVERY_MS, once);
    void sweep().catch((error: unknown) => {
      log.warn("recordings could not be looked through now", {
        error: error instanceof Error ? error.name : "unknown",
      });
    });
  }

  return {
    sweep,
    /** Looks through it now and every hour, and listens for what is to go. Returns the end of it. */
    keep(): () => void {
      once();
      const unsubscribe = state.subscribe(REMOVALS_TOPIC, onRemoval);
      return () => {
        over = true;
        cancel();
        unsubscribe();
      };
    },
    /** From this disk when it resolves; from those of other instances as soon as they hear of it. */
    async remove({ file }: { readonly file: string }): Promise<void> {
      state.publish(REMOVALS_TOPIC, { file });
      await removeHere(file);
    },
    /** Undefined where there is no such file (any more). */
    async find({ file }: { readonly file: string }): Promise<StoredRecording | undefined> {
      const path = pathOf(file);
      const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      if (!found) return undefined;
      const frames = framesIn(found.size);
      const header = headerFor(frames);
      return {
        bytes: WAV_HEADER_BYTES + frames * FRAME_BYTES,
        async *read(from, to) {
          if (from < WAV_HEADER_BYTES) yield header.subarray(from, to + 1);
          const start = Math.max(from, WAV_HEADER_BYTES);
          if (start <= to) yield* createReadStream(path, { start, end: to }) as AsyncIterable<Uint8Array>;
        },
      };
    },
  };
}
