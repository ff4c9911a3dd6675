// What the model's end of the bench writes down: of all sessions together, and of each line what passed on it from its first frame on.
import { ageOf, COUNTED_FROM, numberIn } from "./stamp.ts";
import { addTo, bytesIn, END_OF_SOUND, newTrail, SAMPLES_A_MS, type Trail } from "./trail.ts";

/** Moments of one turn, shared clock, ms; NaN for what did not happen. */
export interface TurnTimes {
  readonly call: number;
  readonly turn: number;
  /** The transcript was sent; the thread was asked; its first sentence was sent; speech was asked for; its first audio went out. */
  transcript: number;
  asked: number;
  sentence: number;
  say: number;
  audio: number;
}

export interface ModelLog {
  readonly delaysMs: number[];
  framesReceived: number;
  deltasSent: number;
  readonly turns: TurnTimes[];
  /** The caller spoke into this reply, at this shared ms. */
  readonly interruptions: { readonly call: number; readonly reply: number; readonly atMs: number }[];
  /** What the service said was heard of a reply, ms. */
  readonly truncations: { readonly call: number; readonly reply: number; readonly ms: number }[];
}

export type ModelStory = Pick<ModelLog, "turns" | "interruptions" | "truncations">;

export interface LineStory {
  readonly call: number;
  readonly framesReceived: number;
  readonly deltasSent: number;
  /** Of a line whose sound is counted: the caller's, and that of the latest speech. */
  readonly heard: Trail | undefined;
  readonly said: Trail | undefined;
  /** The caller's end of sound has come. */
  readonly hasEnded: boolean;
}

export function createModelLine(log: ModelLog, payloadAt: number) {
  let call = -1;
  let framesReceived = 0;
  let deltasSent = 0;
  let heard: Trail | undefined;
  let said: Trail | undefined;
  let hasEnded = false;
  return {
    /** -1 until caller audio came. */
    call: () => call,
    framesReceived: () => framesReceived,
    /** A frame of the caller: {"type":"input_audio_buffer.append","audio":"..."} */
    hear(data: Buffer, nowMs: number): void {
      if (hasEnded) return;
      const end = data.length - 2;
      if (heard) {
        hasEnded = data.toString("latin1", payloadAt, end) === END_OF_SOUND;
        if (hasEnded) return;
        addTo(heard, nowMs, bytesIn(data, payloadAt, end));
      } else {
        if (framesReceived === 0) call = numberIn(data, payloadAt);
        // The first frame of sound that is counted only says whose it is.
        if (call >= COUNTED_FROM) return void (heard = newTrail());
        log.delaysMs.push(ageOf(data, payloadAt, nowMs));
      }
      framesReceived++;
      log.framesReceived++;
    },
    say(nowMs: number, ms: number, isFirst: boolean): void {
      log.deltasSent++;
      if (call < 0) return;
      deltasSent++;
      if (!heard) return;
      if (isFirst || !said) said = newTrail();
      addTo(said, nowMs, ms * SAMPLES_A_MS);
    },
    story: (): LineStory => ({ call, framesReceived, deltasSent, heard, said, hasEnded }),
  };
}
