// One stereo WAV on the disk, written beside a call: whoever gives sound to it never waits, a disk that is slow costs sound and one
// that is full ends the file. What was never written stays silent, so that every sound keeps its place.
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { WAV_HEADER_BYTES, wavHeader } from "../audio/wav.ts";
import { FRAME_BYTES } from "./two-channels.ts";

const RATE = 8000;
const CHANNELS = 2;
/** Ten seconds of sound may wait for the disk. */
const MOST_WAITING = 10 * RATE * FRAME_BYTES;

/** What is used of a file. */
export interface Handle {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  stat(): Promise<{ size: number }>;
  close(): Promise<void>;
}

/** Opens a file to go on with it, made when there is none. */
export type OpenFile = (path: string) => Promise<Handle>;

export const openPrivate: OpenFile = async (path) => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return open(path, "r+");
  }
};

export const headerFor = (frames: number): Uint8Array => wavHeader(frames * FRAME_BYTES, CHANNELS, RATE);
export const framesIn = (fileBytes: number): number =>
  Math.max(0, Math.floor((fileBytes - WAV_HEADER_BYTES) / FRAME_BYTES));
export const msOf = (frames: number): number => Math.round((frames * 1000) / RATE);

export interface WavFile {
  /** Sound from this frame on. Returns at once. */
  write(at: number, pcm: Uint8Array): void;
  /** Closes the file once what waits is written; `frames` is how long it is. Resolves to the frames of the whole file. Never rejects. */
  end(frames: number): Promise<number>;
}

export interface WavFileParts {
  readonly path: string;
  readonly openFile: OpenFile;
  /** So many frames are silent, because the disk was too slow. */
  readonly onDropped: (frames: number) => void;
  readonly onWritten: (bytes: number) => void;
  /** The file ends here. Told once. */
  readonly onFailed: (error: unknown) => void;
}

export function createWavFile({ path, openFile, onDropped, onWritten, onFailed }: WavFileParts): WavFile {
  let queue: { readonly at: number; readonly pcm: Uint8Array }[] = [];
  let waiting = 0;
  /** Where the sound of this part begins: a call that had a stream before goes on in its file. */
  let base = 0;
  let failed = false;
  let handle: Handle | undefined;
  let working: Promise<void> = work(begin);

  /** After a failure nothing is tried any more. */
  async function work(step: () => Promise<void>): Promise<void> {
    if (failed) return;
    try {
      await step();
    } catch (error) {
      failed = true;
      queue = [];
      waiting = 0;
      onFailed(error);
    }
  }

  async function begin(): Promise<void> {
    handle = await openFile(path);
    const { size } = await handle.stat();
    base = framesIn(size);
    if (size < WAV_HEADER_BYTES) await put(0, headerFor(0));
  }

  async function put(position: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await (handle as Handle).write(bytes, done, bytes.length - done, position + done);
      if (bytesWritten === 0) throw new Error("the disk takes nothing");
      done += bytesWritten;
    }
  }

  async function drain(): Promise<void> {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { at, pcm } = next;
      await put(WAV_HEADER_BYTES + (base + at) * FRAME_BYTES, pcm);
      waiting -= pcm.length;
      onWritten(pcm.length);
    }
  }

  /** Its length is right whatever was dropped or paused at its end. */
  async function finish(frames: number): Promise<void> {
    const whole = base + frames;
    await (handle as Handle).truncate(WAV_HEADER_BYTES + whole * FRAME_BYTES);
    await put(0, headerFor(whole));
  }

  /** What a full disk left of it: as long as it is, with a header that says so. */
  async function salvage(): Promise<number> {
    if (!handle) return 0;
    const frames = framesIn((await handle.stat()).size);
    await put(0, headerFor(frames));
    return frames;
  }

  return {
    write(at, pcm) {
      if (failed) return;
      if (waiting + pcm.length > MOST_WAITING) return onDropped(pcm.length / FRAME_BYTES);
      queue.push({ at, pcm });
      waiting += pcm.length;
      if (queue.length === 1) working = working.then(() => work(drain));
    },
    async end(frames) {
      await working;
      await work(() => finish(frames));
      const whole = failed ? await salvage().catch(() => 0) : base + frames;
      await handle?.close().catch(() => undefined);
      handle = undefined;
      return whole;
    },
  };
}
