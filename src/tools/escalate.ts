// Lets the assistant call for a human: what follows, and whom it reaches, is the organization's to say and never the model's.
import { z } from "zod";
import { defineTool } from "./define.ts";

const URGENCIES = ["emergency", "high", "normal", "low"] as const;

export const escalate = defineTool({
  name: "escalate",
  description:
    "Call for a human. Use it at once when somebody is in danger, and when a matter is urgent or you cannot help. The answer says what follows: follow it.",
  schema: z.strictObject({
    // The human hears it: characters that no line or database would carry are no part of a sentence.
    reason: z
      .string()
      .trim()
      .min(1)
      .max(300)
      .transform((text) => text.replaceAll(/[\p{Cc}\p{Cs}]/gu, " "))
      .describe("One sentence for the human: what it is about. No phone numbers."),
    urgency: z.enum(URGENCIES).describe("emergency: somebody's life, health or safety is at stake now."),
  }),
  timeoutMs: 2000,
  run({ reason, urgency }, context) {
    const { ending, note, mode } = context.escalate({ trigger: "tool", urgency, reason: withoutNumbers(reason) });
    return Promise.resolve({
      ok: true,
      mode,
      note: ending
        ? "The caller is being connected with a human. If you have not told them yet, say so in one short sentence."
        : (note ?? "It was recorded. Go on with the caller."),
    });
  },
});

/** Records hold no numbers in their reasons, whatever a model writes. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/\+?\d(?:[\s().\-/]*\d){5,}/g, "[number]");
}
