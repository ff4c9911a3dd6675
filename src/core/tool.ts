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
}

export interface Tool extends ToolDescription {
  /** ms; a run that takes longer is aborted and answered with a structured error. */
  readonly timeoutMs: number;
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
