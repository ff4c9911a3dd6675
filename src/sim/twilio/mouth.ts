// The caller's mouth and the line noise around it: one frame of mu-law after another for the whole call, speech where a
// script says something, else silence or a low noise floor. It keeps no time; whoever asks for frames does.
import { encodeMulaw, MULAW_BYTES_PER_MS, MULAW_SILENCE } from "../../audio/mulaw.ts";
import { loudness, SPEECH_LOUDNESS } from "./loudness.ts";
import type { Chance } from "./sids.ts";

export interface Frame {
  mulaw: Uint8Array;
  /** The same bytes as base64, as a media message carries them. */
  base64: string;
}

export interface Utterance {
  audio: Uint8Array;
  /** Called when its first byte is handed out, and once the last one has been, with the call time of that byte, ms. */
  onStart?: (atMs: number) => void;
  onEnd?: (atMs: number) => void;
}

export interface Mouth {
  say(utterance: Utterance): void;
  readonly speaking: boolean;
  /** The next frame, which begins at `startMs` of call time, and whether the caller is loud in it. */
  next(startMs: number): Frame & { loud: boolean };
}

const NOISE_FRAMES = 32;

/** @param noiseFloor Loudness of the line between words, 16-bit linear units; 0 is digital silence (0xFF). */
export function createMouth(frameMs: number, noiseFloor: number, chance: Chance): Mouth {
  const size = frameMs * MULAW_BYTES_PER_MS;
  const idle = makeIdleFrames(size, noiseFloor, chance);
  const queue: { utterance: Utterance; offset: number }[] = [];
  let count = 0;
  return {
    say(utterance) {
      queue.push({ utterance, offset: 0 });
    },
    get speaking() {
      return queue.length > 0;
    },
    next(startMs) {
      const background = idle[count++ % idle.length] ?? { mulaw: new Uint8Array(size).fill(MULAW_SILENCE), base64: "" };
      if (queue.length === 0) return { ...background, loud: false };
      const mulaw = background.mulaw.slice();
      let filled = 0;
      while (filled < size) {
        const head = queue[0];
        if (!head) break;
        if (head.offset === 0) head.utterance.onStart?.(startMs + filled / MULAW_BYTES_PER_MS);
        const piece = head.utterance.audio.subarray(head.offset, head.offset + size - filled);
        mulaw.set(piece, filled);
        filled += piece.length;
        head.offset += piece.length;
        if (head.offset < head.utterance.audio.length) break;
        queue.shift();
        head.utterance.onEnd?.(startMs + filled / MULAW_BYTES_PER_MS);
      }
      return { mulaw, base64: Buffer.from(mulaw).toString("base64"), loud: loudness(mulaw) >= SPEECH_LOUDNESS };
    },
  };
}

function makeIdleFrames(size: number, noiseFloor: number, chance: Chance): Frame[] {
  return Array.from({ length: noiseFloor > 0 ? NOISE_FRAMES : 1 }, () => {
    // A uniform spread of +-a has a root mean square of a / sqrt(3).
    const samples = Int16Array.from({ length: size }, () => (chance.next() * 2 - 1) * noiseFloor * Math.sqrt(3));
    const mulaw = noiseFloor > 0 ? encodeMulaw(samples) : new Uint8Array(size).fill(MULAW_SILENCE);
    return { mulaw, base64: Buffer.from(mulaw).toString("base64") };
  });
}
