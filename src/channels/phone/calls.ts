// What the phone channel needs of the program around it: room for a call, its voice, its bridge.
import type { CallParty } from "../../core/call.ts";
import type { Line } from "../../core/line.ts";

export interface PhoneCalls {
  /** Reserves one of the slots, which is freed by `abandon` or by the end of the call. */
  admit(party: CallParty): "ok" | "busy" | "draining";
  /** Opens the voice early. */
  prewarm(party: CallParty): void;
  /** No stream came, or not with a good token: closes the prewarmed voice and frees the slot. Idempotent. */
  abandon(callId: string): void;
  /** Hands the call to the bridge. The line may have ended already: it tells so when attached. */
  enter(line: Line, party: CallParty): void;
  /** True while a call with this carrier's id is admitted or has a bridge. */
  isLive(carrierId: string): boolean;
  /** The carrier says that the call is over, with the status it ended in. */
  carrierEnded(carrierId: string, status: string): void;
}
