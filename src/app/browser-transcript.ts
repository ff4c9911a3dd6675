// Lines that a browser sends of what was said: each kept once, in the order in which they came, up to the bounds of a call. Pure.
import type { TranscriptLine } from "../api/ports.ts";
import { Problem } from "../core/problem.ts";
import { atMs, MOST_CHARACTERS, MOST_LINES, type BrowserCall, type BrowserLine } from "./browser-call.ts";

/** A line that is new, and which of those that were sent it is. */
export type AddedLine = BrowserLine & { readonly index: number };

/** @throws Problem 413 when the call has as much as it may. */
export function appended(call: BrowserCall, lines: readonly TranscriptLine[], now: Date) {
  const known = new Set(call.lines.flatMap(({ itemId }) => itemId ?? []));
  const added: AddedLine[] = [];
  // Lines that come at once keep their order by their times.
  let at = Math.max(atMs(call, now), (call.lines.at(-1)?.atMs ?? -1) + 1);
  for (const [index, line] of lines.entries()) {
    if (line.itemId !== undefined && known.has(line.itemId)) continue;
    if (line.itemId !== undefined) known.add(line.itemId);
    added.push({ ...line, atMs: at++, index });
  }
  const all = [...call.lines, ...added.map(({ index: _index, ...line }) => line)];
  const characters = all.reduce((sum, { text }) => sum + text.length, 0);
  if (all.length > MOST_LINES || characters > MOST_CHARACTERS) {
    throw new Problem(413, "The transcript of this call is as long as one may be");
  }
  // The first words of the caller are the beginning of their matter.
  const speaks = call.phase === "greeting" && added.some(({ role }) => role === "caller");
  return {
    call: { ...call, lines: all, ...(speaks && { phase: "intake" as const }) },
    result: { added, before: call.phase },
  };
}
