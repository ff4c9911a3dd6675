// The guard reads what the caller said and what the agent is about to say, and judges it by rules outside of any model.
import type { EscalationTrigger, Urgency } from "./call.ts";

export type Verdict =
  | { readonly kind: "pass" }
  /** Worth knowing afterwards; nothing else happens. */
  | { readonly kind: "flag"; readonly rule: string }
  /** These words instead: of the agent's own, or as the answer to the caller's. */
  | {
      readonly kind: "say";
      readonly rule: string;
      readonly text: string;
      /** Nothing more of the reply is to be heard after them. */
      readonly stops?: true;
    }
  | {
      readonly kind: "escalate";
      readonly rule: string;
      readonly trigger: EscalationTrigger;
      readonly urgency: Urgency;
    }
  /** The call is to end, after these words. */
  | { readonly kind: "end"; readonly rule: string; readonly text: string };

/** The guard of one call; remembers what repeats. Pure otherwise, and linear in the length of the text. */
export interface CallGuard {
  /** A finished turn of the caller. */
  caller(text: string): Verdict;
  /**
   * What the agent says: whole words, a sentence or a stretch of a reply that is still being transcribed. `goesOn`: the same comes
   * again with more, so that not all has to be looked for at every word.
   */
  agent(text: string, goesOn?: boolean): Verdict;
  /** The caller said something that nobody understood. */
  unheard(): Verdict;
}

export interface Guard {
  forCall(): CallGuard;
}
