// Diallings of a human whose outcome nobody told: the caller's call is over, and what Twilio was to ask after the dialling never
// came. They are settled a little later, because both are sent at the same moment and may come in any order.
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/observe.ts";
import { outcomeUntold } from "../../core/escalation.ts";
import type { StreamState } from "../../core/state.ts";
import type { Outcomes } from "./outcomes.ts";

export interface UndecidedParts {
  readonly state: Pick<StreamState, "getEnding">;
  readonly outcomes: Pick<Outcomes, "settle" | "transferOf">;
  /** ms that the rest of the story has to come. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Undecided {
  /** The caller's call is over. Never rejects. */
  callIsOver(carrierId: string): Promise<void>;
  close(): void;
}

export function createUndecided({ state, outcomes, patienceMs, clock, log }: UndecidedParts): Undecided {
  const waiting = new Map<string, () => void>();
  let closed = false;

  async function settle(carrierId: string, escalationId: string): Promise<void> {
    const transfer = await outcomes.transferOf(carrierId, escalationId);
    if (transfer) await outcomes.settle(carrierId, transfer, outcomeUntold(transfer.mode));
  }

  const failed = (carrierId: string, error: unknown): void =>
    log.warn("the outcome of an escalation could not be settled", { call: carrierId, error: String(error) });

  return {
    async callIsOver(carrierId) {
      try {
        const ending = await state.getEnding(carrierId);
        if (ending?.kind !== "transfer" || ending.outcome !== undefined) return;
        const { escalationId } = ending;
        if (escalationId === undefined || closed || waiting.has(carrierId)) return;
        const cancel = clock.after(patienceMs, () => {
          waiting.delete(carrierId);
          settle(carrierId, escalationId).catch((error: unknown) => failed(carrierId, error));
        });
        waiting.set(carrierId, cancel);
      } catch (error) {
        failed(carrierId, error);
      }
    },
    close() {
      closed = true;
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
