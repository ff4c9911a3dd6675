// What belongs to the sockets that browsers talk over and is asked for over HTTP: tickets for them, which are open, and the end of one.
import type { Request, Response } from "express";
import { z } from "zod";
import { ANYONE, sees, type Admission, type Principal } from "../core/access.ts";
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

/** The sockets of whoever came without a key. */
export interface Strangers {
  /** @throws Problem 403 for the page of another site. */
  socketsOf(request: Request): {
    /** False where many may share what they are told apart by. */
    readonly isTold: boolean;
    has(call: { readonly sessionId: string; readonly callId: string }): Promise<boolean>;
  };
}

export interface TalkParts {
  readonly strangers: Strangers;
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

type OpenSocket = LiveCall & { readonly sessionId: string };

export function talkRoutes({ tickets, strangers, state, control }: TalkParts): Route[] {
  /** Those of one's own organization; of a stranger, those of their own. */
  async function sockets(principal: Principal, request: Request, session?: string): Promise<readonly OpenSocket[]> {
    const seen = (await state.live()).flatMap((call) => {
      const sessionId = socketCarrierId.sessionOf(call.carrierId);
      const isMeant = sessionId !== undefined && (session ?? sessionId) === sessionId;
      return call.channel === "browser" && isMeant && sees(principal, call.orgId) ? [{ ...call, sessionId }] : [];
    });
    if (principal !== ANYONE) return seen;
    const mine = strangers.socketsOf(request);
    const whether = await Promise.all(seen.map((one) => mine.has(one)));
    return seen.filter((_one, n) => whether[n]);
  }

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
        description:
          "Over all instances; those of one's own organization. Whoever needs no key sees their own: by the cookie of a visitor, and " +
          "without one only how many the address has.",
        tag: "conversation",
        access: { ...READERS, group: "conversation" },
        answers: {
          200: {
            description: "The sockets.",
            schema: z.strictObject({ count: z.int(), sockets: z.array(socket) }),
          },
        },
      },
      async ({ principal, request }) => {
        const mine = await sockets(principal, request);
        const isTold = principal !== ANYONE || strangers.socketsOf(request).isTold;
        return json({
          count: mine.length,
          sockets: (isTold ? mine : []).map(({ sessionId, callId, orgId, instance, startedAt }) => ({
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
        access: TALKERS,
        params: z.strictObject({ session_id: z.string().regex(SESSION_ID) }),
        body: z.strictObject({}),
        answers: {
          200: {
            description: "It is being closed, and its call is over.",
            schema: z.strictObject({ session_id: z.string(), status: z.literal("disconnected") }),
          },
        },
      },
      async ({ params, principal, request }) => {
        const { session_id } = params;
        const meant = await sockets(principal, request, session_id);
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
