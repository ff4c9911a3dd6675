// Decides, from what a far side still holds of a broken turn, what has to be removed and added so that the thread says what
// really happened: no call without its answer, no text that was not spoken, no spoken text missing. Pure.
import type { BrokenTurn, Message } from "./wire.ts";

/** One entry of a far side's thread, oldest first. */
export type HeldItem =
  | { readonly kind: "message"; readonly id: string }
  | { readonly kind: "text"; readonly id: string; readonly text: string }
  | { readonly kind: "call"; readonly id: string; readonly callId: string; readonly complete: boolean }
  | { readonly kind: "output"; readonly id: string; readonly callId: string }
  /** Only valid directly before what it led to: the Responses API refuses it elsewhere. */
  | { readonly kind: "reasoning"; readonly id: string }
  /** Anything else; left as it is. */
  | { readonly kind: "other"; readonly id: string };

export type Addition =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly callId: string; readonly output: string };

export interface RepairPlan {
  /** Whether the thread holds the turn's messages once the plan is carried out. */
  readonly held: boolean;
  readonly remove: readonly string[];
  readonly add: readonly Addition[];
}

/**
 * @param items what the thread holds of this turn, oldest first.
 * @param spoken text given out per item id, in order.
 */
export function planRepair(
  items: readonly HeldItem[],
  turn: BrokenTurn,
  spoken: ReadonlyMap<string, string>,
): RepairPlan {
  // Nothing was said and nothing was done: as though it never was. Its messages travel with the next turn.
  if (turn.spoken === "" && !turn.acted) return { held: false, remove: items.map((item) => item.id), add: [] };

  const answered = new Set(items.flatMap((item) => (item.kind === "output" ? [item.callId] : [])));
  const keeps = (item: HeldItem): boolean => {
    if (item.kind === "text") return spoken.get(item.id) === item.text;
    return item.kind !== "call" || item.complete || answered.has(item.callId);
  };
  const kept: HeldItem[] = [];
  const remove: string[] = [];
  // From the end, so that a reasoning item sees whether what it led to is still there.
  for (const item of items.toReversed()) {
    const stays = item.kind === "reasoning" ? leads(kept[0]) : keeps(item);
    if (stays) kept.unshift(item);
    else remove.unshift(item.id);
  }

  const add: Addition[] = [];
  if (!kept.some((item) => item.kind === "message")) {
    add.push(...turn.messages.map((message): Addition => ({ kind: "message", message })));
  }
  for (const item of kept) {
    if (item.kind !== "call" || answered.has(item.callId)) continue;
    add.push({ kind: "output", callId: item.callId, output: turn.outputFor(item.callId) });
  }
  for (const [id, text] of spoken) {
    if (text !== "" && !kept.some((item) => item.id === id)) add.push({ kind: "text", text });
  }
  return { held: true, remove, add };
}

/** Whether something that reasoning led to comes next. */
function leads(next: HeldItem | undefined): boolean {
  return next !== undefined && next.kind !== "message" && next.kind !== "output";
}
