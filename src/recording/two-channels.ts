// Both sides of a call on one time line, the caller's frames being its clock: caller left, agent as heard right, in blocks of 16-bit
// PCM. What is not to be recorded is let go of here, sample by sample; files are none of its business.
import { decodeMulaw, MULAW_SILENCE } from "../audio/mulaw.ts";
import { pcmBytes } from "../audio/pcm.ts";
import { payloadBytes } from "../wire/base64.ts";
import { createAgentChannel } from "./agent-channel.ts";

export interface TwoChannels {
  /** The caller's audio. */
  hear(payload: string): void;
  play(payload: string): boolean;
  mark(name: string): void;
  marked(name: string): void;
  clear(): void;
  /** From this sample on it is recorded, or not any more. */
  turn(on: boolean): void;
  /** Nothing more comes: what waits for its marks is told as it is known. Returns the samples from the first recorded one on. */
  end(): number;
  /** Samples of caller audio so far. */
  now(): number;
}

/** Marks come about every 200 ms and take a way there and back: after this the agent's sound has its place. Samples. */
const SETTLE = 16_000;
const BLOCK = 8000;
export const FRAME_BYTES = 4;

/** @param onBlock stereo frames from that frame of the recording on; what is skipped was paused, and is silent. */
export function createTwoChannels(onBlock: (at: number, pcm: Uint8Array) => void): TwoChannels {
  const agent = createAgentChannel();
  let caller: { readonly payload: string; readonly at: number; readonly bytes: number }[] = [];
  let now = 0;
  let told = 0;
  /** Where recording was turned on and off, in turn. */
  let turns: number[] = [];
  let origin: number | undefined;

  /** Tells of what lies before `to`. */
  function tell(to: number): void {
    const right = agent.take(told, to);
    for (let index = 0; index < turns.length; index += 2) {
      const from = Math.max(told, turns[index] as number);
      const until = Math.min(to, turns[index + 1] ?? Infinity);
      if (from < until && origin !== undefined)
        onBlock(from - origin, interleaved(callerIn(from, until), right.subarray(from - told, until - told)));
    }
    // A pair that is over is not looked at again.
    while (turns.length >= 2 && (turns[1] as number) <= to) turns = turns.slice(2);
    caller = caller.filter(({ at, bytes }) => at + bytes > to);
    told = to;
  }

  function callerIn(from: number, to: number): Uint8Array {
    const sound = new Uint8Array(to - from).fill(MULAW_SILENCE);
    for (const { payload, at, bytes } of caller) {
      if (at + bytes <= from || at >= to) continue;
      const first = Math.max(at, from);
      sound.set(Buffer.from(payload, "base64").subarray(first - at, Math.min(at + bytes, to) - at), first - from);
    }
    return sound;
  }

  return {
    hear(payload) {
      const bytes = payloadBytes(payload);
      caller.push({ payload, at: now, bytes });
      now += bytes;
      if (now - told >= SETTLE + BLOCK) tell(now - SETTLE);
    },
    play: (payload) => agent.play(payload, now),
    mark: (name) => agent.mark(name),
    marked: (name) => agent.marked(name, now),
    clear: () => agent.clear(now),
    turn(on) {
      if (on !== (turns.length % 2 === 0)) return;
      turns.push(now);
      if (on) origin ??= now;
    },
    end() {
      if (now > told) tell(now);
      return origin === undefined ? 0 : now - origin;
    },
    now: () => now,
  };
}

function interleaved(left: Uint8Array, right: Uint8Array): Uint8Array {
  const mixed = new Int16Array(left.length * 2);
  const one = decodeMulaw(left);
  const other = decodeMulaw(right);
  for (let at = 0; at < left.length; at++) {
    mixed[at * 2] = one[at] as number;
    mixed[at * 2 + 1] = other[at] as number;
  }
  return pcmBytes(mixed);
}
