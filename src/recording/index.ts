// Recordings of calls in one folder: begun with a call where its organization wants it, read, and deleted in time. Nothing is opened, and
// no folder made, before a caller was told.
import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { CallParty, RecordingRecord } from "../core/call.ts";
import type { Line } from "../core/line.ts";
import type { Meter } from "../core/observe.ts";
import type { CallStore } from "../core/stores.ts";
import { createRecordingFolder, fileNameOf, type FolderParts, type RecordingFolder } from "./folder.ts";
import { createRecordedCall, type RecordedCall, type RecordingTerms } from "./recorded-call.ts";
import { openPrivate, type OpenFile } from "./wav-file.ts";

/** With less than this on the disk no recording is begun: what is left belongs to the records. Two hours of sound. */
const LEAST_FREE_BYTES = 256_000_000;
/** A disk that hangs does not keep the program from ending, ms. */
const CLOSE_MS = 5000;

export interface RecordingsParts extends Omit<FolderParts, "store" | "isLive"> {
  readonly store: CallStore;
  readonly meter: Meter;
  /** The name of this process, made for this one run. */
  readonly instance: string;
  /** Others may have disks of their own. */
  readonly isShared: boolean;
  readonly openFile?: OpenFile;
  /** Bytes free where the folder is. */
  readonly freeBytes?: () => Promise<number>;
}

export interface Recordings extends Pick<RecordingFolder, "find" | "keep" | "remove" | "sweep"> {
  /** Its line and store are what the bridge is to be given. */
  begin(call: { readonly party: CallParty; readonly line: Line; readonly terms: RecordingTerms }): RecordedCall;
  /** The instance on whose disk it is, where that is another one than this. Alone, it was this one before it was started again. */
  elsewhere(recording: RecordingRecord): string | undefined;
  /** Calls that are being recorded, or may yet be. */
  live(): number;
  /** Ends what is still being recorded. */
  close(): Promise<void>;
}

export function createRecordings(parts: RecordingsParts): Recordings {
  const {
    dir,
    store,
    instance,
    isShared,
    clock,
    log,
    meter,
    openFile = openPrivate,
    freeBytes = () => freeIn(dir),
  } = parts;
  const live = new Map<string, RecordedCall>();
  const folder = createRecordingFolder({ ...parts, isLive: (callId) => live.has(callId) });
  const gauge = (): void => meter.gauge("voice_recordings_active", live.size);

  return {
    ...folder,
    begin({ party, line, terms }) {
      const file = fileNameOf(party.callId);
      const call = createRecordedCall({
        party,
        terms,
        line,
        store,
        file,
        path: join(dir, file),
        instance,
        openFile,
        hasRoom: async () => (await freeBytes()) >= LEAST_FREE_BYTES,
        clock,
        log,
        meter,
        onReleased() {
          if (live.get(party.callId) === call) live.delete(party.callId);
          gauge();
        },
      });
      live.set(party.callId, call);
      gauge();
      return call;
    },
    elsewhere: (recording) => (isShared && recording.instance !== instance ? recording.instance : undefined),
    live: () => live.size,
    async close() {
      let cancel = (): void => {};
      const late = new Promise<void>((resolve) => (cancel = clock.after(CLOSE_MS, resolve)));
      await Promise.race([Promise.all([...live.values()].map((call) => call.end())), late]);
      cancel();
    },
  };
}

async function freeIn(dir: string): Promise<number> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
