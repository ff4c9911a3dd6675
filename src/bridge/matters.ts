// What the call is about, beside its words: the intake taken down so far and the escalations. Records them and says what
// follows; it neither speaks nor ends anything.
import type { CallEnding, EscalationRecord, IntakeRecord } from "../core/call.ts";
import type { Ids } from "../core/clock.ts";
import type { EscalationPlan, EscalationRequest, PlanEscalation } from "../core/escalation.ts";
import type { Resumption } from "../core/resumption.ts";
import type { Journal } from "./journal.ts";

export interface MattersParts {
  readonly journal: Journal;
  readonly ids: Ids;
  readonly plan: PlanEscalation;
  /** ms since the call began. */
  readonly atMs: () => number;
  /** Taken down before the call. */
  readonly intake?: IntakeRecord | undefined;
  readonly resumed?: Resumption | undefined;
}

export type Matters = ReturnType<typeof createMatters>;

/** Escalations kept of one call: a model that escalates without end fills no record. */
const MOST_ESCALATIONS = 20;

export function createMatters({ journal, ids, plan, atMs, resumed, ...parts }: MattersParts) {
  let intake: IntakeRecord | undefined = resumed?.intake;
  const escalations: EscalationRecord[] = [...(resumed?.escalations ?? [])];

  /** The dialling that this ending stands for was taken back before it began, or is to be after all. */
  function decide(how: CallEnding, outcome: "pending" | "withdrawn"): void {
    const id = how.kind === "transfer" ? how.escalationId : undefined;
    const at = escalations.findIndex((one) => one.id === id);
    const known = escalations[at];
    if (!known || known.outcome === outcome) return;
    const { decidedAtMs: _undecided, ...one } = known;
    escalations[at] = { ...one, outcome, ...(outcome === "withdrawn" && { decidedAtMs: atMs() }) };
    journal.escalationDecided([...escalations]);
  }

  function keepIntake(kept: Omit<IntakeRecord, "updatedAtMs">): void {
    intake = { ...kept, updatedAtMs: atMs() };
    journal.intake(intake);
  }

  if (!resumed && parts.intake) keepIntake(parts.intake);

  return {
    escalate(request: EscalationRequest): EscalationPlan {
      const id = ids.id("esc");
      const planned = plan(request, id, escalations);
      if (escalations.length < MOST_ESCALATIONS) {
        escalations.push({
          ...request,
          id,
          mode: planned.mode,
          ...(planned.contact !== undefined && { contact: planned.contact }),
          atMs: atMs(),
          outcome: planned.ending ? "pending" : planned.mode === "message" ? "message-taken" : "none",
        });
        journal.escalated([...escalations]);
      }
      return planned;
    },
    decide,
    /** The caller stays. */
    takenBack(how: CallEnding): void {
      journal.note("ending withdrawn");
      decide(how, "withdrawn");
    },
    intake: () => intake,
    keepIntake,
  };
}
