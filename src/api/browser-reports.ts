// What a browser sends back of a call whose audio never comes here: what was said, and the tools its engine asked for.
import { z } from "zod";
import { callPhase } from "../wire/rest/call.ts";
import { callParams } from "./calls.ts";
import { requireBrowser } from "./call-life.ts";
import { json, route, WRITERS, type Route } from "./define-route.ts";
import type { FindCall } from "./find-call.ts";
import type { BrowserCalls, JudgedLine } from "./ports.ts";

const words = z.string().trim().min(1).max(4000);
const itemId = z.string().regex(/^[\w.:-]{1,128}$/, "must be an item's id");
/** The words of the document's clients beside ours. */
const ROLES = { caller: "caller", user: "caller", agent: "agent", assistant: "agent" } as const;

const line = z.strictObject({
  role: z.enum(["caller", "agent", "user", "assistant"]).transform((role) => ROLES[role]),
  text: words,
  /** Of the engine's conversation: a line that is sent twice is kept once. */
  item_id: itemId.optional(),
});

const judged = z.strictObject({
  line: z.number().int(),
  kind: z.enum(["flag", "say", "escalate", "end"]),
  rule: z.string(),
  /** What the agent is to say now. */
  say: z.string().nullable(),
});

/** Arguments as the engine gives them, a string of JSON, or as what is in it. */
const toolArguments = z
  .union([z.string().max(50_000), z.record(z.string(), z.unknown())])
  .default({})
  .transform((value) => (typeof value === "string" ? value : JSON.stringify(value)));

export function browserReportRoutes({
  browserCalls,
  find,
}: {
  readonly browserCalls: BrowserCalls;
  readonly find: FindCall;
}): Route[] {
  return [
    route(
      {
        method: "post",
        path: "/api/calls/{call_id}/transcript",
        summary: "Adds lines to the transcript of a browser call",
        description: "The guard reads them; what it found is in the answer, for the page to act on.",
        tag: "browser calls",
        access: WRITERS,
        params: callParams,
        body: z.union([z.strictObject({ lines: z.array(line).min(1).max(50) }), line]),
        answers: {
          200: {
            description: "How many lines the call has, and what the guard said of the new ones.",
            schema: z.strictObject({
              call_id: z.string(),
              phase: callPhase,
              lines: z.number().int(),
              judged: z.array(judged),
            }),
          },
        },
      },
      async ({ params, body, principal }) => {
        const found = requireBrowser(await find(params.call_id, principal));
        const sent = "lines" in body ? body.lines : [body];
        const {
          phase,
          lines,
          judged: verdicts,
        } = await browserCalls.append(
          found.callId,
          sent.map(({ role, text, item_id: id }) => ({ role, text, ...(id !== undefined && { itemId: id }) })),
        );
        return json({
          call_id: found.callId,
          phase,
          lines,
          judged: verdicts.map(viewOf),
        });
      },
    ),
    route(
      {
        method: "post",
        path: "/api/calls/{call_id}/tools/{name}",
        summary: "Runs a tool for a browser call",
        description:
          "Within the tool's own time limit, and recorded. `output` goes to the engine as the tool's result. The same tool_call_id again is answered again, not run again.",
        tag: "browser calls",
        access: WRITERS,
        params: callParams.extend({ name: z.string().regex(/^\w{1,64}$/) }),
        body: z.strictObject({ arguments: toolArguments, tool_call_id: itemId.optional() }),
        answers: {
          200: {
            description: "The tool's result, or why there is none.",
            schema: z.strictObject({
              call_id: z.string(),
              tool: z.string(),
              result: z.enum(["ok", "timeout", "failed", "cancelled"]),
              output: z.string(),
              phase: callPhase,
              /** The call ends once the goodbye was heard. */
              ends: z.boolean(),
              /** What the agent is to say now. */
              say: z.string().nullable(),
            }),
          },
        },
      },
      async ({ params, body, principal, signal }) => {
        const found = requireBrowser(await find(params.call_id, principal));
        const run = {
          name: params.name,
          arguments: body.arguments,
          ...(body.tool_call_id !== undefined && { toolCallId: body.tool_call_id }),
        };
        const answer = await browserCalls.runTool(found.callId, run, signal);
        const { result, output, phase, ends, say = null } = answer;
        return json({ call_id: found.callId, tool: params.name, result, output, phase, ends, say });
      },
    ),
  ];
}

function viewOf({ line: index, verdict, say }: JudgedLine): z.infer<typeof judged> {
  const text = "text" in verdict ? verdict.text : undefined;
  return { line: index, kind: verdict.kind, rule: verdict.rule, say: say ?? text ?? null };
}
