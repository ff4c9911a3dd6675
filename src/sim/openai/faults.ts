/**
 * Everything that can be made to go wrong or slow, as plain switches read at the moment they matter. The simulator's own set
 * is the default of every session; a session's set, or one queued for the next session, overrides it key by key.
 */

/** How a connection ends: a close frame with this code, or the TCP connection cut without one (seen as 1006). */
export type Ending = "terminate" | number;

export interface ErrorFields {
  code: string | null;
  message?: string;
  type?: string;
  param?: string | null;
}

export interface Faults {
  /** Refuse the handshake: an HTTP status, cut the connection ("reset"), or never answer ("hang"). */
  refuse?: 401 | 403 | 429 | 500 | 503 | "reset" | "hang";
  /** Accept the socket and never send a byte. */
  mute?: boolean;
  /** Milliseconds before `session.created`. */
  createdDelayMs?: number;
  /** Milliseconds before a `session.update` is applied and `session.updated` sent. */
  updatedDelayMs?: number;
  /** Never apply nor answer `session.update`. */
  ignoreUpdates?: boolean;
  /** After a `response.create` nothing at all is sent any more, on this session, until the switch is off. */
  stallOnResponse?: boolean;
  /** End the connection when a server event of this type has been sent (`count` of them, default 1; then `delayMs`). */
  drop?: { after: string; count?: number; delayMs?: number; how: Ending; reason?: string };
  /** Send an `error` event after a server event of this type has been sent (`count` of them, default 1). */
  errorAfter?: { after: string; count?: number; error: ErrorFields };
  /** Answer this client event with an error instead of doing it. */
  refuseEvent?: { type: string; error: ErrorFields };
  /** late: three seconds more (or `transcriptLateMs`); after-response: held until the next response is done. */
  transcription?: "late" | "failed" | "empty" | "never" | "after-response";
  /** Milliseconds that "late" adds. Default 3000. */
  transcriptLateMs?: number;
  /** Responses end failed or incomplete. An incomplete one speaks half of its text. */
  response?: "rate_limit_exceeded" | "server_error" | "max_output_tokens" | "content_filter";
  /** Milliseconds from `response.create` to the first output, beyond `timing.replyMs`. */
  responseDelayMs?: number;
  /** This many audio deltas of a cancelled response still come after its `response.done`. */
  deltasAfterCancel?: number;
  /** All audio of a response at once, whatever `timing.pace` says. */
  burst?: boolean;
  /** Audio deltas of odd sizes: neither multiples of 160 bytes (one frame) nor of 3 (whole base64 groups). */
  unevenDeltas?: boolean;
  /** Speak another wording than asked for. */
  paraphrase?: boolean;
  /** Send audio in this format whatever was agreed. */
  outputAs?: "audio/pcm" | "audio/pcmu" | "audio/pcma";
  /** When `rate_limits.updated` is sent; default after `response.done`. */
  rateLimits?: "early" | "late" | "none";
  /** Sprinkle event types nobody has heard of. */
  unknownEvents?: boolean;
  /** Send the legacy `conversation.item.created` and `conversation.created` besides the GA events. */
  legacyExtras?: boolean;
  /** Take the beta event `transcription_session.update` instead of refusing it. */
  takeBetaTranscriptionUpdate?: boolean;
  /** Whether a reusable prompt object resolves; default: until it was switched off on 2026-11-30. */
  prompts?: "by-date" | "yes" | "no";
  /** All REST requests: answer this status. */
  restStatus?: number;
  /** All REST requests: never answer. */
  restHang?: boolean;
  /** Both of the above only for paths that begin so, for example "/v1/responses". */
  restOnly?: string;
  /** The Assistants API (threads, runs) is gone, as at OpenAI since 2026-08-26: 404. */
  assistantsRemoved?: boolean;
}

/** How fast things happen; changeable at run time. */
export interface Timing {
  /** Commit to finished transcription, ms. */
  transcriptMs: number;
  /** `response.create` (or the end of a turn) to the first output of the response, ms. */
  replyMs: number;
  /** Audio goes out this many times faster than it plays; Infinity sends it in one burst. */
  pace: number;
  /** Length of an audio delta, ms; sizes vary by a quarter, seeded. */
  deltaMs: number;
  /** Between text deltas over REST, ms. */
  textDeltaMs: number;
  /** Before a REST answer begins, ms. */
  restMs: number;
}

export const DEFAULT_TIMING: Timing = {
  transcriptMs: 60,
  replyMs: 30,
  pace: 10,
  deltaMs: 200,
  textDeltaMs: 5,
  restMs: 0,
};

/** Reusable prompt objects stop resolving on this day. */
export const PROMPTS_END = Date.parse("2026-11-30");
