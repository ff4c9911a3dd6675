// A conversation over requests as one value: a call's, with the thread that thinks for it. What a session keeps, and what its record
// is made of. Pure.
import { isOver, nextPhase, type ConversationEvent } from "../core/conversation.ts";
import type { CallRecord, IntakeRecord, TurnRecord } from "../core/call.ts";
import type { SpokenLine } from "../core/voice.ts";
import { MOST_LINES, atMs, ended, recordOf, type BrowserCall, type BrowserLine } from "./browser-call.ts";

export interface Talk extends BrowserCall {
  /** The assistant's thread, while it knows all that was said. */
  readonly threadId?: string;
  /** Its last call over a socket. */
  readonly spokenIn?: string;
  readonly usage?: Readonly<Record<string, number>>;
  /** In the currency of PRICES_FILE; absent where it is not known. */
  readonly cost?: number;
}

export function withLine(talk: Talk, role: "caller" | "agent", text: string, now: Date, by?: TurnRecord["by"]): Talk {
  const line = { role, text, atMs: atMs(talk, now), ...(by && { by }) };
  return { ...talk, lines: [...talk.lines, line].slice(-MOST_LINES), activeAt: +now };
}

/** With what was said in a call of it: a line that is there already is replaced, what is new comes last. Its thread knows none of it. */
export function withSpoken(talk: Talk, lines: readonly Omit<BrowserLine, "atMs">[], now: Date): Talk {
  const all = [...talk.lines];
  let at = Math.max(atMs(talk, now), (all.at(-1)?.atMs ?? -1) + 1);
  for (const line of lines) {
    const known = all.findIndex(({ itemId }) => itemId === line.itemId);
    if (known >= 0) all[known] = { ...all[known], ...line, atMs: all[known]?.atMs ?? at };
    else all.push({ ...line, atMs: at++ });
  }
  const next = { ...talk, lines: all.slice(-MOST_LINES), activeAt: +now };
  return lines.length > 0 ? withThread(next, undefined) : next;
}

/** With what was taken down in a call of it: what came in writing meanwhile stays, and what is complete stays so. */
export function withIntake(talk: Talk, taken: IntakeRecord | undefined, now: Date): Talk {
  if (!taken) return talk;
  const fields = { ...talk.intake?.fields, ...taken.fields };
  const status = talk.intake?.status === "complete" ? "complete" : taken.status;
  return { ...talk, intake: { ...talk.intake, ...taken, fields, status, updatedAtMs: atMs(talk, now) } };
}

export const spoken = ({ lines }: Talk): SpokenLine[] => lines.map(({ role, text }) => ({ role, text }));

export function moved(talk: Talk, event: ConversationEvent, now: Date): Talk {
  const phase = nextPhase(talk.phase, event);
  return isOver(phase) ? { ...talk, ...ended(talk, "agent-hangup", now) } : { ...talk, phase };
}

/** The thread as it is now; without one the next turn makes another, from what was said. */
export function withThread({ threadId: _before, ...talk }: Talk, threadId: string | undefined): Talk {
  return threadId === undefined ? talk : { ...talk, threadId };
}

export function withUsage(talk: Talk, used: Readonly<Record<string, number>>, cost: number | undefined): Talk {
  const usage: Record<string, number> = { ...talk.usage };
  for (const [name, count] of Object.entries(used)) usage[name] = (usage[name] ?? 0) + count;
  const { cost: before = 0, ...rest } = talk;
  return { ...rest, usage, ...(cost !== undefined && { cost: Math.round((before + cost) * 1_000_000) / 1_000_000 }) };
}

export function recordOfTalk(talk: Talk): Omit<CallRecord, "timeline"> {
  const { threadId, usage = {}, cost } = talk;
  return {
    ...recordOf(talk),
    usage,
    ...(threadId !== undefined && { threadId }),
    ...(cost !== undefined && { cost }),
  };
}
