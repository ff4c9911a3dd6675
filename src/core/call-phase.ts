// The phases of a call as people see them (greeting, intake, clarification, escalation, completed) and which may follow which.
// Pure; the bridge's own, finer states are in bridge/phase.ts.
import type { CallPhase } from "./call.ts";

const NEXT: Readonly<Record<CallPhase, readonly CallPhase[]>> = {
  greeting: ["intake", "clarification", "escalation", "completed"],
  intake: ["clarification", "escalation", "completed"],
  clarification: ["intake", "escalation", "completed"],
  // A human who was not reached gives the caller back to the agent.
  escalation: ["intake", "clarification", "completed"],
  completed: [],
};

export const CALL_PHASES = Object.keys(NEXT) as readonly CallPhase[];

/** True when a call in phase `from` may be in `to` next; staying is no move, and always allowed. */
export function mayFollow(from: CallPhase, to: CallPhase): boolean {
  return from === to || NEXT[from].includes(to);
}
