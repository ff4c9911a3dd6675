// Remembers what the user told: a model finds the facts in what was said. The user does not wait for it longer than for a breath.
import { z } from "zod";
import type { Memories } from "../core/memory.ts";
import { Problem } from "../core/problem.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool } from "./define.ts";
import { forUser, userIdIgnored } from "./known-user.ts";

const WAIT_MS = 2500;

const NOT_KEPT = "Card numbers, passwords, PINs and codes are never kept, and were not now. Say so.";

const content = z.string().trim().min(1).max(4000);

export function createMemoryAdd(memories: Pick<Memories, "learnSoon">): Tool {
  return defineTool({
    name: "memory_add",
    description:
      "Remember what the user told about themselves: their name first of all, then job, company, preferences, projects, tasks, routines and any personal detail. Use it as soon as they tell such a thing, with the messages in which they did; do not ask whether you may.",
    schema: z.strictObject({
      messages: z
        .array(
          z.union([
            content,
            z.object({
              role: z.enum(["user", "assistant"]).describe("Who said it."),
              content: content.describe("What was said, in their words."),
            }),
          ]),
        )
        .min(1)
        .max(50)
        .describe("The messages to remember from, oldest first."),
      userId: userIdIgnored,
    }),
    timeoutMs: 8000,
    perMinute: 12,
    run: ({ messages }, context) =>
      forUser(context, async (owner) => {
        const lines = messages.map((one) => (typeof one === "string" ? { role: "user" as const, content: one } : one));
        const { callId, turn } = context;
        const origin = { by: "conversation", callId, ...(turn !== undefined && { turn }) } as const;
        try {
          const learned = await memories.learnSoon(owner, lines, origin, WAIT_MS);
          if (learned === "later") return { ok: true, note: "It is being remembered. Go on." };
          return {
            ok: true,
            remembered: learned.facts.map(({ subject, text, kept }) => ({ subject, text, kept })),
            ...(learned.dropped.length > 0 && { note: NOT_KEPT }),
          };
        } catch (error) {
          // What a person set up wrong, or a model that is away: the talk goes on, and the model knows that it must not promise.
          if (!(error instanceof Problem)) throw error;
          return { error: { code: "not-remembered", message: `${error.detail}. Nothing was remembered now.` } };
        }
      }),
  });
}
