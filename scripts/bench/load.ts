// What the bench puts on a line: who talks when, in which pieces. The same load is put on the service and on the floor.

export interface Load {
  /** The floor speaks no protocol: the model's end talks to it as soon as it hears a caller. */
  readonly with: "floor" | "service";
  /**
   * - `talk`: the agent answers, pauses, and is asked again; or never stops.
   * - `turns`: as `talk`, with a thread that thinks, and pauses of different lengths.
   * - `interruptions`: the caller cuts every reply at some moment of it.
   */
  readonly conversation: "talk" | "turns" | "interruptions";
  /** ms from the first caller audio to the first turn: the greeting is over by then. */
  readonly settleMs: number;
  /** ms over which the callers' first turns are spread, evenly: people do not speak in chorus, and a window of any length then holds as much of each. */
  readonly spreadMs: number;
  /** Audio in one delta, ms, and how many times faster than it plays deltas come. */
  readonly deltaMs: number;
  readonly pace: number;
  /** A reply's audio, ms; Infinity never ends. A thread's text has its own length. */
  readonly replyMs: number;
  /** ms of silence between a reply that was heard and the next turn. */
  readonly pauseMs: number;
  /** ms from the request for speech to its first audio. */
  readonly firstByteMs: number;
  /** ms from the request to the thread to its first word, and between two words. */
  readonly thinkMs: number;
  readonly wordMs: number;
}

/** The caller's voice: how long they speak in a turn, the silence that ends it included, ms. */
export const CALLER_SPEAKS_MS = 1400;
/** From the end of their turn to its transcript, ms. */
export const TRANSCRIPT_MS = 60;
const BASE: Load = {
  with: "service",
  conversation: "talk",
  settleMs: 6000,
  spreadMs: 0,
  deltaMs: 200,
  pace: 4,
  replyMs: 5000,
  pauseMs: 5000,
  firstByteMs: 80,
  thinkMs: 60,
  wordMs: 10,
};

/** Both sides talk all the time, the agent in 20 ms pieces: as many messages as a call can have. */
export const WORST: Load = { ...BASE, deltaMs: 20, pace: 1, replyMs: Infinity, firstByteMs: 0 };
/** The agent talks half of the time, in the pieces and at about the speed a Realtime server sends them. */
export const USUAL: Load = {
  ...BASE,
  spreadMs: CALLER_SPEAKS_MS + TRANSCRIPT_MS + BASE.firstByteMs + BASE.replyMs + BASE.pauseMs,
};
export const TURNS: Load = { ...BASE, conversation: "turns", pauseMs: 1500 };
export const INTERRUPTIONS: Load = { ...BASE, conversation: "interruptions", replyMs: 9000 };

/** Audio the agent needs to say one letter, ms. */
export const LETTER_MS = 70;

/** What a caller says; the thread's end finds the call and the turn in it. */
export function callerText(call: number, turn: number): string {
  return `This is call ${call} turn ${turn}, please tell me more`;
}

export function turnIn(text: string): { readonly call: number; readonly turn: number } | undefined {
  const found = [...text.matchAll(/call (\d+) turn (\d+)/g)].at(-1);
  return found && { call: Number(found[1]), turn: Number(found[2]) };
}

const SHORT = "I have looked at the calendar and there is room on Tuesday at nine in the morning.";
const LONG = Array.from({ length: 5 }, () => SHORT).join(" ");

/** What the thread answers: a short first sentence, then more. */
export function threadText(turn: number, conversation: Load["conversation"]): string {
  return `Answer ${turn} it is, and that works well for me. ${conversation === "interruptions" ? LONG : SHORT}`;
}

/** The thread's number of the reply with this text. */
export function replyIn(text: string): number | undefined {
  const found = /Answer (\d+) it is/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
