// The signed cookie a person gets for a key, so that a page needs not to keep the key itself. It holds no secret: which key it
// stands for, a fingerprint of that key, and when it ends. Nothing is stored but the sessions that were left before their end.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Request, Response } from "express";
import type { Clock, Ids } from "../core/clock.ts";
import type { State } from "../core/state.ts";
import type { Cookies } from "./cookies.ts";
import type { KeyHolder, KeyRing } from "./key-ring.ts";

const SESSION_MS = 12 * 3_600_000;
const NAME = "voicebridge";

export interface SessionParts {
  readonly keys: KeyRing;
  readonly state: Pick<State, "put" | "get">;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Signs as the cookies are signed. */
  readonly secret: () => string;
  readonly cookies: Cookies;
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

export function createSessions({ keys, state, clock, ids, secret, cookies }: SessionParts): Sessions {
  const mac = (purpose: string, text: string): string =>
    createHmac("sha256", secret()).update(`${purpose}:${text}`).digest("base64url");
  const leftKey = (session: string): string => `session-left:${session}`;

  function claimsOf(request: Request): Claims | undefined {
    const value = cookies.read(request, NAME);
    if (value === undefined) return undefined;
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
      const e = Math.floor((+clock.date() + SESSION_MS) / 1000);
      const claims: Claims = { s: ids.token(), e, r: holder.ref, f: mac("key", holder.hash) };
      const value = Buffer.from(JSON.stringify(claims)).toString("base64url");
      cookies.write(request, response, { name: NAME, value, maxAgeMs: SESSION_MS });
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
      cookies.clear(request, response, NAME);
      const left = claims ? claims.e * 1000 - +clock.date() : 0;
      if (claims && left > 0) await state.put(leftKey(claims.s), true, left);
    },
  };
}

export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
