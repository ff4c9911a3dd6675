// What the caller hears of the agent, on the caller's own clock: the samples of caller audio that came so far. Sound is sent faster than
// it is played, so a place is guessed when it is sent and corrected when its mark comes back. Pure bookkeeping: no timer, no file.
import { MULAW_SILENCE } from "../audio/mulaw.ts";
import { payloadBytes } from "../wire/base64.ts";

/** All positions are in samples (one byte of mu-law each) of the caller's clock. */
export interface AgentChannel {
  /** Sent now. False when so much waits that this is not kept: its place stays silent. */
  play(payload: string, now: number): boolean;
  /** A mark behind everything that was sent. */
  mark(name: string): void;
  /** A mark came back: what was before it has just been played. */
  marked(name: string, now: number): void;
  /** What was not played yet will not be. */
  clear(now: number): void;
  /** What was heard in [from, to), mu-law. Takes it away: the next `from` is this `to`. */
  take(from: number, to: number): Uint8Array;
}

interface Part {
  /** Base64 until it is needed; undefined: not kept. */
  sound: string | Uint8Array | undefined;
  readonly bytes: number;
}

/** What was sent between two marks. */
interface Stretch {
  parts: Part[];
  start: number;
  /** Fewer than its parts have after a clear. */
  bytes: number;
  mark: string | undefined;
  /** The far end was empty: nothing but its mark tells where it begins. */
  readonly begins: boolean;
  readonly sentAt: number;
}

/** A mark is no more exact than the frames it comes between. */
const FRAME = 160;
/** Longer ways there and back than this are no ways but stalls. */
const MOST_LAG = 8000;
/** A minute and a half: several times what the bridge sends ahead. */
const MOST_WAITING = 720_000;

export function createAgentChannel(): AgentChannel {
  let stretches: Stretch[] = [];
  /** How much later sound is heard than the clock says when it is sent: the way there and back. */
  let lag = 0;
  let taken = 0;
  let waiting = 0;

  const endOf = (stretch: Stretch | undefined): number => (stretch ? stretch.start + stretch.bytes : taken);

  /** Moves a stretch and what follows it without a gap; what was taken already stays where it is. */
  function move(index: number, to: number): void {
    const first = stretches[index] as Stretch;
    const floor = Math.max(taken, endOf(stretches[index - 1]));
    const by = Math.max(to, floor) - first.start;
    let end = endOf(stretches[index - 1]);
    for (const [offset, stretch] of stretches.slice(index).entries()) {
      const follows = offset === 0 || !stretch.begins;
      stretch.start = Math.max(end, follows ? stretch.start + by : stretch.start);
      end = endOf(stretch);
    }
  }

  return {
    play(payload, now) {
      const bytes = payloadBytes(payload);
      const last = stretches.at(-1);
      const end = endOf(last);
      const at = Math.max(now + lag, end);
      const begins = !last || at > end;
      const keeps = waiting + bytes <= MOST_WAITING;
      if (keeps) waiting += bytes;
      const part = { sound: keeps ? payload : undefined, bytes };
      if (last && !begins && last.mark === undefined) {
        last.parts.push(part);
        last.bytes += bytes;
      } else stretches.push({ parts: [part], start: at, bytes, mark: undefined, begins, sentAt: now });
      return keeps;
    },
    mark(name) {
      const last = stretches.at(-1);
      if (last && last.mark === undefined) last.mark = name;
    },
    marked(name, now) {
      const index = stretches.findIndex(({ mark }) => mark === name);
      const stretch = stretches[index];
      if (!stretch) return;
      stretch.mark = "";
      const start = now - stretch.bytes;
      if (stretch.begins) {
        lag = Math.min(MOST_LAG, Math.max(0, start - stretch.sentAt));
        if (stretch.start >= taken) move(index, start);
        return;
      }
      // Frames are coarse: the mark came at this sample or up to a frame after it. So a little late means that the whole run is, and
      // much later that the far end ran empty in between.
      const late = start - stretch.start;
      const from = late > FRAME ? index : stretches.findLastIndex(({ begins }, at) => begins && at < index);
      const first = stretches[from];
      if ((late > 0 || late < -FRAME) && first && first.start >= taken) move(from, first.start + late);
    },
    clear(now) {
      const cut = Math.max(taken, now + lag);
      stretches = stretches.filter(({ start }) => start < cut);
      for (const stretch of stretches) {
        stretch.bytes = Math.min(stretch.bytes, cut - stretch.start);
        // It comes back at once now, and proves nothing.
        stretch.mark = "";
      }
    },
    take(from, to) {
      const heard = new Uint8Array(to - from).fill(MULAW_SILENCE);
      for (const stretch of stretches) {
        if (stretch.start >= to) break;
        copy(stretch, from, to, heard);
      }
      taken = to;
      stretches = stretches.filter((stretch) => endOf(stretch) > to);
      waiting = 0;
      for (const { parts } of stretches)
        for (const { sound, bytes } of parts) if (sound !== undefined) waiting += bytes;
      return heard;
    },
  };
}

function copy(stretch: Stretch, from: number, to: number, into: Uint8Array): void {
  const until = Math.min(to, stretch.start + stretch.bytes);
  let at = stretch.start;
  for (const part of stretch.parts) {
    const end = at + part.bytes;
    if (end > from && at < until && part.sound !== undefined) {
      if (typeof part.sound === "string") part.sound = Buffer.from(part.sound, "base64");
      const first = Math.max(at, from);
      into.set(part.sound.subarray(first - at, Math.min(end, until) - at), first - from);
    }
    at = end;
  }
}
