// What belongs to the sockets that browsers talk over and is asked for over HTTP: tickets for them, which are open, and the end of one.
import type { Request, Response } from "express";
import { z } from "zod";
import { sees, type Admission } from "../core/access.ts";
import type { ControlCall } from "../core/control.ts";
import { Problem } from "../core/problem.ts";
import type { LiveCall, State } from "../core/state.ts";
import { SESSION_ID, socketCarrierId } from "../wire/browser.ts";
import { json, READERS, route, WRITERS, type Route } from "./define-route.ts";

/** Who may open a socket, and ask for a ticket to one. */
export const TALKERS: Admission = { ...WRITERS, group: "conversation" };
/** What a ticket of ours opens. */
export const TALK_PURPOSE = "voice-agent";

export interface TicketIssuer {
  issueTicket(
    request: Request,
    response: Response,
    purpose: string,
  ): Promise<{ readonly ticket: string; readonly expiresAt: Date }>;
}

export interface TalkParts {
  readonly tickets: TicketIssuer;
  readonly state: Pick<State, "live">;
  readonly control: ControlCall;
}

const socket = z.strictObject({
  session_id: z.string(),
  call_id: z.string(),
  organization: z.string(),
  instance: z.string(),
  connected_at: z.iso.datetime(),
});

export function talkRoutes({ tickets, state, control }: TalkParts): Route[] {
  const sockets = async (): Promise<(LiveCall & { readonly sessionId: string })[]> =>
    (await state.live()).flatMap((call) => {
      const sessionId = socketCarrierId.sessionOf(call.carrierId);
      return call.channel === "browser" && sessionId !== undefined ? [{ ...call, sessionId }] : [];
    });

  return [
    route(
      {
        method: "post",
        path: "/api/tickets",
        summary: "A ticket for a socket",
        description:
          "Stands in the address of `/ws/voice-agent/{session_id}` (`?ticket=...`) instead of a key, opens one socket within 60 seconds, and is worth nothing then.",
        tag: "conversation",
        access: TALKERS,
        body: z.strictObject({}),
        answers: {
          201: {
            description: "The ticket.",
            schema: z.strictObject({ ticket: z.string(), expires_at: z.iso.datetime() }),
          },
        },
      },
      async ({ request, response }) => {
        const { ticket, expiresAt } = await tickets.issueTicket(request, response, TALK_PURPOSE);
        return json({ ticket, expires_at: expiresAt.toISOString() }, 201);
      },
    ),
    route(
      {
        method: "get",
        path: "/ws/status",
        summary: "Which sockets are open",
        description: "Over all instances; those of one's own organization.",
        tag: "conversation",
        access: READERS,
        answers: {
          200: {
            description: "The sockets.",
            schema: z.strictObject({ count: z.int(), sockets: z.array(socket) }),
          },
        },
      },
      async ({ principal }) => {
        const mine = (await sockets()).filter(({ orgId }) => sees(principal, orgId));
        return json({
          count: mine.length,
          sockets: mine.map(({ sessionId, callId, orgId, instance, startedAt }) => ({
            session_id: sessionId,
            call_id: callId,
            organization: orgId,
            instance,
            connected_at: startedAt,
          })),
        });
      },
    ),
    route(
      {
        method: "post",
        path: "/ws/disconnect/{session_id}",
        summary: "Closes a session's socket",
        tag: "conversation",
        access: WRITERS,
        params: z.strictObject({ session_id: z.string().regex(SESSION_ID) }),
        body: z.strictObject({}),
        answers: {
          200: {
            description: "It is being closed, and its call is over.",
            schema: z.strictObject({ session_id: z.string(), status: z.literal("disconnected") }),
          },
        },
      },
      async ({ params, principal }) => {
        const { session_id } = params;
        const meant = (await sockets()).filter(
          ({ sessionId, orgId }) => sessionId === session_id && sees(principal, orgId),
        );
        if (meant.length === 0) throw new Problem(404, "There is no such socket");
        const results = await Promise.all(meant.map(({ callId }) => control(callId, { kind: "end" })));
        if (results.includes("unreachable")) {
          throw new Problem(503, "The instance that holds the socket did not answer", { "Retry-After": "2" });
        }
        return json({ session_id, status: "disconnected" });
      },
    ),
  ];
}
