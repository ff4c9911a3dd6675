// One side of a call on the call's time line: byte n is what was said or heard at sample n. Unwritten stretches are
// silence. It grows as the call does and knows nothing of who writes.
import { MULAW_BYTES_PER_MS, MULAW_SILENCE } from "../../audio/mulaw.ts";

export interface Recording {
  /** Places mu-law bytes at a sample of the call; later writes win. */
  write(at: number, bytes: Uint8Array): void;
  /** A view of samples [from, to); silence where nothing was written. Valid until the next write. */
  view(from: number, to: number): Uint8Array;
  /** A copy of the first `durationMs` of the call. */
  take(durationMs: number): Uint8Array;
}

const INITIAL_BYTES = 16_000;

export function createRecording(): Recording {
  let bytes = new Uint8Array(INITIAL_BYTES).fill(MULAW_SILENCE);
  const reach = (length: number) => {
    if (length <= bytes.length) return;
    const grown = new Uint8Array(Math.max(length, bytes.length * 2)).fill(MULAW_SILENCE, bytes.length);
    grown.set(bytes);
    bytes = grown;
  };
  return {
    write(at, audio) {
      reach(at + audio.length);
      bytes.set(audio, at);
    },
    view(from, to) {
      reach(to);
      return bytes.subarray(from, to);
    },
    take(durationMs) {
      const length = Math.max(0, Math.round(durationMs * MULAW_BYTES_PER_MS));
      reach(length);
      return bytes.slice(0, length);
    },
  };
}
