// A risky run of a tool waits for somebody outside of the conversation: what is asked for, and how it is settled. It holds for one
// run with exactly these arguments, in this call, for this user, and for a short time.
import { sees, type Principal } from "./access.ts";
import { DEFAULT_ORG } from "./call.ts";

export interface ConfirmationRequest {
  readonly callId: string;
  readonly orgId: string;
  readonly userId?: string;
  readonly tool: string;
  /** What is shown to whoever decides, and what is run: the same value. */
  readonly arguments: unknown;
}

/** used: approved, and run since; ended: the call was over before anybody decided. */
export type ConfirmationStatus = "pending" | "approved" | "denied" | "expired" | "ended" | "used";

export interface Confirmation extends ConfirmationRequest {
  readonly id: string;
  readonly status: ConfirmationStatus;
  /** ISO 8601. */
  readonly askedAt: string;
  readonly expiresAt: string;
  /** Name of the key that decided. */
  readonly decidedBy?: string;
}

export interface Decided {
  /** done: by this decision; late: it was settled, had expired, or its call was over, before. */
  readonly kind: "done" | "late";
  readonly confirmation: Confirmation;
}

/** Shared by all instances. Every method rejects with StateUnavailable while the shared state is away. */
export interface Confirmations {
  /**
   * Asks, or finds what was asked before for the very same run: a denial stays one until it would have expired.
   * @throws TooManyConfirmations
   */
  ask(request: ConfirmationRequest): Promise<{ readonly confirmation: Confirmation; readonly isNew: boolean }>;
  /** Waits for the decision for at most `ms`. */
  settled(id: string, ms: number, signal: AbortSignal): Promise<ConfirmationStatus>;
  /** True once for an approval: the run may begin now. */
  redeem(id: string): Promise<boolean>;
  /** Undefined where there is no such confirmation that `mayDecide`. */
  decide(
    id: string,
    decision: "approve" | "deny",
    by: string,
    mayDecide: (confirmation: Confirmation) => boolean,
  ): Promise<Decided | undefined>;
  /** Those that wait for a decision, oldest first. */
  pending(): Promise<readonly Confirmation[]>;
}

/** Whoever may change things in the organization sees all of it; who only looks sees what their own assistant asked for. */
export function seesConfirmation(
  principal: Principal,
  { orgId, userId }: { readonly orgId: string; readonly userId?: unknown },
): boolean {
  if (principal.role !== "read") return sees(principal, orgId);
  // A name is that of a user in one organization.
  return userId === principal.name && orgId === (principal.orgId ?? DEFAULT_ORG);
}

/** More is waiting for a decision than anybody could look at. */
export class TooManyConfirmations extends Error {
  constructor() {
    super("too many confirmations are waiting");
    this.name = "TooManyConfirmations";
  }
}
