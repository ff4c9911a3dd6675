// The tools there are. Adding or removing one is one file and one line here.
import type { Tool } from "../core/tool.ts";
import type { IntakeField } from "../wire/rest/organization.ts";
import { createCompleteIntake } from "./complete-intake.ts";
import { endCall } from "./end-call.ts";
import { escalate } from "./escalate.ts";
import { createTransferCall } from "./transfer-call.ts";

export interface ToolParts {
  /** Who takes over a call, E.164; without one no transfer is offered. */
  readonly humanNumber?: string | undefined;
  /** What is taken down of a caller; absent: who, how to reach them, and why. */
  readonly intakeFields?: readonly IntakeField[] | undefined;
}

export function createTools({ humanNumber, intakeFields }: ToolParts): readonly Tool[] {
  return [
    endCall,
    createCompleteIntake(intakeFields),
    escalate,
    ...(humanNumber ? [createTransferCall(humanNumber)] : []),
  ];
}
