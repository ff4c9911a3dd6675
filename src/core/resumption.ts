// A call that goes on after its stream or its server was lost: what was said and done in it before, put together from what the
// record and the draft have. Pure.
import type {
  CallPhase,
  CallRecord,
  EscalationRecord,
  FlagRecord,
  IntakeRecord,
  ReplyRecord,
  ToolRecord,
  TurnRecord,
} from "./call.ts";
import type { CallDraft, ResumeCause } from "./state.ts";
import type { HeardCorrection } from "./thread.ts";
import type { SpokenLine } from "./voice.ts";

export interface Resumption {
  readonly cause: ResumeCause;
  /** ISO 8601: when the call began. */
  readonly startedAt: string;
  /** ms since then: what is known of its first part ends here. */
  readonly untilMs: number;
  readonly phase: CallPhase;
  readonly turns: readonly TurnRecord[];
  readonly replies: readonly ReplyRecord[];
  readonly tools: readonly ToolRecord[];
  readonly escalations: readonly EscalationRecord[];
  readonly flags: readonly FlagRecord[];
  readonly intake?: IntakeRecord;
  readonly usage: Readonly<Record<string, number>>;
  readonly threadId?: string;
}

/** The words of a conversation as the caller knows it, in order. */
export function spokenLines(turns: readonly TurnRecord[], replies: readonly ReplyRecord[]): SpokenLine[] {
  const said = [
    ...turns.map((turn) => ({ role: "caller" as const, text: turn.text, at: turn.endedAtMs })),
    ...replies.map((reply) => ({ role: "agent" as const, text: reply.heard, at: reply.startedAtMs })),
  ];
  return said
    .filter(({ text }) => text)
    .sort((a, b) => a.at - b.at)
    .map(({ role, text }) => ({ role, text }));
}

/** What the assistant believes it said last, when the caller did not hear all of it. */
export function unheardAtTheEnd({ turns, replies }: Resumption): HeardCorrection | undefined {
  const last = replies.findLast(({ kind }) => kind === "reply");
  if (!last?.interrupted || last.startedAtMs < (turns.at(-1)?.endedAtMs ?? 0)) return undefined;
  return { generated: last.generated, heard: last.heard };
}

/**
 * The record is the fuller account, the draft the fresher one: records are written behind, and the end of one may have died with
 * its server. So the record is gone on with where the draft knows more.
 */
export function recall(
  cause: ResumeCause,
  record: CallRecord | undefined,
  draft: CallDraft | undefined,
  startedAt: string,
): Resumption {
  const turns = [...(record?.turns ?? [])];
  const replies = [...(record?.replies ?? [])];
  const known = spokenLines(turns, replies);
  const last = known.at(-1);
  const lines = draft?.transcript ?? [];
  const at = last ? lines.findLastIndex(({ role, text }) => role === last.role && text === last.text) : -1;
  // A draft that does not know the record's last line is the older one.
  const fresher = last && at < 0 ? [] : lines.slice(at + 1);
  let ms = Math.max(0, ...turns.map(({ endedAtMs }) => endedAtMs), ...replies.map(({ startedAtMs }) => startedAtMs));
  for (const { role, text } of fresher) {
    ms++;
    if (role === "caller") turns.push({ turn: (turns.at(-1)?.turn ?? 0) + 1, by: "speech", text, endedAtMs: ms });
    else replies.push(replyOf(text, ms));
  }
  const escalations = [...(record?.escalations ?? [])];
  if (draft?.escalation && !escalations.some(({ id }) => id === draft.escalation?.id))
    escalations.push(draft.escalation);
  const intake = newer(record?.intake, draft?.intake);
  // It was over for us when the caller was passed on.
  const lastMs = Math.max(ms, record?.timeline.at(-1)?.atMs ?? 0);
  const phase = draft?.phase ?? record?.phase ?? "greeting";
  const threadId = draft?.threadId ?? record?.threadId;
  return {
    cause,
    startedAt: record?.startedAt ?? startedAt,
    untilMs: record?.durationSeconds === undefined ? lastMs : Math.round(record.durationSeconds * 1000),
    phase: phase === "completed" ? "intake" : phase,
    turns,
    replies,
    tools: record?.tools ?? [],
    escalations,
    flags: record?.flags ?? [],
    usage: most(record?.usage, draft?.usage),
    ...(intake && { intake }),
    ...(threadId !== undefined && { threadId }),
  };
}

/** Counts only grow: of two accounts the larger one is the later one. */
function most(one: Resumption["usage"] = {}, other: Resumption["usage"] = {}): Resumption["usage"] {
  const names = Object.keys({ ...one, ...other });
  return Object.fromEntries(names.map((name) => [name, Math.max(one[name] ?? 0, other[name] ?? 0)]));
}

function newer(one: IntakeRecord | undefined, other: IntakeRecord | undefined): IntakeRecord | undefined {
  if (!one || !other) return one ?? other;
  return other.updatedAtMs > one.updatedAtMs ? other : one;
}

/** Of a reply that only the draft knows, no more than its words is known. */
function replyOf(text: string, startedAtMs: number): ReplyRecord {
  const words = { generated: text, sent: text, heard: text, cut: "" };
  return { kind: "reply", ...words, generatedMs: 0, sentMs: 0, heardMs: 0, interrupted: false, startedAtMs };
}
