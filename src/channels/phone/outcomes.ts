// What became of dialling a human: worked out from what Twilio tells, kept where any instance finds it, and written into the
// record of the escalation. The first thing known decides; what comes later, twice or out of order changes nothing.
import type { CallEnding, EscalationOutcome } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { StreamState } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import { isTerminalStatus, type FormOf } from "../../wire/twilio-webhook.ts";

export type Transfer = Extract<CallEnding, { kind: "transfer" }>;

export interface OutcomesOptions {
  readonly state: StreamState;
  readonly store: CallStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export type Outcomes = ReturnType<typeof createOutcomes>;

/** After these the caller goes back to the agent, where that is wanted. */
const NOT_REACHED: ReadonlySet<EscalationOutcome> = new Set(["declined", "voicemail", "busy", "no-answer", "failed"]);

export const isReached = (outcome: EscalationOutcome): boolean => outcome === "accepted" || outcome === "answered";

export function createOutcomes({ state, store, clock, log, meter }: OutcomesOptions) {
  /** The transfer this escalation stands for, if it is the call's present one. */
  async function transferOf(carrierId: string, escalationId: string): Promise<Transfer | undefined> {
    const ending = await state.getEnding(carrierId);
    return ending?.kind === "transfer" && ending.escalationId === escalationId ? ending : undefined;
  }

  /** Returns what is the outcome now: this one, or the one that was known before. */
  async function settle(carrierId: string, transfer: Transfer, outcome: EscalationOutcome): Promise<EscalationOutcome> {
    const known = transfer.outcome;
    if (known !== undefined) return known;
    await state.putEnding(carrierId, { ...transfer, outcome });
    await write(carrierId, transfer.escalationId, outcome);
    return outcome;
  }

  /** Never rejects: a record that cannot be written is no reason to leave the caller without an answer. */
  async function write(carrierId: string, escalationId: string | undefined, outcome: EscalationOutcome): Promise<void> {
    if (escalationId === undefined) return;
    meter.count("voice_escalation_outcomes_total", { outcome });
    try {
      const record = await store.findByCarrierId(carrierId);
      if (!record?.escalations.some(({ id }) => id === escalationId)) {
        log.warn("the outcome of an escalation has no record to stand in", { call: carrierId, outcome });
        return;
      }
      const decidedAtMs = Math.max(0, +clock.date() - Date.parse(record.startedAt));
      store.update(record.callId, {
        escalations: record.escalations.map((one) =>
          one.id === escalationId && one.outcome === "pending" ? { ...one, outcome, decidedAtMs } : one,
        ),
      });
    } catch (error) {
      log.error("the outcome of an escalation could not be recorded", {
        call: carrierId,
        outcome,
        error: String(error),
      });
    }
  }

  return {
    transferOf,
    settle,
    /** How often the caller of this call came back because nobody was reached, this time included. */
    async misses(carrierId: string): Promise<number> {
      const record = await store.findByCarrierId(carrierId).catch(() => undefined);
      return record?.escalations.filter(({ outcome }) => NOT_REACHED.has(outcome)).length ?? Infinity;
    },
  };
}

/** What the human did with the briefing. */
export function answerOf(digits: string | undefined): EscalationOutcome {
  if (digits === "1") return "accepted";
  return digits === undefined || digits === "" ? "voicemail" : "declined";
}

/** True for what answering machine detection calls no human. */
export function isMachine(answeredBy: string | undefined): boolean {
  return answeredBy !== undefined && (answeredBy.startsWith("machine") || answeredBy === "fax");
}

/** What the end of a <Dial> means where nothing was known before. */
export function outcomeOfDial(
  mode: Transfer["mode"],
  {
    DialCallStatus: dialled,
    DialBridged: bridged,
    CallStatus: caller,
  }: Pick<FormOf<"afterDial">, "DialCallStatus" | "DialBridged" | "CallStatus">,
): EscalationOutcome {
  const isWarm = mode === "warm";
  switch (dialled) {
    case "completed":
    case "answered":
      if (!isWarm) return "answered";
      if (bridged !== "false") return "accepted";
      // The caller left while the human listened to the briefing.
      return isTerminalStatus(caller) ? "dropped" : "declined";
    case "busy":
    case "no-answer":
      return dialled;
    case "canceled":
      // Somebody who rings for nobody: cold mode tells no more than that nobody answered.
      return isWarm ? "dropped" : "no-answer";
    default:
      return "failed";
  }
}
