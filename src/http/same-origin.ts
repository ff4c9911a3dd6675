// Does a request that a cookie vouches for come from our own pages? A browser sends the cookie along whoever made it ask, so that
// whatever changes something has to show it (OWASP: fetch metadata, with the Origin header for browsers without, or a token).
import type { Request } from "express";

export interface OriginRules {
  /** CORS_ORIGINS: other sites that are ours as well. */
  readonly allowedOrigins: readonly string[];
  /** Our own public origin, when it is known. */
  readonly publicOrigin?: string;
}

/** undefined: the request does not say, as programs do not and very old browsers may not. */
export function comesFromUs(request: Request, { allowedOrigins, publicOrigin }: OriginRules): boolean | undefined {
  const site = request.get("sec-fetch-site");
  const origin = request.get("origin");
  if (site === "same-origin") return true;
  if (origin !== undefined && (allowedOrigins.includes(origin) || origin === publicOrigin)) return true;
  if (site !== undefined) return false;
  if (origin === undefined) return undefined;
  // A page cannot choose the Host its browser sends, and a browser leaves out no Origin where it would matter.
  return URL.canParse(origin) && new URL(origin).host === request.get("host");
}

export const changesNothing = (method: string): boolean => ["GET", "HEAD", "OPTIONS"].includes(method);
