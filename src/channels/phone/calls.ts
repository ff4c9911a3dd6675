// What the phone channel needs of the program around it: room for a call, its voice, its bridge.
import type { CallParty } from "../../core/call.ts";
import type { Line } from "../../core/line.ts";
import type { ResumeCause } from "../../core/state.ts";

export interface PhoneCalls {
  /** Reserves one of the slots, which is freed by `abandon` or by the end of the call. Never rejects. */
  admit(party: CallParty): Promise<"ok" | "busy" | "draining">;
  /** Opens the voice early. */
  prewarm(party: CallParty): void;
  /** Closes the voice that was opened early; the call keeps its slot, and opens another one when its stream comes. Idempotent. */
  cool(callId: string): void;
  /** No stream came, or not with a good token: closes the prewarmed voice and frees the slot. Idempotent. */
  abandon(callId: string): void;
  /** Gets together what is known from before: of the call, when it goes on, and of the caller. Never rejects, takes a second at most. */
  recall(party: CallParty, resumes: ResumeCause | undefined): Promise<void>;
  /** Hands the call to the bridge. The line may have ended already: it tells so when attached. */
  enter(line: Line, party: CallParty): void;
  /**
   * The carrier says that the stream of this call is over. True when an instance that holds the call was told: it says what is to
   * be done next. Never rejects.
   */
  lineIsOver(carrierId: string): Promise<boolean>;
  /** True while a call with this carrier's id is admitted or has a bridge, here. */
  isLive(carrierId: string): boolean;
  /** The carrier says that the call is over, with the status it ended in. */
  carrierEnded(carrierId: string, status: string): void;
}
