// Places of an organization's calls at the same time, counted in the state that all instances share: taken in one step, so that two
// that begin in the same moment are not one too many, and lent for seconds only, so that nobody who died keeps one.
import type { CallParty } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { State } from "../core/state.ts";

type Caller = Pick<CallParty, "callId" | "orgId">;

export interface Places {
  /**
   * False where the organization has `most` calls already, on whichever instance. A call that has a place keeps it. Where the
   * shared state is away each instance goes by its own calls. Never rejects.
   */
  take(call: Caller, most: number): Promise<boolean>;
  /** The call is over. */
  leave(callId: string): void;
  /** The call ends here and may come back, here or elsewhere: its place is kept free for it for a while. */
  lapse(callId: string): void;
  start(): void;
  close(): void;
}

export const roomOf = (orgId: string): string => `calls-of:${orgId}`;

/** A place is lent for so long, and asked for again so often, ms. */
const LENT_MS = 20_000;
const KEEP_MS = 5000;

export function createPlaces({
  state,
  clock,
}: {
  readonly state: Pick<State, "takePlace" | "leavePlace">;
  readonly clock: Clock;
}): Places {
  /** Organizations by the calls that have a place, or would have one if it could be said. */
  const held = new Map<string, string>();
  let cancel = (): void => {};

  function keep(): void {
    cancel = clock.after(KEEP_MS, keep);
    // Whoever has a place is not asked to leave; a state that comes back empty learns of it again.
    for (const [callId, orgId] of held)
      state.takePlace(roomOf(orgId), callId, Infinity, LENT_MS).catch(() => undefined);
  }

  return {
    async take({ callId, orgId }, most) {
      const isFree = await state.takePlace(roomOf(orgId), callId, most, LENT_MS).catch(() => true);
      if (isFree) held.set(callId, orgId);
      return isFree;
    },
    leave(callId) {
      const orgId = held.get(callId);
      if (orgId === undefined) return;
      held.delete(callId);
      // One that cannot be given back now is lost by itself.
      state.leavePlace(roomOf(orgId), callId).catch(() => undefined);
    },
    lapse: (callId) => void held.delete(callId),
    start: keep,
    close() {
      cancel();
      held.clear();
    },
  };
}
