// A tool acts: it is offered to the assistant (or to a speech-to-speech voice) and run by the bridge under a timeout.
import type { CallEnding, IntakeRecord } from "./call.ts";
import type { EscalationPlan, EscalationRequest } from "./escalation.ts";
import type { ToolDescription } from "./thread.ts";

/** What a tool may do to its call. */
export interface ToolContext {
  readonly callId: string;
  /** Whose memories and permissions count; absent for a caller nobody vouches for. Set by the server, never by a model. */
  readonly userId?: string;
  readonly orgId?: string;
  /** Which turn of the conversation it was called for, where turns are counted. */
  readonly turn?: number;
  readonly signal: AbortSignal;
  /** Ends the call this way once what is being said was heard. */
  readonly endAfterReply: (ending: CallEnding) => void;
  /** Records an escalation and sets off what the organization does about it. */
  readonly escalate: (request: EscalationRequest) => EscalationPlan;
  /** What was taken down of the caller's matter so far. */
  readonly intake: () => IntakeRecord | undefined;
  readonly keepIntake: (intake: Omit<IntakeRecord, "updatedAtMs">) => void;
  /** Says this in the agent's voice while the tool is at work; absent where nobody can be spoken to from here. */
  readonly announce?: (text: string) => void;
}

/** safe: runs when the model wants it; risky: only after somebody confirmed it who is not the voice of the caller. */
export type Risk = "safe" | "risky";

export interface ToolScope {
  /** Ids of organizations, and beside them the names of users of whichever organization. */
  readonly organizations: "all" | readonly string[];
  readonly users: readonly string[];
}

export interface Tool extends ToolDescription {
  /** ms; a run that takes longer is aborted and answered with a structured error. */
  readonly timeoutMs: number;
  /** Absent: safe. */
  readonly risk?: Risk;
  /** For whom it is there; absent: for everybody. */
  readonly scope?: ToolScope;
  /** Runs a minute of one call; absent: as many as the model likes. */
  readonly perMinute?: number;
  /** Looks at the arguments without running anything. @throws InvalidArguments */
  readonly check?: (argumentsJson: unknown) => void;
  /** @throws InvalidArguments for arguments that do not fit; anything thrown becomes a structured error for the model. */
  run(argumentsJson: unknown, context: ToolContext): Promise<unknown>;
}

/** The model wrote arguments that do not fit the tool's schema. */
export class InvalidArguments extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InvalidArguments";
  }
}

/**
 * Why a tool did not do what it was asked, in words that are meant for the model. refused: it may not; waiting: not yet;
 * failed: it could not.
 */
export class ToolRefusal extends Error {
  readonly code: string;
  readonly result: "refused" | "waiting" | "failed";
  constructor(code: string, message: string, result: ToolRefusal["result"] = "refused") {
    super(message);
    this.name = "ToolRefusal";
    this.code = code;
    this.result = result;
  }
}
