// The few sentences of ours that a thread gets to read: what was heard of a cut reply, and what stands in for the result of
// a tool nobody waited for. Words only; who sends them, and when, is decided elsewhere.
import type { HeardCorrection } from "../core/thread.ts";

/** Told to a thread that keeps its own history, once, with the next request. */
export function correctionNote({ heard }: Pick<HeardCorrection, "heard">): string {
  return heard.trim() === ""
    ? "The caller interrupted your last reply and heard nothing of it. Do not assume they know any of it."
    : `The caller interrupted your last reply and heard only: ${JSON.stringify(heard.trim())}. Do not assume they know the rest.`;
}

/** What stands in a history of ours, in place of a reply that was cut. persona.ts tells the model what the brackets mean. */
export function heardText(heard: string): string {
  return heard.trim() === ""
    ? "[interrupted: the caller heard nothing of this reply]"
    : `${heard.trim()} [interrupted by the caller]`;
}

/** The result of a call whose run was cancelled before a result came. Honest: the tool may have acted all the same. */
export const CANCELLED_OUTPUT = JSON.stringify({
  error: "cancelled",
  message: "The caller interrupted before a result was there. It is not known whether this took effect.",
});

/** The result of a call that was asked for but never started. */
export const NOT_STARTED_OUTPUT = JSON.stringify({
  error: "cancelled",
  message: "The caller interrupted before this was started. It did not take effect.",
});
