// The beginning and the end of calls as the call platform's clients ask for them: a session to talk to the engine, start, end, and
// the phase in between.
import { z } from "zod";
import { sees, type Principal } from "../core/access.ts";
import { isReported, type CallRecord } from "../core/call.ts";
import { Problem } from "../core/problem.ts";
import { anyCallId, callDetail, callPhase, callStatus, metadata } from "../wire/rest/call.ts";
import { ORG_ID } from "../wire/rest/organization.ts";
import { callParams } from "./calls.ts";
import { detailOf } from "./call-view.ts";
import { json, route, WRITERS, type Route } from "./define-route.ts";
import type { Conversations } from "./conversation.ts";
import type { FindCall } from "./find-call.ts";
import type { BrowserCalls, Organizations } from "./ports.ts";

/** Ends a phone call on whichever instance it is, and waits for its record. @throws Problem */
export type EndPhoneCall = (record: CallRecord, signal: AbortSignal) => Promise<CallRecord>;

export interface CallLifeParts {
  readonly browserCalls: BrowserCalls;
  readonly organizations: Pick<Organizations, "get">;
  readonly find: FindCall;
  readonly endPhoneCall: EndPhoneCall;
  readonly conversations: Pick<Conversations, "end">;
}

const orgId = z.string().regex(ORG_ID, "must be an organization's id");
const ended = z.strictObject({
  call_id: z.string(),
  status: callStatus,
  ended_at: z.iso.datetime(),
  duration_seconds: z.number(),
});
const begun = z.strictObject({
  call_id: z.string(),
  status: callStatus,
  phase: callPhase,
  started_at: z.iso.datetime(),
});

export function callLifeRoutes({
  browserCalls,
  organizations,
  find,
  endPhoneCall,
  conversations,
}: CallLifeParts): Route[] {
  /** @throws Problem 404 for one that there is not, or not for this principal. */
  async function known(id: string, principal: Principal): Promise<string> {
    if (!sees(principal, id) || !(await organizations.get(id))) throw new Problem(404, "There is no such organization");
    return id;
  }

  return [
    route(
      {
        method: "post",
        path: "/api/realtime/session",
        summary: "A session in which a browser talks to OpenAI Realtime itself",
        description:
          "Mints a short-lived client secret. The session has the organization's instructions, voice, turn-taking and tools; its call is registered and has to be started soon.",
        tag: "browser calls",
        access: WRITERS,
        body: z.strictObject({ org_id: orgId }),
        answers: {
          200: {
            description: "The session. Times are seconds since the epoch.",
            schema: z.strictObject({
              session_id: z.string(),
              call_id: z.string(),
              client_secret: z.strictObject({ value: z.string(), expires_at: z.number() }),
              model: z.string(),
              expires_at: z.number(),
            }),
          },
        },
      },
      async ({ body, principal, signal }) => {
        const minted = await browserCalls.mint(await known(body.org_id, principal), signal);
        return json({
          session_id: minted.sessionId,
          call_id: minted.callId,
          client_secret: { value: minted.secret, expires_at: minted.expiresAt },
          model: minted.model,
          expires_at: minted.expiresAt,
        });
      },
    ),
    route(
      {
        method: "post",
        path: "/api/call/start",
        summary: "Starts a call",
        description:
          "With the session_id of a minted session its call is started; the same session_id again gives the same call.",
        tag: "browser calls",
        access: WRITERS,
        body: z.strictObject({
          org_id: orgId,
          session_id: z
            .string()
            .regex(/^[\w.:-]{1,128}$/, "must be a session's id")
            .optional(),
          metadata: metadata.optional(),
        }),
        idempotent: true,
        answers: { 201: { description: "The call.", schema: begun } },
      },
      async ({ body, principal }) => {
        const { record } = await browserCalls.start({
          orgId: await known(body.org_id, principal),
          ...(body.session_id !== undefined && { sessionId: body.session_id }),
          ...(body.metadata !== undefined && { metadata: body.metadata }),
        });
        const { callId, status, phase, startedAt } = record;
        return json({ call_id: callId, status, phase, started_at: startedAt }, 201);
      },
    ),
    route(
      {
        method: "post",
        path: "/api/call/end",
        summary: "Ends a call",
        description: "Transcript, intake, escalations and flags are kept. A second time the answer is the same.",
        tag: "browser calls",
        access: WRITERS,
        body: z.strictObject({ call_id: anyCallId, reason: z.string().max(200).optional() }),
        answers: { 200: { description: "The call as it ended.", schema: ended } },
      },
      async ({ body, principal, signal }) => {
        const found = await find(body.call_id, principal);
        const end = (): Promise<CallRecord> => {
          if (isReported(found)) return browserCalls.end(found.callId, body.reason);
          if (found.channel === "text") return conversations.end(found.callId, principal, signal);
          return endPhoneCall(found, signal);
        };
        const record = found.status === "completed" ? found : await end();
        const { callId, status, endedAt = record.startedAt, durationSeconds = 0 } = record;
        return json({ call_id: callId, status, ended_at: endedAt, duration_seconds: durationSeconds });
      },
    ),
    route(
      {
        method: "patch",
        path: "/api/calls/{call_id}",
        summary: "Moves a browser call to another phase",
        description: "Only legal moves; `completed` ends the call. The phase of a phone call follows its conversation.",
        tag: "browser calls",
        access: WRITERS,
        params: callParams,
        body: z.strictObject({ phase: callPhase }),
        answers: { 200: { description: "The call.", schema: callDetail } },
      },
      async ({ params, body, principal }) => {
        const { callId } = requireBrowser(await find(params.call_id, principal));
        await browserCalls.move(callId, body.phase);
        return json(detailOf(await find(callId, principal)));
      },
    ),
  ];
}

/** What a browser sends back belongs to calls of browsers alone: those of phones are heard here. */
export function requireBrowser(record: CallRecord): CallRecord {
  if (!isReported(record)) throw new Problem(409, "This call is heard here: it keeps its own record");
  return record;
}
