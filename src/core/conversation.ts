// Where a conversation over requests stands, and what moves it: the phases of a call, as a machine of its own. Pure; drawn in
// docs/conversation.md. What is said in it, and by whom, is not known here.
import type { CallPhase } from "./call.ts";

export const CONVERSATION_EVENTS = ["answered", "misunderstood", "escalated", "ended"] as const;
/**
 * What a turn came to. answered: the agent has answered it; misunderstood: nobody knows what was said; escalated: a human was
 * called for; ended: it was the last one.
 */
export type ConversationEvent = (typeof CONVERSATION_EVENTS)[number];

type Moves = Readonly<Record<ConversationEvent, CallPhase>>;

const TALKING: Moves = {
  answered: "intake",
  misunderstood: "clarification",
  escalated: "escalation",
  ended: "completed",
};

const MOVES: Readonly<Record<CallPhase, Moves>> = {
  greeting: TALKING,
  intake: TALKING,
  clarification: TALKING,
  // What is said while a human is called for does not call it off.
  escalation: { answered: "escalation", misunderstood: "escalation", escalated: "escalation", ended: "completed" },
  completed: { answered: "completed", misunderstood: "completed", escalated: "completed", ended: "completed" },
};

export function nextPhase(phase: CallPhase, event: ConversationEvent): CallPhase {
  return MOVES[phase][event];
}

/** Nothing is said in it any more. */
export const isOver = (phase: CallPhase): boolean => phase === "completed";
