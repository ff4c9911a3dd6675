// The signed cookie a person gets for a key, so that a page needs not to keep the key itself. It holds no secret: which key it
// stands for, a fingerprint of that key, and when it ends. Nothing is stored but the sessions that were left before their end.
import { createHmac, timingSafeEqual } from "node:crypto";
import cookieParser from "cookie-parser";
import type { CookieOptions, Request, Response } from "express";
import type { Clock, Ids } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { State } from "../core/state.ts";
import type { KeyHolder, KeyRing } from "./key-ring.ts";

const SESSION_MS = 12 * 3_600_000;
const NAME = "voicebridge";
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export interface SessionParts {
  readonly keys: KeyRing;
  readonly state: Pick<State, "put" | "get">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Signs cookies; read when the first is needed. */
  readonly secret: () => string;
  readonly sameSite: "strict" | "lax" | "none";
  /** Our own public origin, which is https even where the proxy before us does not tell. */
  readonly publicOrigin?: string;
}

export interface Session {
  readonly holder: KeyHolder;
  /** To be sent as X-CSRF-Token by pages that cannot show where they come from. */
  readonly csrfToken: string;
  readonly expiresAt: Date;
}

export interface Sessions {
  /** Opens a session and sets its cookie. */
  open(holder: KeyHolder, request: Request, response: Response): Session;
  /** The session of a request's cookie, if it is a good one. */
  of(request: Request): Promise<Session | undefined>;
  /** Ends the session of the request, everywhere, and clears its cookie. */
  close(request: Request, response: Response): Promise<void>;
}

/** What is signed: session, expiry (s since the epoch), key, fingerprint of the key. */
interface Claims {
  readonly s: string;
  readonly e: number;
  readonly r: string;
  readonly f: string;
}

export function createSessions({ keys, state, clock, ids, log, secret, ...options }: SessionParts): Sessions {
  const mac = (purpose: string, text: string): string =>
    createHmac("sha256", secret()).update(`${purpose}:${text}`).digest("base64url");
  const leftKey = (session: string): string => `session-left:${session}`;
  let parse: ReturnType<typeof cookieParser> | undefined;
  let warned = false;

  function isSecure(request: Request): boolean {
    if (request.secure) return true;
    const { publicOrigin } = options;
    return publicOrigin?.startsWith("https:") === true && new URL(publicOrigin).host === request.get("host");
  }

  function cookie(request: Request): { readonly name: string; readonly options: CookieOptions } {
    const secure = isSecure(request);
    // A browser takes SameSite=None only together with Secure.
    const sameSite = options.sameSite === "none" && !secure ? "lax" : options.sameSite;
    return {
      // The prefix binds the cookie to this very host and to https: no neighbour can set one.
      name: secure ? `__Host-${NAME}` : NAME,
      options: { httpOnly: true, secure, sameSite, path: "/", signed: true },
    };
  }

  function warn(request: Request): void {
    if (warned || isSecure(request) || LOOPBACK.test(request.hostname)) return;
    warned = true;
    log.warn("a session was opened over plain http: whoever is between can take it over; use https");
  }

  function claimsOf(request: Request): Claims | undefined {
    parse ??= cookieParser(secret());
    // It reads the headers once and keeps what it found at the request.
    if (request.signedCookies === undefined) parse(request, undefined as never, () => undefined);
    const value: unknown = (request.signedCookies as Record<string, unknown>)[cookie(request).name];
    if (typeof value !== "string") return undefined;
    try {
      // It was signed by us, so that its shape needs no checking.
      return JSON.parse(Buffer.from(value, "base64url").toString()) as Claims;
    } catch {
      return undefined;
    }
  }

  const sessionFrom = (claims: Claims, holder: KeyHolder): Session => ({
    holder,
    csrfToken: mac("csrf", claims.s),
    expiresAt: new Date(claims.e * 1000),
  });

  return {
    open(holder, request, response) {
      warn(request);
      const e = Math.floor((+clock.date() + SESSION_MS) / 1000);
      const claims: Claims = { s: ids.token(), e, r: holder.ref, f: mac("key", holder.hash) };
      const { name, options: attributes } = cookie(request);
      // Express signs with the secret that cookie-parser leaves at the request.
      claimsOf(request);
      response.cookie(name, Buffer.from(JSON.stringify(claims)).toString("base64url"), {
        ...attributes,
        maxAge: SESSION_MS,
      });
      return sessionFrom(claims, holder);
    },
    async of(request) {
      const claims = claimsOf(request);
      if (!claims || claims.e * 1000 <= +clock.date()) return undefined;
      const holder = await keys.holder(claims.r);
      // The key may have been revoked, or another one may stand in its place by now.
      if (!holder || !sameText(mac("key", holder.hash), claims.f)) return undefined;
      if ((await state.get(leftKey(claims.s))) !== undefined) return undefined;
      return sessionFrom(claims, holder);
    },
    async close(request, response) {
      const claims = claimsOf(request);
      const { name, options: attributes } = cookie(request);
      response.clearCookie(name, attributes);
      const left = claims ? claims.e * 1000 - +clock.date() : 0;
      if (claims && left > 0) await state.put(leftKey(claims.s), true, left);
    },
  };
}

export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
