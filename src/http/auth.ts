// Who may use the management routes: bearers of a key. Keys are compared as digests, so that the time taken tells nothing of
// them. Loopback is not trusted: behind a tunnel everybody is local.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Request, RequestHandler } from "express";
import type { Meter } from "../core/observe.ts";
import type { Role } from "../core/access.ts";
import { Problem } from "../core/problem.ts";

export interface ApiKey {
  readonly name: string;
  readonly role: Role;
  readonly key: string;
}

export interface KeyGuard {
  /** Lets keys of these roles through; others get 401 or 403. */
  require(roles: readonly Role[]): RequestHandler;
  /** True for a request that bears any key. */
  isKnown(request: Request): boolean;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

export function bearerOf(request: Request): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.get("authorization") ?? "")?.[1];
}

/** True for a request that bears this very token; without one nobody does. */
export function isBearer(request: Request, token: string | undefined): boolean {
  const given = bearerOf(request);
  return token !== undefined && given !== undefined && timingSafeEqual(digest(given), digest(token));
}

export function createKeyGuard(keys: readonly ApiKey[], meter: Meter): KeyGuard {
  const known = keys.map(({ role, key }) => ({ role, digest: digest(key) }));

  function roleOf(request: Request): Role | undefined {
    const given = bearerOf(request);
    if (given === undefined) return undefined;
    const wanted = digest(given);
    let found: Role | undefined;
    // All keys are looked at, whichever fits.
    for (const { role, digest: one } of known) if (timingSafeEqual(one, wanted)) found = role;
    return found;
  }

  return {
    isKnown: (request) => roleOf(request) !== undefined,
    require: (roles) => (request, _response, next) => {
      const role = roleOf(request);
      if (role === undefined) {
        meter.count("voice_auth_failures_total", { surface: "api" });
        const hint =
          keys.length === 0
            ? "No key is configured: set API_KEYS on the server"
            : "Send a key: Authorization: Bearer <key>";
        throw new Problem(401, hint, { "WWW-Authenticate": 'Bearer realm="api"' });
      }
      if (!roles.includes(role)) throw new Problem(403, "This key may not do that");
      next();
    },
  };
}
