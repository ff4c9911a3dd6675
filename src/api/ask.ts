// The assistant in writing: one question, one answer, and the conversation of the browser that asks. Where it is kept, and who
// answers, is not known here.
import type { Request, Response } from "express";
import { z } from "zod";
import { WRITERS, json, route, type Route, type RouteAccess } from "./define-route.ts";

export interface TextTalk {
  /** @throws Problem 429, 502, 503 */
  ask(visitor: string, prompt: string, signal: AbortSignal): Promise<string>;
  /** Forgets what was said. */
  clear(visitor: string, signal: AbortSignal): Promise<void>;
}

/** Browsers that need no key, told apart by a cookie. */
export interface Visitors {
  /** @throws Problem 403 for the page of another site. */
  visitorOf(request: Request): string | undefined;
  /** As visitorOf; whoever is not known gets a name, and a cookie. */
  welcome(request: Request, response: Response): string;
}

const LONGEST_PROMPT = 8000;
const access: RouteAccess = { ...WRITERS, group: "ask" };

export function askRoutes({ talk, visitors }: { readonly talk: TextTalk; readonly visitors: Visitors }): Route[] {
  return [
    route(
      {
        method: "post",
        path: "/api/voice/ask",
        summary: "Asks the assistant in writing",
        description:
          "The conversation belongs to the browser: a signed cookie names it, the server keeps the system message and the last 20 others. " +
          "Questions of one browser are answered one after the other.",
        tag: "text",
        access,
        body: z.strictObject({
          prompt: z
            .string()
            .max(LONGEST_PROMPT)
            .refine((prompt) => prompt.trim() !== "", "must have words in it"),
        }),
        answers: { 200: { description: "What the assistant says.", schema: z.strictObject({ response: z.string() }) } },
      },
      async ({ body, request, response, signal }) =>
        json({ response: await talk.ask(visitors.welcome(request, response), body.prompt, signal) }),
    ),
    route(
      {
        method: "post",
        path: "/api/voice/clear",
        summary: "Forgets the conversation of this browser",
        tag: "text",
        access,
        body: z.strictObject({}),
        answers: {
          200: {
            description: "There is nothing any more, if there was something.",
            schema: z.strictObject({ status: z.literal("conversation cleared") }),
          },
        },
      },
      async ({ request, signal }) => {
        const visitor = visitors.visitorOf(request);
        if (visitor !== undefined) await talk.clear(visitor, signal);
        return json({ status: "conversation cleared" });
      },
    ),
  ];
}
