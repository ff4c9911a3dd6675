// Sessions of people: a key is given once, a cookie stands for it afterwards. The cookie itself is http/'s business.
import type { Request, Response } from "express";
import { z } from "zod";
import { READERS, empty, json, route, type Route } from "./define-route.ts";
import type { Principal } from "../core/access.ts";

export interface Session {
  readonly holder: { readonly principal: Principal };
  readonly csrfToken: string;
  readonly expiresAt: Date;
}

export interface Sessions {
  /** @throws Problem when the key is not good. */
  logIn(key: string, request: Request, response: Response): Promise<Session>;
  logOut(request: Request, response: Response): Promise<void>;
  sessionOf(request: Request): Promise<Session | undefined>;
}

const me = z.strictObject({
  name: z.string(),
  role: z.enum(["admin", "organization", "read"]),
  org_id: z.string().nullable(),
  /** Of the session; null for the bearer of a key. */
  csrf_token: z.string().nullable(),
  expires_at: z.iso.datetime().nullable(),
});

export function signInRoutes({ sessions }: { readonly sessions: Sessions }): Route[] {
  return [
    route(
      {
        method: "post",
        path: "/login",
        summary: "Opens a session for a key",
        description:
          "Sets a cookie. A form is answered with a redirect to /. `GET` shows the page that asks for the key.",
        tag: "sessions",
        access: "public",
        body: z.strictObject({ key: z.string().min(1).max(256) }),
        forms: true,
        answers: {
          200: { description: "Who is logged in.", schema: me },
          303: { description: "For forms: the start page comes next." },
        },
      },
      async ({ body, request, response }) => {
        const session = await sessions.logIn(body.key, request, response);
        if (request.is("application/x-www-form-urlencoded")) return empty(303, { Location: "/" });
        return json(viewOf(session.holder.principal, session));
      },
    ),
    route(
      {
        method: "post",
        path: "/logout",
        summary: "Ends the session",
        tag: "sessions",
        access: "public",
        body: z.strictObject({}),
        forms: true,
        answers: { 204: { description: "No session any more, if there was one." } },
      },
      async ({ request, response }) => {
        await sessions.logOut(request, response);
        return empty();
      },
    ),
    route(
      {
        method: "get",
        path: "/api/session",
        summary: "Whose session it is, if there is one",
        description: "For pages, which cannot see the cookie: nobody is no error.",
        tag: "sessions",
        access: "public",
        answers: { 200: { description: "As /api/me, or null.", schema: z.strictObject({ session: me.nullable() }) } },
      },
      async ({ request }) => {
        const session = await sessions.sessionOf(request);
        return json({ session: session ? viewOf(session.holder.principal, session) : null });
      },
    ),
    route(
      {
        method: "get",
        path: "/api/me",
        summary: "Who asks",
        tag: "sessions",
        access: READERS,
        answers: { 200: { description: "Name, role and organization; of a session its CSRF token.", schema: me } },
      },
      async ({ principal, request }) => json(viewOf(principal, await sessions.sessionOf(request))),
    ),
  ];
}

function viewOf({ name, role, orgId }: Principal, session: Session | undefined): z.infer<typeof me> {
  return {
    name,
    role,
    org_id: orgId ?? null,
    csrf_token: session?.csrfToken ?? null,
    expires_at: session?.expiresAt.toISOString() ?? null,
  };
}
