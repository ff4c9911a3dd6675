// What the tests of recordings share: a far end in virtual time that knows to the sample what its caller said and heard, and a disk that
// is as slow and as full as a test wants it.
import { readWav, type Wav } from "../../src/audio/wav.ts";
import { decodeMulaw } from "../../src/audio/mulaw.ts";
import type { CallParty, ReplyRecord, TurnRecord } from "../../src/core/call.ts";
import type { Line, LineEvent } from "../../src/core/line.ts";
import type { Handle, OpenFile } from "../../src/recording/wav-file.ts";
import { Playback } from "../../src/sim/twilio/playback.ts";
import { createRecording } from "../../src/sim/twilio/recording.ts";
import { createRandom } from "../support/random.ts";
import type { VirtualTime } from "../support/virtual-time.ts";

export const PARTY: CallParty = {
  callId: "call_01recorded",
  carrierId: "CA-recorded",
  from: "+15550001111",
  to: "+15550002222",
  channel: "phone",
  direction: "inbound",
  orgId: "default",
};

const FRAME_MS = 20;
const FRAME = 160;

/** Sound no stretch of which is like another. */
export function noise(bytes: number, seed: number): Buffer {
  const random = createRandom(seed);
  return Buffer.from(Array.from({ length: bytes }, () => random.between(0, 126)));
}

/** What every caller says. */
const VOICE = noise(8000 * 60, 1);

export interface FarEnd {
  readonly line: Line;
  /** What was said and heard from the first sample on. */
  truth(): { readonly said: Int16Array; readonly heard: Int16Array };
  press(digit: string): void;
  hangUp(): void;
}

export function createFarEnd(time: VirtualTime, { upMs = FRAME_MS, downMs = FRAME_MS } = {}): FarEnd {
  const began = time.now();
  const sample = (): number => Math.round((time.now() - began) * 8);
  const said = createRecording();
  const heard = createRecording();
  const playback = new Playback(({ at, bytes }) => heard.write(at, bytes));
  let listener: (event: LineEvent) => void = () => undefined;
  let over = false;
  let frames = 0;

  const back = (event: LineEvent): void => void time.after(downMs, () => over || listener(event));
  const up = (fn: () => void): void => void time.after(upMs, () => over || fn());
  const advance = (): void => playback.advance(sample()).forEach((name) => back({ type: "line.mark", name }));
  function whenMarkIsDue(): void {
    if (playback.nextMark === undefined) return;
    // Where a frame is due at the same moment it goes first, and the mark with it.
    time.after((playback.nextMark - sample()) / 8, () => over || (time.now() - began) % FRAME_MS === 0 || advance());
  }

  const line: Line = {
    id: "MZ-far",
    attach(given) {
      listener = given;
      const tick = (): void => {
        if (over) return;
        const frame = VOICE.subarray(frames * FRAME, (frames + 1) * FRAME);
        said.write(frames * FRAME, frame);
        frames++;
        back({ type: "line.audio", payload: frame.toString("base64") });
        advance();
        time.after(FRAME_MS, tick);
      };
      time.after(FRAME_MS, tick);
    },
    play(payload, mark) {
      up(() => {
        advance();
        playback.enqueue(Buffer.from(payload, "base64"), sample());
      });
      if (mark !== undefined) line.mark(mark);
    },
    mark: (name) =>
      up(() => {
        advance();
        if (playback.mark(name, sample())) back({ type: "line.mark", name });
        whenMarkIsDue();
      }),
    clear: () =>
      up(() => {
        advance();
        for (const name of playback.clear(sample()).marks) back({ type: "line.mark", name });
      }),
    bufferedBytes: () => 0,
    close: () => undefined,
  };

  return {
    line,
    truth() {
      advance();
      const length = frames * FRAME;
      return { said: decodeMulaw(said.view(0, length)), heard: decodeMulaw(heard.view(0, length)) };
    },
    press: (digit) => listener({ type: "line.digit", digit }),
    hangUp() {
      over = true;
      listener({ type: "line.closed", cause: "hangup" });
    },
  };
}

let marks = 0;
/** The agent's sound as the bridge sends it: at once, with a mark every 200 ms and one at its end. */
export function say(line: Line, audio: Buffer): void {
  for (let at = 0; at < audio.length; at += 1600) {
    const payload = audio.subarray(at, at + 1600).toString("base64");
    // With the sound or behind it.
    if (marks % 2 === 0) line.play(payload, `m${marks++}`);
    else {
      line.play(payload);
      line.mark(`m${marks++}`);
    }
  }
}

export interface Disk {
  readonly openFile: OpenFile;
  /** Files that were opened, by path. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly open: () => number;
  /** Bytes that fit on it. */
  room: number;
  /** Every write waits for this. */
  hold: Promise<void>;
  wav(path: string): Wav;
}

export function createDisk(): Disk {
  const files = new Map<string, Buffer>();
  let handles = 0;
  const grow = (path: string, length: number): Buffer => {
    const old = files.get(path) as Buffer;
    if (old.length >= length) return old;
    const grown = Buffer.alloc(length);
    old.copy(grown);
    files.set(path, grown);
    return grown;
  };
  const disk: Disk = {
    files,
    open: () => handles,
    room: Infinity,
    hold: Promise.resolve(),
    async openFile(path): Promise<Handle> {
      if (!files.has(path)) files.set(path, Buffer.alloc(0));
      handles++;
      return {
        async write(bytes, offset, length, position) {
          await disk.hold;
          if (position + length > disk.room) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
          Buffer.from(bytes).copy(grow(path, position + length), position, offset, offset + length);
          return { bytesWritten: length };
        },
        async truncate(length) {
          if (length > disk.room) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
          files.set(path, grow(path, length).subarray(0, length));
        },
        stat: async () => ({ size: (files.get(path) as Buffer).length }),
        close: async () => void handles--,
      };
    },
    wav: (path) => readWav(files.get(path) as Buffer),
  };
  return disk;
}

export const greeting = (heard: string, more: Partial<ReplyRecord> = {}): ReplyRecord => ({
  kind: "greeting",
  generated: heard,
  sent: heard,
  heard,
  cut: "",
  generatedMs: 1000,
  sentMs: 1000,
  heardMs: 1000,
  interrupted: false,
  startedAtMs: 0,
  ...more,
});

export const turn = (text: string, endedAtMs: number, number = 1): TurnRecord => ({
  turn: number,
  by: "speech",
  text,
  endedAtMs,
});
