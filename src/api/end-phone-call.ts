// Ends a phone call for somebody who wants to know how it ended: the instance that holds it is told, and its record waited for.
import type { ControlCall } from "../core/control.ts";
import { Problem } from "../core/problem.ts";
import type { LiveEvent, State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import type { Clock } from "../core/clock.ts";
import type { EndPhoneCall } from "./call-life.ts";
import { EVENTS_TOPIC } from "./events.ts";
import { perform } from "./live-control.ts";

export interface EndPhoneCallParts {
  readonly control: ControlCall;
  readonly store: Pick<CallStore, "get">;
  readonly state: Pick<State, "subscribe">;
  readonly clock: Clock;
}

/** A call has its goodbye to say and its stream to close. ms. */
const PATIENCE_MS = 15_000;
/** Records are written behind: the event comes before what another instance can read. ms. */
const LOOK_AGAIN_MS = 250;

export function createEndPhoneCall({ control, store, state, clock }: EndPhoneCallParts): EndPhoneCall {
  return async (record, signal) => {
    const { callId } = record;
    let wake = (): void => {};
    const unsubscribe = state.subscribe(EVENTS_TOPIC, (message) => {
      const event = message as LiveEvent;
      if (event.callId === callId && event.type === "call.ended") wake();
    });
    const giveUp = (): void => wake();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await perform(control, record, { kind: "end" });
      const deadline = clock.now() + PATIENCE_MS;
      while (clock.now() < deadline && !signal.aborted) {
        const found = await store.get(callId);
        if (found?.status === "completed") return found;
        await new Promise<void>((resolve) => {
          const cancel = clock.after(LOOK_AGAIN_MS, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
      throw new Problem(503, "The call is being ended: ask again", { "Retry-After": "5" });
    } finally {
      unsubscribe();
      signal.removeEventListener("abort", giveUp);
    }
  };
}
