// A short account of what was said in one thread, kept by us so that a thread lost at the far side can be made anew.
// It holds texts only, and only the latest; the thread itself remains the memory.
import type { SpokenLine } from "../core/voice.ts";
import { heardText } from "./notes.ts";

export interface LedgerLine {
  readonly by: "caller" | "agent";
  readonly text: string;
}

export interface Ledger {
  add(by: LedgerLine["by"], text: string): void;
  /** Replaces the agent's last line by what was heard of it. */
  correct(heard: string): void;
  /** Oldest first. */
  lines(): readonly LedgerLine[];
}

/** A conversation takes at most 20 items when it is made (conversations.create in the openai package). */
const MOST_LINES = 20;
const MOST_CHARACTERS = 8000;

/** @param before what was said in the call before this thread was opened. */
export function createLedger(before: readonly SpokenLine[] = []): Ledger {
  const lines: LedgerLine[] = [];

  function add(by: LedgerLine["by"], text: string): void {
    if (text.trim() === "") return;
    lines.push({ by, text: text.length > MOST_CHARACTERS ? text.slice(-MOST_CHARACTERS) : text });
    let characters = lines.reduce((sum, line) => sum + line.text.length, 0);
    while (lines.length > MOST_LINES || characters > MOST_CHARACTERS) {
      characters -= lines.shift()?.text.length ?? 0;
    }
  }

  for (const { role, text } of before) add(role, text);
  return {
    add,
    correct(heard) {
      const last = lines.findLastIndex((line) => line.by === "agent");
      if (last >= 0) lines[last] = { by: "agent", text: heardText(heard) };
    },
    lines: () => [...lines],
  };
}

/** A line as the message that stands for it in a new thread. */
export function seedOf({ by, text }: LedgerLine) {
  return { role: by === "caller" ? "user" : "assistant", content: text } as const;
}
