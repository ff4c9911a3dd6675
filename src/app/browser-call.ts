// A browser's call as one value: what is known of it while it is live, and the changes that can happen to it. Pure; where it is kept
// is in shared-calls.ts, what sets it off in browser-calls.ts.
import type {
  CallParty,
  CallPhase,
  CallRecord,
  EndReason,
  EscalationRecord,
  FlagRecord,
  IntakeRecord,
  ToolRecord,
  TurnRecord,
} from "../core/call.ts";
import type { CallDraft } from "../core/state.ts";

export interface BrowserLine {
  readonly role: "caller" | "agent";
  readonly text: string;
  /** ms since the call began. */
  readonly atMs: number;
  readonly itemId?: string;
  /** Absent: speech. */
  readonly by?: TurnRecord["by"];
}

export interface BrowserCall {
  readonly party: CallParty;
  readonly sessionId: string;
  /** Minted sessions wait for their start. */
  readonly started: boolean;
  readonly phase: CallPhase;
  /** ISO 8601. */
  readonly startedAt: string;
  /** How long it may last; absent: as long as any. */
  readonly maxMs?: number;
  /** ms of it that are in its organization's day already; absent: none. */
  readonly countedMs?: number;
  /** ms since the epoch: something came from the browser. */
  readonly activeAt: number;
  readonly lines: readonly BrowserLine[];
  readonly escalations: readonly EscalationRecord[];
  readonly flags: readonly FlagRecord[];
  readonly intake?: IntakeRecord;
  readonly tools: readonly ToolRecord[];
  /** What the latest tool calls were answered, by the engine's id. */
  readonly answers: readonly { readonly toolCallId: string; readonly answer: unknown }[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** How it is to end once the goodbye was heard, and at the latest. */
  readonly ending?: { readonly reason: EndReason; /** ms since the epoch. */ readonly at: number };
  readonly endedAt?: string;
  readonly durationSeconds?: number;
  readonly endReason?: EndReason;
}

/** Bounds of one call: an hour of talk is a tenth of them. */
export const MOST_LINES = 2000;
export const MOST_CHARACTERS = 400_000;
const MOST_ESCALATIONS = 20;
const MOST_FLAGS = 200;
const MOST_TOOLS = 500;
const MOST_ANSWERS = 20;

export const newCall = (
  party: CallParty,
  sessionId: string,
  now: Date,
  more: Pick<BrowserCall, "started" | "metadata" | "maxMs">,
): BrowserCall => ({
  party,
  sessionId,
  phase: "greeting",
  startedAt: now.toISOString(),
  activeAt: +now,
  lines: [],
  escalations: [],
  flags: [],
  tools: [],
  answers: [],
  ...more,
});

/** A goodbye, and its page's report of the end. ms. */
const GOODBYE_MS = 30_000;

export const goodbye = (reason: EndReason, now: Date): NonNullable<BrowserCall["ending"]> => ({
  reason,
  at: +now + GOODBYE_MS,
});

export const atMs = (call: BrowserCall, now: Date): number => Math.max(0, +now - Date.parse(call.startedAt));

/** ms of it that its organization's day lacks. */
export const uncountedMs = (call: BrowserCall, now: Date): number =>
  Math.max(0, atMs(call, now) - (call.countedMs ?? 0));

export const hasEnded = (call: BrowserCall): boolean => call.endedAt !== undefined;

export function withEscalation(call: BrowserCall, escalation: EscalationRecord): BrowserCall {
  if (call.escalations.length >= MOST_ESCALATIONS) return call;
  return { ...call, phase: "escalation", escalations: [...call.escalations, escalation] };
}

export const withFlag = (call: BrowserCall, flag: FlagRecord): BrowserCall =>
  call.flags.length < MOST_FLAGS ? { ...call, flags: [...call.flags, flag] } : call;

export const withTool = (call: BrowserCall, tool: ToolRecord): BrowserCall =>
  call.tools.length < MOST_TOOLS ? { ...call, tools: [...call.tools, tool] } : call;

export const withAnswer = (call: BrowserCall, toolCallId: string, answer: unknown): BrowserCall => ({
  ...call,
  answers: [...call.answers.slice(1 - MOST_ANSWERS), { toolCallId, answer }],
});

export function ended(call: BrowserCall, reason: EndReason, now: Date): BrowserCall {
  if (hasEnded(call)) return call;
  return {
    ...call,
    phase: "completed",
    endedAt: now.toISOString(),
    durationSeconds: Math.round(atMs(call, now) / 1000),
    endReason: reason,
  };
}

/** The whole of it as a record has it. */
export function recordOf(call: BrowserCall): Omit<CallRecord, "timeline" | "usage"> {
  const turns = call.lines.filter(({ role }) => role === "caller");
  const replies = call.lines.filter(({ role }) => role === "agent");
  return {
    ...call.party,
    status: hasEnded(call) ? "completed" : "in-progress",
    phase: call.phase,
    escalations: call.escalations,
    flags: call.flags,
    ...(call.intake && { intake: call.intake }),
    ...(call.metadata && { metadata: call.metadata }),
    startedAt: call.startedAt,
    ...(call.endedAt !== undefined && { endedAt: call.endedAt }),
    ...(call.durationSeconds !== undefined && { durationSeconds: call.durationSeconds }),
    ...(call.endReason !== undefined && { endReason: call.endReason }),
    turns: turns.map(({ text, atMs: at, by = "speech" }, index) => ({ turn: index + 1, by, text, endedAtMs: at })),
    // What was heard is not known here: the engine truncates its own transcript to it.
    replies: replies.map(({ text, atMs: at }) => ({
      kind: "reply",
      generated: text,
      sent: text,
      heard: text,
      cut: "",
      generatedMs: 0,
      sentMs: 0,
      heardMs: 0,
      interrupted: false,
      startedAtMs: at,
    })),
    tools: call.tools,
  };
}

/** What a live call has so far, for whoever watches it. */
export function draftOf(call: BrowserCall): CallDraft {
  const escalation = call.escalations.at(-1);
  return {
    phase: call.phase,
    transcript: call.lines.map(({ role, text }) => ({ role, text })),
    ...(escalation && { escalation }),
    ...(call.intake && { intake: call.intake }),
  };
}

/** A call of which nothing but its record is left: the shared state was lost, the call was not. */
export function revived(record: CallRecord, now: Date, maxMs: number): BrowserCall {
  const { timeline: _timeline, usage: _usage, turns, replies, ...rest } = record;
  const { phase, startedAt, escalations, flags, intake, tools, metadata } = rest;
  const { callId, carrierId, from, to, channel, direction, orgId } = rest;
  const lines: BrowserLine[] = [
    ...turns.map(({ text, endedAtMs }) => ({ role: "caller" as const, text, atMs: endedAtMs })),
    ...replies.map(({ heard, startedAtMs }) => ({ role: "agent" as const, text: heard, atMs: startedAtMs })),
  ];
  return {
    party: { callId, carrierId, from, to, channel, direction, orgId },
    sessionId: carrierId,
    started: true,
    phase,
    startedAt,
    maxMs,
    activeAt: +now,
    lines: lines.sort((one, other) => one.atMs - other.atMs),
    escalations,
    flags,
    ...(intake && { intake }),
    tools,
    answers: [],
    ...(metadata && { metadata }),
    ...(record.endedAt !== undefined && { endedAt: record.endedAt }),
    ...(record.durationSeconds !== undefined && { durationSeconds: record.durationSeconds }),
    ...(record.endReason !== undefined && { endReason: record.endReason }),
  };
}
