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
  readonly channel: Channel;
  readonly direction: "inbound" | "outbound";
  /** The organization the call belongs to. */
  readonly orgId: string;
  /** Why we call, for the agent; not kept in the record. */
  readonly purpose?: string;
}

/** text: a conversation over requests, written or in files, with no line that is open. */
export type Channel = "phone" | "browser" | "text";

/** The far side talks to the engine itself and reports what happens: no instance holds a line of it. */
export const isReported = ({
  channel,
  callId,
  carrierId,
}: Pick<CallParty, "channel" | "callId" | "carrierId">): boolean => channel === "browser" && callId === carrierId;

/** The organization that always exists: numbers nobody claimed belong to it. */
export const DEFAULT_ORG = "default";

/** Where the conversation stands, as people who watch it see it. Legal moves: core/call-phase.ts. */
export type CallPhase = "greeting" | "intake" | "clarification" | "escalation" | "completed";

/** Why a call ended: exactly one per call. docs/closing.md has the table. */
export const END_REASONS = [
  "caller-hangup",
  "agent-hangup",
  "transferred",
  "silence",
  "time-limit",
  "spend-limit",
  "after-hours",
  /** We called, and nobody answered: the carrier's status says how. */
  "unanswered",
  /** We called, and a machine answered. */
  "voicemail",
  "voice-unavailable",
  "line-lost",
  "no-media",
  "slow-consumer",
  "bad-frames",
  "protocol",
  "shutdown",
  "rejected",
  "abandoned",
  "instance-lost",
  "internal-error",
] as const;
export type EndReason = (typeof END_REASONS)[number];

/** What the carrier is to do once the stream is closed. */
export type CallEnding =
  | { readonly kind: "hangup"; readonly reason: EndReason }
  | {
      readonly kind: "transfer";
      readonly reason: EndReason;
      /** E.164. */
      readonly to: string;
      /** One sentence about the call, for the human who takes it. */
      readonly note: string;
      /** warm: the human hears the note and accepts with a key; cold: they are joined as soon as they answer. */
      readonly mode?: "warm" | "cold";
      /** The escalation this dialling belongs to, whose outcome is to be recorded. */
      readonly escalationId?: string;
      /** The caller comes back to the agent when the human is not reached. */
      readonly returns?: boolean;
      /** What became of the dialling, as soon as that is known; kept here for whichever instance is asked next. */
      readonly outcome?: EscalationOutcome;
    }
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
  readonly by: "speech" | "keypad" | "text";
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
  readonly result:
    "ok" | "invalid-arguments" | "timeout" | "failed" | "unknown-tool" | "cancelled" | "refused" | "waiting";
  readonly atMs: number;
  readonly tookMs: number;
}

export type EscalationTrigger =
  "emergency-keyword" | "keyword" | "request" | "uncertainty" | "agent-reply" | "tool" | "manual";

/** Most urgent first. */
export type Urgency = "emergency" | "high" | "normal" | "low";

/**
 * How a dialling ended. Warm: accepted (key pressed), declined (another key, or hung up in the briefing), voicemail (a machine, or
 * no key in 10 s), busy, no-answer, failed, dropped (the caller left while it rang). Cold: answered, busy, no-answer, failed.
 */
export type EscalationOutcome =
  | "pending"
  | "accepted"
  | "declined"
  | "voicemail"
  | "busy"
  | "no-answer"
  | "failed"
  | "dropped"
  | "answered"
  /** The caller spoke up before anybody was dialled, and stayed with the agent. */
  | "withdrawn"
  /** Nobody was to be dialled: the agent took a message. */
  | "message-taken"
  /** Flagged only, as configured. */
  | "none";

export interface EscalationRecord {
  /** Sorts by time. */
  readonly id: string;
  readonly trigger: EscalationTrigger;
  readonly urgency: Urgency;
  /** The rule that fired or the reason that was given; never a number. */
  readonly reason: string;
  /** What follows, as configured. */
  readonly mode: "warm" | "cold" | "message" | "flag";
  /** Name of the contact that is dialled. */
  readonly contact?: string;
  /** ms since the call began. */
  readonly atMs: number;
  readonly outcome: EscalationOutcome;
  /** ms since the call began: the outcome was known. */
  readonly decidedAtMs?: number;
}

export interface IntakeRecord {
  /** By field name of the organization's intake; values as its types say. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly urgency?: Urgency;
  readonly status: "draft" | "complete";
  /** ms since the call began. */
  readonly updatedAtMs: number;
}

/** A rule of the guard that fired without changing the course of the call. */
export interface FlagRecord {
  readonly rule: string;
  readonly by: "caller" | "agent";
  readonly atMs: number;
}

export interface RecordingRecord {
  /** Name of the file below DATA_DIR/recordings. */
  readonly file: string;
  /** The instance on whose disk it is, as it was called then. */
  readonly instance?: string;
  readonly consent: "given" | "not-needed";
  /** ISO 8601: it was given, or the notice had been heard. Stored before anything is recorded. */
  readonly consentAt?: string;
  readonly durationMs: number;
}

export interface TimelineEntry {
  /** ms since the call began. */
  readonly atMs: number;
  readonly what: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

export interface CallRecord extends CallParty {
  readonly status: "in-progress" | "completed";
  readonly phase: CallPhase;
  /** The instance that holds the call, or held it last. */
  readonly instance?: string;
  readonly escalations: readonly EscalationRecord[];
  readonly intake?: IntakeRecord;
  readonly flags: readonly FlagRecord[];
  readonly recording?: RecordingRecord;
  /** What the caller of the API gave at the start, returned as it came. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The assistant's thread, so that the conversation can be gone on with after its instance died. */
  readonly threadId?: string;
  /** In the currency of PRICES_FILE; absent without one. */
  readonly cost?: number;
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

/** A record without what was said in it: what lists show. Two hundred whole records would hold up the audio of every call. */
export interface CallSummary extends Omit<CallRecord, "turns" | "replies" | "tools" | "timeline"> {
  /** Turns of the caller. */
  readonly turnCount: number;
}
