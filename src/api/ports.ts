// What the API needs of the program around it: calls that browsers hold, organizations, and the deletion of what is kept. The
// composition root (app/api.ts) puts the parts behind them.
import type { CallPhase, CallRecord, EscalationRecord, RecordingRecord, ToolRecord, Urgency } from "../core/call.ts";
import type { Verdict } from "../core/guard.ts";
import type { PlaceCall } from "../core/outbound.ts";
import type { RequestIssue } from "../core/problem.ts";
import type { StoredRecording } from "../core/recording.ts";
import type { OrganizationRow } from "../core/stores.ts";

export interface Organizations {
  get(orgId: string): Promise<OrganizationRow | undefined>;
  all(): Promise<readonly OrganizationRow[]>;
  /** Newest first, the current version included. */
  versions(orgId: string): Promise<readonly OrganizationRow[]>;
  /** Validates and stores the fields given on top of what there is. */
  merge(orgId: string, fields: Readonly<Record<string, unknown>>, options: MergeOptions): Promise<MergeResult>;
}

export interface MergeOptions {
  readonly by: string;
  /** Made when there is none. */
  readonly mayCreate: boolean;
  /** The version the change was made from; absent: whatever is there. */
  readonly version?: number;
}

export type MergeResult =
  | { readonly kind: "stored"; readonly row: OrganizationRow; readonly created: boolean }
  | { readonly kind: "unknown" }
  /** Somebody else changed it since that version. */
  | { readonly kind: "stale"; readonly version: number }
  | { readonly kind: "invalid"; readonly issues: readonly RequestIssue[] };

/** A session for a browser that talks to the engine itself. */
export interface MintedSession {
  readonly sessionId: string;
  readonly callId: string;
  readonly secret: string;
  readonly model: string;
  /** s since the epoch. */
  readonly expiresAt: number;
}

export interface TranscriptLine {
  readonly role: "caller" | "agent";
  readonly text: string;
  /** The engine's id of the item: a line that comes twice is kept once. */
  readonly itemId?: string;
}

export interface JudgedLine {
  /** Which of the lines that were sent. */
  readonly line: number;
  readonly verdict: Exclude<Verdict, { kind: "pass" }>;
  /** What is to be said at once, where it was an escalation. */
  readonly say?: string;
}

export interface Appended {
  readonly phase: CallPhase;
  /** Of the whole call. */
  readonly lines: number;
  /** What the guard said of the new ones. */
  readonly judged: readonly JudgedLine[];
}

export interface ToolAnswer {
  readonly result: ToolRecord["result"];
  /** For the model. */
  readonly output: string;
  readonly phase: CallPhase;
  /** The call is to end once the goodbye was heard. */
  readonly ends: boolean;
  /** To be said at once. */
  readonly say?: string;
}

/** Calls whose audio never comes here: a browser talks to the engine and sends back what happened. Everything throws Problems. */
export interface BrowserCalls {
  mint(orgId: string, signal: AbortSignal): Promise<MintedSession>;
  start(call: StartOfCall): Promise<{ readonly record: CallRecord; readonly isNew: boolean }>;
  /** A second end changes nothing. */
  end(callId: string, reason: string | undefined): Promise<CallRecord>;
  move(callId: string, phase: CallPhase): Promise<void>;
  append(callId: string, lines: readonly TranscriptLine[]): Promise<Appended>;
  runTool(callId: string, run: ToolRun, signal: AbortSignal): Promise<ToolAnswer>;
  escalate(callId: string, reason: string, urgency: Urgency): Promise<EscalationRecord>;
  /** The record with what only the shared state knows yet. */
  current(record: CallRecord): Promise<CallRecord>;
  /** Forgets what the shared state knows of a call. */
  forget(callId: string): Promise<void>;
}

export interface StartOfCall {
  readonly orgId: string;
  readonly sessionId?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface ToolRun {
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
  /** The engine's id of the tool call: one that comes twice is run once. */
  readonly toolCallId?: string;
}

/** Undefined where this server has no phone. */
export type Outbound = PlaceCall | undefined;

/** Takes away what is kept, recordings and what waits to be written included. */
export interface Erasure {
  removeCall(callId: string): Promise<boolean>;
}

export interface Recordings {
  /** Undefined where the sound is not there (any more). */
  find(recording: RecordingRecord): Promise<StoredRecording | undefined>;
  /** The instance on whose disk it is, where that is not this one. */
  elsewhere(recording: RecordingRecord): string | undefined;
}

/** What was found when everything was looked at that a call needs. */
export interface HealthReport {
  /** ISO 8601. */
  readonly at: string;
  readonly complete: boolean;
  readonly checks: readonly {
    readonly id: string;
    readonly what: string;
    readonly status: "ok" | "warn" | "fail" | "skipped";
    readonly found: string;
    readonly mend?: string;
    readonly details?: readonly string[];
    readonly ms: number;
  }[];
}

/** Whom an operator may hand a call to. */
export interface Contacts {
  /** The organization's contacts, and the person of the configuration; E.164 by name. */
  of(orgId: string): Promise<ReadonlyMap<string, string>>;
}
