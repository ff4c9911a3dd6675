// A tool acts: it is offered to the assistant (or to a speech-to-speech voice) and run by the bridge under a timeout.
import type { CallEnding } from "./call.ts";
import type { ToolDescription } from "./thread.ts";

/** What a tool may do to its call. */
export interface ToolContext {
  readonly callId: string;
  readonly signal: AbortSignal;
  /** Ends the call this way once what is being said was heard. */
  readonly endAfterReply: (ending: CallEnding) => void;
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
