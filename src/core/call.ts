// The words for one call: who, how it ends, and the record that remains of it.

export interface CallParty {
  /** Our id of the call (sorts by time). */
  readonly callId: string;
  /** The carrier's id (CallSid). */
  readonly carrierId: string;
  /** E.164 or what the carrier gave; never logged by default. */
  readonly from: string;
  readonly to: string;
  /** The carrier vouches that `from` is who calls (STIR/SHAKEN level A). */
  readonly attested?: boolean;
  readonly channel: "phone";
  readonly direction: "inbound" | "outbound";
}

/** Why a call ended: exactly one per call. docs/closing.md has the table. */
export type EndReason =
  | "caller-hangup"
  | "agent-hangup"
  | "transferred"
  | "silence"
  | "time-limit"
  | "voice-unavailable"
  | "line-lost"
  | "no-media"
  | "slow-consumer"
  | "bad-frames"
  | "protocol"
  | "shutdown"
  | "rejected"
  | "abandoned"
  | "internal-error";

/** What the carrier is to do once the stream is closed. */
export type CallEnding =
  | { readonly kind: "hangup"; readonly reason: EndReason }
  | { readonly kind: "transfer"; readonly reason: EndReason; readonly to: string; readonly note: string }
  /** We could not serve the caller: an apology is spoken by the carrier, then the configured human is dialled if there is one. */
  | { readonly kind: "apologise"; readonly reason: EndReason }
  /** The stream broke but the caller may still be there: the carrier opens another one for the same call. Done once per ending. */
  | { readonly kind: "reconnect"; readonly reason: EndReason };

/** One reply of the agent, in the four forms that matter: made, sent, heard, lost. */
export interface ReplyRecord {
  readonly kind: "greeting" | "reply" | "filler" | "prompt" | "notice";
  readonly generated: string;
  readonly sent: string;
  readonly heard: string;
  readonly cut: string;
  /** ms of audio. */
  readonly generatedMs: number;
  readonly sentMs: number;
  readonly heardMs: number;
  readonly interrupted: boolean;
  /** ms since the call began. */
  readonly startedAtMs: number;
  /** Word error rate 0..1 between the text asked for and the text spoken; absent when not known. */
  readonly divergence?: number;
}

export interface TurnRecord {
  /** 1, 2, 3, ... */
  readonly turn: number;
  readonly by: "speech" | "keypad";
  readonly text: string;
  /** ms since the call began: the caller fell silent. */
  readonly endedAtMs: number;
  /** ms from the end of the caller's speech to the first audio of the answer at the line; absent if none came. */
  readonly latencyMs?: number;
  /** Why this turn was silent, late or cut; absent for a good one. */
  readonly cause?: string;
}

export interface ToolRecord {
  readonly name: string;
  readonly result: "ok" | "invalid-arguments" | "timeout" | "failed" | "unknown-tool" | "cancelled";
  readonly atMs: number;
  readonly tookMs: number;
}

export interface TimelineEntry {
  /** ms since the call began. */
  readonly atMs: number;
  readonly what: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

export interface CallRecord extends CallParty {
  readonly status: "in-progress" | "completed";
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationSeconds?: number;
  readonly endReason?: EndReason;
  readonly turns: readonly TurnRecord[];
  readonly replies: readonly ReplyRecord[];
  readonly tools: readonly ToolRecord[];
  readonly timeline: readonly TimelineEntry[];
  readonly usage: Readonly<Record<string, number>>;
  /** Terminal state the carrier reported, when it did. */
  readonly carrierStatus?: string;
}
