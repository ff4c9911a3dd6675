// The tools there are. Adding or removing one is one file and one line here.
import type { Memories } from "../core/memory.ts";
import type { Tool } from "../core/tool.ts";
import type { IntakeField } from "../wire/rest/organization.ts";
import { createCompleteIntake } from "./complete-intake.ts";
import { endCall } from "./end-call.ts";
import { escalate } from "./escalate.ts";
import { createMemoryAdd } from "./memory-add.ts";
import { createMemoryList } from "./memory-list.ts";
import { createMemorySearch } from "./memory-search.ts";
import { createTransferCall } from "./transfer-call.ts";
import { createWebSearch, type WebSearchOptions } from "./web-search.ts";

export { needsUser } from "./known-user.ts";
export { WEB_SEARCH } from "./web-search.ts";

export interface ToolParts {
  /** Who takes over a call, E.164; without one no transfer is offered. */
  readonly humanNumber?: string | undefined;
  /** What is taken down of a caller; absent: who, how to reach them, and why. */
  readonly intakeFields?: readonly IntakeField[] | undefined;
  /** What is remembered of users; absent: nothing is. */
  readonly memories?: Memories | undefined;
  /** Absent: no search is offered; without a key one is offered that says so. */
  readonly webSearch?: WebSearchOptions | undefined;
}

export function createTools({ humanNumber, intakeFields, memories, webSearch }: ToolParts): readonly Tool[] {
  return [
    endCall,
    createCompleteIntake(intakeFields),
    escalate,
    ...(humanNumber ? [createTransferCall(humanNumber)] : []),
    ...(memories ? [createMemorySearch(memories), createMemoryAdd(memories), createMemoryList(memories)] : []),
    ...(webSearch ? [createWebSearch(webSearch)] : []),
  ];
}
