// The history of a Chat Completions thread, which nobody but us keeps: turns of entries, bounded, never with a tool call parted
// from its result. It is what really happened: a reply that was cut stands there as it was heard.
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import type { SpokenLine } from "../core/voice.ts";
import { heardText } from "./notes.ts";
import type { BrokenTurn, Message, ToolResult } from "./wire.ts";

export interface ChatHistory {
  /** The whole history to send, oldest first. */
  entries(): readonly ChatCompletionMessageParam[];
  /** What was said before this history began. */
  seed(lines: readonly SpokenLine[]): void;
  begin(messages: readonly Message[]): void;
  /** One complete answer of the model. */
  answer(text: string, calls: readonly ChatCompletionMessageFunctionToolCall[]): void;
  results(results: readonly ToolResult[]): void;
  /**
   * The current turn ends here. One in which nothing was said or done is taken out again.
   * @param partial text given out of an answer that was not completed.
   * @returns whether the turn's messages are still in the history.
   */
  breakOff(turn: BrokenTurn, partial: string): boolean;
  /** The last reply becomes what was heard of it. */
  correct(heard: string): void;
}

export interface HistoryBounds {
  readonly entries: number;
  readonly characters: number;
}

const BOUNDS: HistoryBounds = { entries: 60, characters: 40_000 };

export function createChatHistory(bounds: HistoryBounds = BOUNDS): ChatHistory {
  /** Entries turn by turn: whole turns are forgotten, so that what belongs together stays together. */
  const turns: ChatCompletionMessageParam[][] = [];

  function push(entry: ChatCompletionMessageParam): void {
    turns.at(-1)?.push(entry);
  }

  function forgetOldest(): void {
    const size = () => turns.flat().length;
    const weight = () => turns.flat().reduce((sum, entry) => sum + JSON.stringify(entry).length, 0);
    while (turns.length > 1 && (size() > bounds.entries || weight() > bounds.characters)) turns.shift();
  }

  return {
    entries() {
      forgetOldest();
      return turns.flat();
    },
    seed(lines) {
      for (const { role, text } of lines) {
        const entry = { role: role === "caller" ? ("user" as const) : ("assistant" as const), content: text };
        // A turn begins with the caller's words.
        if (role === "caller" || turns.length === 0) turns.push([entry]);
        else push(entry);
      }
    },
    begin(messages) {
      turns.push(messages.map(({ from, text }) => ({ role: from === "note" ? "system" : "user", content: text })));
    },
    answer(text, calls) {
      if (text === "" && calls.length === 0) return;
      push({
        role: "assistant",
        content: text === "" ? null : text,
        ...(calls.length > 0 && { tool_calls: [...calls] }),
      });
    },
    results(results) {
      for (const { callId, output } of results) push({ role: "tool", tool_call_id: callId, content: output });
    },
    breakOff(turn, partial) {
      if (turn.spoken === "" && !turn.acted) {
        turns.pop();
        return false;
      }
      const entries = turns.at(-1) ?? [];
      const answered = new Set(entries.flatMap((entry) => (entry.role === "tool" ? [entry.tool_call_id] : [])));
      const asked = entries.flatMap((entry) => (entry.role === "assistant" ? (entry.tool_calls ?? []) : []));
      for (const { id } of asked) {
        if (!answered.has(id)) push({ role: "tool", tool_call_id: id, content: turn.outputFor(id) });
      }
      if (partial !== "") push({ role: "assistant", content: partial });
      return true;
    },
    correct(heard) {
      const last = turns.findLast((entries) => entries.some(isSpoken));
      if (last) cutTo(last, heard);
    },
  };
}

type Spoken = ChatCompletionAssistantMessageParam & { content: string };

function isSpoken(entry: ChatCompletionMessageParam): entry is Spoken {
  return entry.role === "assistant" && typeof entry.content === "string";
}

/** A reply may stand in several entries, with tools between them: those heard in full stay, the next one is cut, the rest goes. */
function cutTo(entries: ChatCompletionMessageParam[], heard: string): void {
  const spoken = entries.filter(isSpoken);
  let rest = squeeze(heard);
  const whole: Spoken[] = [];
  for (const entry of spoken.slice(0, -1)) {
    const text = squeeze(entry.content);
    if (!rest.startsWith(text)) break;
    whole.push(entry);
    rest = rest.slice(text.length).trim();
  }
  // When not a word of the next entry was heard, the mark goes to the last one that was.
  const cut = rest === "" ? (whole.pop() ?? spoken[0]) : spoken[whole.length];
  for (const entry of spoken) {
    if (whole.includes(entry)) continue;
    const content = entry !== cut ? undefined : heardText(rest === "" && squeeze(heard) !== "" ? entry.content : rest);
    const at = entries.indexOf(entry);
    if (content !== undefined) entries[at] = { ...entry, content };
    else if (entry.tool_calls) entries[at] = { ...entry, content: null };
    else entries.splice(at, 1);
  }
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
