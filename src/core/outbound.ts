// A call that we place: who is to be called for which organization, and why.
import type { CallRecord } from "./call.ts";

export interface OutboundRequest {
  /** As it was given; only a valid number in E.164 form is dialled. */
  readonly to: string;
  readonly orgId: string;
  /** Why they are called, told to the agent; never kept in the record. */
  readonly purpose?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What is kept of it until the call is answered, for whichever instance the carrier asks. */
export interface OutboundPlan extends Pick<OutboundRequest, "orgId" | "purpose"> {
  readonly callId: string;
}

/** @throws Problem when the call may not, or could not, be placed; nothing was dialled then, except after 504 (not known). */
export type PlaceCall = (request: OutboundRequest) => Promise<Pick<CallRecord, "callId" | "carrierId">>;
