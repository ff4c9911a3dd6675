// A conversation over requests as one value: a call's, with the thread that thinks for it. What a session keeps, and what its record
// is made of. Pure.
import { isOver, nextPhase, type ConversationEvent } from "../core/conversation.ts";
import type { CallRecord, TurnRecord } from "../core/call.ts";
import type { SpokenLine } from "../core/voice.ts";
import { MOST_LINES, atMs, ended, recordOf, type BrowserCall } from "./browser-call.ts";

export interface Talk extends BrowserCall {
  /** The assistant's thread, while it knows all that was said. */
  readonly threadId?: string;
  readonly usage?: Readonly<Record<string, number>>;
  /** In the currency of PRICES_FILE; absent where it is not known. */
  readonly cost?: number;
}

export function withLine(talk: Talk, role: "caller" | "agent", text: string, now: Date, by?: TurnRecord["by"]): Talk {
  const line = { role, text, atMs: atMs(talk, now), ...(by && { by }) };
  return { ...talk, lines: [...talk.lines, line].slice(-MOST_LINES), activeAt: +now };
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
