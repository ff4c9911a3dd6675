// Lets the assistant hang up, once its goodbye was heard.
import { z } from "zod";
import { defineTool } from "./define.ts";

export const endCall = defineTool({
  name: "end_call",
  description:
    "Hang up. Use it when the caller says goodbye or has nothing more to ask. Say your goodbye in the same reply: the call ends after it was heard.",
  schema: z.strictObject({
    reason: z.string().max(200).optional().describe("Why the call ends, in a few words."),
  }),
  timeoutMs: 2000,
  run(_args, context) {
    context.endAfterReply({ kind: "hangup", reason: "agent-hangup" });
    return Promise.resolve({
      ok: true,
      note: "The call ends once the caller has heard your goodbye. Say goodbye now if you have not.",
    });
  },
});
