// Escalation: somebody or something asks for a human, and the organization's configuration says what follows.
import type { CallEnding, EscalationOutcome, EscalationRecord, EscalationTrigger, Urgency } from "./call.ts";

export interface EscalationRequest {
  readonly trigger: EscalationTrigger;
  readonly urgency: Urgency;
  /** The rule that fired, or one sentence on why; told to the human, never logged with callers' words. */
  readonly reason: string;
}

/** What an organization does about it. */
export interface EscalationPlan {
  readonly mode: EscalationRecord["mode"];
  readonly contact?: string;
  /** Said at once, before anything else: emergency words, "I am connecting you". */
  readonly say: string;
  /** How the call goes on when `say` was heard; absent: the agent goes on (takes a message, or was only flagged). */
  readonly ending?: Extract<CallEnding, { kind: "transfer" }>;
  /** What the agent is told, where it goes on. */
  readonly note?: string;
}

/** `escalationId` goes into the ending, so that its outcome can be recorded. `earlier`: those of the same call, oldest first. */
export type PlanEscalation = (
  request: EscalationRequest,
  escalationId: string,
  earlier?: readonly EscalationRecord[],
) => EscalationPlan;

/** What is recorded of a dialling whose end nobody ever told, once the call is over. Cold knows no dropped. */
export function outcomeUntold(mode: EscalationRecord["mode"] | undefined): EscalationOutcome {
  return mode === "warm" ? "dropped" : "failed";
}

/** The same for all of a call; undefined where each of them has its outcome. */
export function settledUntold(
  escalations: readonly EscalationRecord[],
  decidedAtMs: number,
): readonly EscalationRecord[] | undefined {
  if (!escalations.some(({ outcome }) => outcome === "pending")) return undefined;
  return escalations.map((one) =>
    one.outcome === "pending" ? { ...one, outcome: outcomeUntold(one.mode), decidedAtMs } : one,
  );
}
