// A talk as the page shows it: what the server's messages (docs/browser.md) made of it so far. Pure.
import type { Line } from "../live/live-call.ts";

export interface TalkLine extends Line {
  readonly replyId?: string;
  /** The person wrote it. */
  readonly typed?: boolean;
}

export interface Talk {
  readonly status: "closed" | "opening" | "open" | "lost";
  readonly callId?: string;
  readonly phase: string;
  readonly lines: readonly TalkLine[];
  /** The person is heard to speak. */
  readonly speaking: boolean;
  /** Something was said to the agent, and nothing is answered yet. */
  readonly thinking: boolean;
  readonly tool?: string;
  readonly error?: string;
  readonly ended?: string;
}

export const NO_TALK: Talk = { status: "closed", phase: "greeting", lines: [], speaking: false, thinking: false };

export interface Message {
  readonly type: string;
  readonly [field: string]: unknown;
}

const MOST_LINES = 400;
const text = (value: unknown): string => (typeof value === "string" ? value : "");

export function after(talk: Talk, message: Message): Talk {
  switch (message.type) {
    case "session":
      return { ...without(talk, "error"), status: "open", callId: text(message.call_id) };
    case "state":
      return { ...talk, phase: text(message.conversation_state) };
    case "speech_started":
      return { ...talk, speaking: true };
    case "speech_stopped":
      return { ...talk, speaking: false, thinking: true };
    case "transcription_delta":
      return withLines(talk, made(talk.lines, text(message.text), true));
    case "transcription":
      return withLines({ ...talk, thinking: true }, made(talk.lines, text(message.text), false));
    case "response_delta":
      return withLines({ ...talk, thinking: false }, spoken(talk.lines, text(message.reply_id), text(message.text)));
    case "conversation_response":
      return withLines({ ...talk, thinking: false }, settled(talk.lines, message, text(message.text)));
    case "response_cut":
      return withLines(talk, settled(talk.lines, message, text(message.heard_text), true));
    case "tool": {
      const { tool: _, ...rest } = talk;
      return message.state === "running" ? { ...rest, tool: text(message.name) } : rest;
    }
    case "error":
      return { ...talk, thinking: false, error: text(message.message) || text(message.code) };
    case "ended":
      return { ...talk, status: "closed", speaking: false, thinking: false, ended: text(message.reason) };
    default:
      return talk;
  }
}

/** What the person wrote stands there at once. */
export function typed(talk: Talk, said: string): Talk {
  return withLines({ ...without(talk, "error"), thinking: true }, [
    ...talk.lines,
    { role: "caller", text: said, typed: true },
  ]);
}

function without(talk: Talk, field: "error"): Talk {
  const { [field]: _, ...rest } = talk;
  return rest;
}

const withLines = (talk: Talk, lines: readonly TalkLine[]): Talk => ({ ...talk, lines: lines.slice(-MOST_LINES) });

/** The caller's words: made out piece by piece, then all of them. */
function made(lines: readonly TalkLine[], said: string, isPiece: boolean): readonly TalkLine[] {
  const index = lines.findLastIndex(({ role, open }) => role === "caller" && open === true);
  const open = lines[index];
  if (isPiece) {
    if (!open) return [...lines, { role: "caller", text: said, open: true }];
    return lines.with(index, { ...open, text: open.text + said });
  }
  if (open) {
    // Nothing was made out after all.
    if (said === "") return lines.toSpliced(index, 1);
    return lines.with(index, { role: "caller", text: said });
  }
  const last = lines.findLast(({ role }) => role === "caller");
  if (said === "" || (last?.typed && last.text === said)) return lines;
  return [...lines, { role: "caller", text: said }];
}

function spoken(lines: readonly TalkLine[], replyId: string, said: string): readonly TalkLine[] {
  const index = lines.findLastIndex((line) => line.role === "agent" && line.replyId === replyId);
  const line = lines[index];
  if (!line) return [...lines, { role: "agent", text: said, open: true, replyId }];
  // Sentences come without the space between them.
  const gap = /[.!?]$/.test(line.text) && /^[\p{L}\p{N}]/u.test(said) ? " " : "";
  return lines.with(index, { ...line, text: line.text + gap + said });
}

/** It stands before what is still to be heard. */
function settled(lines: readonly TalkLine[], message: Message, heard: string, isCut = false): readonly TalkLine[] {
  const replyId = text(message.reply_id);
  const index = lines.findLastIndex((line) => line.role === "agent" && line.replyId === replyId);
  const line = lines[index];
  if (!line) return heard === "" ? lines : [...lines, { role: "agent", text: heard, replyId }];
  const cut = isCut ? (line.text.startsWith(heard) ? line.text.slice(heard.length).trim() : line.text) : "";
  const first = lines.findIndex(({ role, open }) => role === "agent" && open === true);
  return lines.toSpliced(index, 1).toSpliced(first < 0 ? index : Math.min(first, index), 0, {
    role: "agent",
    text: heard,
    replyId,
    ...(cut !== "" && { cut }),
  });
}
