// A person on the phone in virtual time: 20 ms frames without a pause, silence or words. A frame of speech tells whose it is,
// so that the far side's ear needs no acoustics.
import type { LineEvent } from "../../src/core/line.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const FRAME_MS = 20;
const FRAME_BYTES = 160;

export interface Utterance {
  readonly text: string;
  readonly frames: number;
  /** ms from the end of the turn to its transcript; negative: it never comes. */
  readonly transcriptMs: number;
  /** What the transcription makes of it instead of the text. */
  readonly as?: "empty" | "failed";
  /** Virtual ms of its first sound. */
  readonly at: number;
}

export interface SpeakOptions {
  /** Length of the speech, ms; by default what the words would take. */
  readonly ms?: number;
  readonly transcriptMs?: number;
  readonly as?: "empty" | "failed";
}

export interface FakeCaller {
  /** Starts to speak now, or when the words before are out. */
  speaks(text: string, options?: SpeakOptions): void;
  /** Words are still coming. */
  isSpeaking(): boolean;
  stop(): void;
}

const SILENCE = Buffer.alloc(FRAME_BYTES, 0xff).toString("base64");
/** What a speech frame holds, by payload; frames are the same in every call. */
const frames = new Map<string, { readonly utterance: Utterance; readonly index: number }>();
let lastFrame = 0;

export function frameOf(payload: string): { readonly utterance: Utterance; readonly index: number } | undefined {
  return frames.get(payload);
}

/** @param frameMs a longer step than 20 ms sends longer frames, for scenarios by the hundred. */
export function createFakeCaller(
  time: VirtualTime,
  deliver: (event: LineEvent) => void,
  frameMs = FRAME_MS,
): FakeCaller {
  const saying: { readonly utterance: Utterance; next: number }[] = [];
  const mine: string[] = [];
  let stopped = false;
  const silence = frameMs === FRAME_MS ? SILENCE : Buffer.alloc(frameMs * 8, 0xff).toString("base64");

  function tick(): void {
    if (stopped) return;
    time.after(frameMs, tick);
    const now = saying[0];
    if (!now) return deliver({ type: "line.audio", payload: silence });
    const audio = Buffer.alloc(frameMs * 8, 0x20);
    audio.writeUInt32BE(++lastFrame, 0);
    const payload = audio.toString("base64");
    frames.set(payload, { utterance: now.utterance, index: now.next });
    mine.push(payload);
    now.next++;
    if (now.next >= now.utterance.frames) saying.shift();
    deliver({ type: "line.audio", payload });
  }
  time.after(frameMs, tick);

  return {
    speaks(text, { ms = Math.max(300, text.length * 60), transcriptMs = 300, as } = {}) {
      const utterance: Utterance = {
        text,
        frames: Math.max(1, Math.round(ms / frameMs)),
        transcriptMs,
        at: time.now(),
        ...(as && { as }),
      };
      saying.push({ utterance, next: 0 });
    },
    isSpeaking: () => saying.length > 0,
    stop() {
      stopped = true;
      for (const payload of mine) frames.delete(payload);
    },
  };
}
