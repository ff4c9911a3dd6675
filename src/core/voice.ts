// The engine that hears and speaks, as the bridge sees it. A Voice owns its upstream connection for as long as that lives;
// when it is gone the bridge opens another one.

import type { ModelUsage } from "./usage.ts";

/** What was said so far, for a voice that has to take over in mid-call. */
export interface SpokenLine {
  readonly role: "caller" | "agent";
  readonly text: string;
}

export type VoiceEvent =
  /** The session is configured: what is appended from now on is understood. */
  | { readonly type: "voice.ready" }
  /** Speech of the caller began. Times are in ms of audio heard by this voice, the engine's lead-in padding excluded. */
  | { readonly type: "voice.speech-started"; readonly audioMs: number }
  /** Speech of the caller ended: `speechMs` is the length of the speech alone, without padding or the closing silence. */
  | { readonly type: "voice.speech-stopped"; readonly audioMs: number; readonly speechMs: number }
  /** The caller's turn is complete; its text follows as heard or unheard with the same item id. */
  | { readonly type: "voice.committed"; readonly itemId: string }
  /** Words of the caller as they are made out; all of them follow as heard. */
  | { readonly type: "voice.hearing"; readonly itemId: string; readonly delta: string }
  | { readonly type: "voice.heard"; readonly itemId: string; readonly text: string }
  | { readonly type: "voice.unheard"; readonly itemId: string; readonly cause: "empty" | "failed" }
  /** The engine began an answer of its own (speech-to-speech); `speechId` names it from here on. */
  | { readonly type: "voice.reply-started"; readonly speechId: string }
  /** Speech: base64 mu-law at 8000 Hz. `part` names the conversation item when it can be truncated there. */
  | { readonly type: "voice.audio"; readonly speechId: string; readonly payload: string; readonly part?: SpeechPart }
  /** Words of the speech, as they come (speech-to-speech). */
  | { readonly type: "voice.words"; readonly speechId: string; readonly delta: string; readonly part?: SpeechPart }
  /** The last event of a speech. `text` is what the engine says it spoke. */
  | {
      readonly type: "voice.spoken";
      readonly speechId: string;
      readonly status: "completed" | "cancelled" | "failed" | "incomplete";
      readonly text: string;
      readonly code?: string;
    }
  | {
      readonly type: "voice.tool-call";
      readonly speechId: string;
      readonly callId: string;
      readonly name: string;
      readonly arguments: string;
    }
  /** `usage`: the engine's own sums; `billed`: the same as it is paid for. */
  | { readonly type: "voice.usage"; readonly usage: Readonly<Record<string, number>>; readonly billed: ModelUsage }
  /** Something the engine refused; the session goes on. */
  | { readonly type: "voice.trouble"; readonly code: string; readonly speechId?: string }
  /** The last event of a voice; comes exactly once. `fatal`: opening another one would fail the same way. */
  | { readonly type: "voice.closed"; readonly code: string; readonly fatal: boolean };

export interface SpeechPart {
  readonly itemId: string;
  readonly contentIndex: number;
}

/** A shorter way for audio about which nothing is being decided: no event for each piece. */
export interface AudioWay {
  /** False: this piece, and with it what follows, is an event after all. */
  take(payload: string): boolean;
}

export interface Voice {
  /**
   * Starts delivery of events; what happened before is delivered first, in order. May be called once. The answer to
   * `voice.audio` may be a way for what follows of the same speech and part; a voice need not use it.
   */
  attach(listener: (event: VoiceEvent) => AudioWay | void): void;
  /** Caller audio, base64 mu-law. Kept (bounded, oldest dropped and counted) while the voice is not ready. */
  hear(payload: string): void;
  /** Speaks this text word for word. One at a time: the bridge waits for `voice.spoken` before the next. */
  say(speechId: string, text: string): void;
  /** Stops generation of a speech. `voice.spoken` with status cancelled follows, or the speech had already ended. */
  cancel(speechId: string): void;
  /** Tells the engine how much of an item of its own conversation was heard, in ms. */
  truncate(part: SpeechPart, heardMs: number): void;
  /** Lets the engine answer what stands in its conversation now (speech-to-speech). */
  respond(): void;
  /** Puts a text into the engine's conversation (speech-to-speech): a key press, a note. */
  tell(role: "user" | "system", text: string): void;
  /** The result of a tool call, to be followed by `respond` once all results of that reply are in. */
  answerTool(callId: string, output: string): void;
  /** Idempotent; `voice.closed` with code "closed-by-us" follows. */
  close(): void;
}

/** What a voice has to know about one call. */
export interface VoiceRequest {
  readonly callId: string;
  /** The carrier's id of the call, for the log; absent for speech that belongs to no call. */
  readonly carrierId?: string;
  /** Words of the conversation so far; empty for a fresh call. */
  readonly history: readonly SpokenLine[];
}

/** Opens voices of one kind. */
export interface VoiceEngine {
  /** Begins to connect at once and returns without waiting; never throws. */
  open(request: VoiceRequest): Voice;
  /** Closes every voice it opened. */
  close(): void;
}
