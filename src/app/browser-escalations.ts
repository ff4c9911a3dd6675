// A human is called for in a browser's call. Nobody can be dialled into it: what the organization has said to such a caller is said,
// and the people who watch see it.
import type { EscalationRecord } from "../core/call.ts";
import type { EscalationPlan, EscalationRequest } from "../core/escalation.ts";
import { atMs, withEscalation, type BrowserCall } from "./browser-call.ts";
import type { BrowserCallParts } from "./browser-call-parts.ts";

export type Publish = (call: BrowserCall, type: string, data?: Readonly<Record<string, unknown>>) => void;

export interface PlannedEscalation extends EscalationPlan {
  readonly id: string;
  readonly request: EscalationRequest;
}

export interface BrowserEscalationParts extends Pick<BrowserCallParts, "ids" | "kitOf" | "store" | "meter" | "log"> {
  readonly publish: Publish;
}

export type BrowserEscalations = ReturnType<typeof createBrowserEscalations>;

export function createBrowserEscalations({ ids, kitOf, store, meter, log, publish }: BrowserEscalationParts) {
  return {
    async plan(orgId: string, request: EscalationRequest): Promise<PlannedEscalation> {
      const id = ids.id("esc");
      const { planEscalation } = await kitOf(orgId);
      return { ...planEscalation(request, id), id, request };
    },
    /** Pure. */
    record(call: BrowserCall, plan: PlannedEscalation, now: Date) {
      const result: EscalationRecord = {
        ...plan.request,
        id: plan.id,
        mode: plan.mode,
        ...(plan.contact !== undefined && { contact: plan.contact }),
        atMs: atMs(call, now),
        outcome: plan.mode === "message" ? "message-taken" : "none",
      };
      return { call: withEscalation(call, result), result };
    },
    /** It is in the record now. */
    told(call: BrowserCall, { trigger, urgency, mode, atMs: at, id }: EscalationRecord): void {
      const { callId } = call.party;
      store.note(callId, { atMs: at, what: "escalation", detail: { trigger, urgency, mode } });
      meter.count("voice_escalations_total", { trigger, urgency });
      log.info("a human is called for in a browser call", { callId, trigger, urgency });
      publish(call, "escalation", { escalation_id: id, trigger, urgency, mode });
    },
  };
}
