// What is asked of a live call from outside of it, whichever instance holds it.
import type { Urgency } from "./call.ts";

export type CallCommand =
  | { readonly kind: "end" }
  /** `to`: E.164. */
  | { readonly kind: "transfer"; readonly to: string; readonly note: string }
  | { readonly kind: "say"; readonly text: string }
  /** For whoever answers next; the caller hears nothing of it. */
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "escalate"; readonly reason: string; readonly urgency: Urgency }
  | { readonly kind: "recording"; readonly action: "pause" | "resume" };

/**
 * done: the instance that holds the call has taken it up. refused: it holds the call, which is not in a state for that. not-live: no
 * instance holds it. unreachable: nobody answered in time.
 */
export type ControlResult = "done" | "refused" | "not-live" | "unreachable";

/** `callId`: our id. Answers within a second or so. */
export type ControlCall = (callId: string, command: CallCommand) => Promise<ControlResult>;
