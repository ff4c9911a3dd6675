// The caller's end of a call, as the bridge sees it: a phone, a browser, anything that carries 8 kHz mu-law both ways.
// It knows nothing of the carrier behind it.

import type { AudioWay } from "./voice.ts";

/** Why a line is gone. `hangup`: the caller left; `network`: the socket died; `protocol`: the far side broke the rules. */
export type LineCloseCause =
  "hangup" | "network" | "no-media" | "slow-consumer" | "bad-frames" | "protocol" | "closed-by-us";

export type LineEvent =
  /** Caller audio: base64 of raw mu-law, 8000 Hz mono, as it came (normally 160 bytes = 20 ms). */
  | { readonly type: "line.audio"; readonly payload: string }
  /** Everything sent before the mark of this name was played, or was dropped by a clear. */
  | { readonly type: "line.mark"; readonly name: string }
  | { readonly type: "line.digit"; readonly digit: string }
  /** The caller typed this: a turn like a spoken one. */
  | { readonly type: "line.text"; readonly text: string }
  /** The last event of a line; comes exactly once, whoever closed it. */
  | { readonly type: "line.closed"; readonly cause: LineCloseCause };

export interface Line {
  /** The carrier's id of this stream, for logs. */
  readonly id: string;
  /**
   * Starts delivery. What arrived before is delivered first, in order, within this call. May be called once. The answer to
   * `line.audio` may be a way for all audio that follows, until the line ends; a line need not use it.
   */
  attach(listener: (event: LineEvent) => AudioWay | void): void;
  /**
   * Queues audio at the caller's end: base64 of raw mu-law, any length of at least one byte; and a mark of this name right behind it.
   * `utterance`: which it is a part of.
   */
  play(payload: string, mark?: string, utterance?: number): void;
  /** Asks to be told, by a `line.mark` of that name, when everything queued so far was played. */
  mark(name: string): void;
  /** Drops what is queued at the caller's end. Pending marks come back at once and prove nothing. */
  clear(): void;
  /** Bytes written but not yet taken by the network. */
  bufferedBytes(): number;
  /** Ends the line from our side. Idempotent; `line.closed` follows. */
  close(): void;
  /** The far side waits for whole replies: nobody there is greeted, told to wait, or asked whether they are still there. */
  readonly takesTurns?: boolean;
  /** For a far side that shows what happens: told of it as it happens. Must neither wait nor throw. */
  readonly watch?: (type: string, data: Readonly<Record<string, unknown>>) => void;
}
