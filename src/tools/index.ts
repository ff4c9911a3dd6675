// The tools there are. Adding or removing one is one file and one line here.
import type { Tool } from "../core/tool.ts";
import { endCall } from "./end-call.ts";
import { createTransferCall } from "./transfer-call.ts";

/** `humanNumber`: who takes over a call, E.164; without one no transfer is offered. */
export function createTools({ humanNumber }: { readonly humanNumber?: string | undefined }): readonly Tool[] {
  return [endCall, ...(humanNumber ? [createTransferCall(humanNumber)] : [])];
}
