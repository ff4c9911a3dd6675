// Lets the assistant hand the call to a person, at the configured number only: a model never chooses whom we dial.
import { z } from "zod";
import type { Tool } from "../core/tool.ts";
import { defineTool } from "./define.ts";

export function createTransferCall(humanNumber: string): Tool {
  return defineTool({
    name: "transfer_call",
    description:
      "Connect the caller with a person. Use it when they ask for one or when you cannot help. Tell the caller in the same reply that you are connecting them.",
    schema: z.strictObject({
      reason: z
        .string()
        .min(1)
        .max(300)
        .describe("One sentence for the person who takes over: who calls and what they want."),
    }),
    timeoutMs: 2000,
    run({ reason }, context) {
      context.endAfterReply({ kind: "transfer", reason: "transferred", to: humanNumber, note: reason });
      return Promise.resolve({ ok: true, note: "The caller is connected once they have heard your reply." });
    },
  });
}
