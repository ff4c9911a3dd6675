// Call records: the newest ones as a list, one with everything that is known of it, and its deletion.
import { z } from "zod";
import { sees } from "../core/access.ts";
import type { Log } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import type { CallStore } from "../core/stores.ts";
import { anyCallId, callDetail, callPhase, callStatus, callSummary } from "../wire/rest/call.ts";
import { ORG_ID } from "../wire/rest/organization.ts";
import { detailOf, summaryOf } from "./call-view.ts";
import { empty, json, READERS, route, WRITERS, type Route } from "./define-route.ts";
import type { FindCall } from "./find-call.ts";
import type { BrowserCalls, Erasure } from "./ports.ts";

const moment = z.iso
  .datetime({ offset: true, error: "must be a time such as 2026-12-01T08:00:00Z" })
  .transform((text) => new Date(text));

/** How a list of calls is read page by page. */
export const pages = (most: number, usual: number) => ({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(1).max(most))
    .default(usual),
  cursor: z
    .string()
    .regex(/^call_[0-9a-z]{1,64}$/, "is not one that this list gave out")
    .optional(),
});

const listQuery = z.strictObject({
  ...pages(200, 50),
  org_id: z.string().regex(ORG_ID, "must be an organization's id").optional(),
  status: callStatus.optional(),
  phase: callPhase.optional(),
  escalated: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional(),
  /** By start: from this moment on, and before that one. */
  from: moment.optional(),
  to: moment.optional(),
  text: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .refine((text) => !/\0|\p{Surrogate}/u.test(text), "holds a NUL or half a character")
    .meta({
      description:
        "Calls in which every one of these words begins a word of one and the same turn or reply, as it was heard (case, order and punctuation aside); or with this part of a number; or with this id.",
    })
    .optional(),
});

export const callParams = z.strictObject({ call_id: anyCallId });

export interface CallRouteParts {
  readonly store: CallStore;
  readonly find: FindCall;
  readonly erasure: Erasure;
  readonly browserCalls: Pick<BrowserCalls, "forget">;
  readonly log: Log;
}

export function callRoutes({ store, find, erasure, browserCalls, log }: CallRouteParts): Route[] {
  return [
    route(
      {
        method: "get",
        path: "/api/calls",
        summary: "Calls, newest first",
        tag: "calls",
        access: READERS,
        query: listQuery,
        answers: {
          200: {
            description: "Calls, and the cursor that brings the next ones, or null.",
            schema: z.strictObject({ calls: z.array(callSummary), next_cursor: z.string().nullable() }),
          },
        },
      },
      async ({ query, principal }) => {
        const { limit, cursor, org_id: wanted, status, phase, escalated, from, to, text } = query;
        // The organization that is asked for; whoever has one of their own sees no other, and is not told whether there is one.
        if (wanted !== undefined && !sees(principal, wanted)) return json({ calls: [], next_cursor: null });
        const orgId = wanted ?? principal.orgId;
        const found = await store.list({
          limit: limit + 1,
          ...(cursor !== undefined && { before: cursor }),
          ...(orgId !== undefined && { orgId }),
          ...(status !== undefined && { status }),
          ...(phase !== undefined && { phase }),
          ...(escalated !== undefined && { escalated }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
          ...(text !== undefined && { text }),
        });
        const calls = found.slice(0, limit).map(summaryOf);
        return json({ calls, next_cursor: found.length > limit ? (calls.at(-1)?.call_id ?? null) : null });
      },
    ),
    route(
      {
        method: "get",
        path: "/api/calls/{call_id}",
        summary: "One call, with transcript, intake and escalation",
        description: "By its id or by the carrier's (CallSid).",
        tag: "calls",
        access: READERS,
        params: callParams,
        answers: { 200: { description: "The call.", schema: callDetail } },
      },
      async ({ params, principal }) => json(detailOf(await find(params.call_id, principal))),
    ),
    route(
      {
        method: "delete",
        path: "/api/calls/{call_id}",
        summary: "Deletes a call and everything that belongs to it",
        description: "Transcript, events, escalations, intake and recording. A live call has to end first.",
        tag: "calls",
        access: WRITERS,
        params: callParams,
        answers: { 204: { description: "Gone." } },
      },
      async ({ params, principal }) => {
        const record = await find(params.call_id, principal);
        if (record.status === "in-progress") throw new Problem(409, "The call is live: end it first");
        await erasure.removeCall(record.callId);
        await browserCalls.forget(record.callId);
        log.info("a call was deleted", { by: principal.name, call: record.callId });
        return empty();
      },
    ),
  ];
}
