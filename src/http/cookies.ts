// Signed cookies of ours: their name, where they go, and who may read them follow from how the request came. What stands in them is
// signed, not hidden.
import cookieParser from "cookie-parser";
import type { CookieOptions, Request, Response } from "express";
import type { Log } from "../core/observe.ts";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export interface CookieParts {
  readonly log: Log;
  /** Signs cookies; read when the first is needed. */
  readonly secret: () => string;
  readonly sameSite: "strict" | "lax" | "none";
  /** Our own public origin, which is https even where the proxy before us does not tell. */
  readonly publicOrigin?: string;
}

export interface Cookies {
  /** The value of a cookie that was signed by us. */
  read(request: Request, name: string): string | undefined;
  /** Without `maxAgeMs` it lives as long as the browser's own session. */
  write(request: Request, response: Response, cookie: { name: string; value: string; maxAgeMs?: number }): void;
  clear(request: Request, response: Response, name: string): void;
}

export function createCookies({ log, secret, ...options }: CookieParts): Cookies {
  let parse: ReturnType<typeof cookieParser> | undefined;
  let warned = false;

  function isSecure(request: Request): boolean {
    if (request.secure) return true;
    const { publicOrigin } = options;
    return publicOrigin?.startsWith("https:") === true && new URL(publicOrigin).host === request.get("host");
  }

  /** The prefix binds the cookie to this very host and to https: no neighbour can set one. */
  const named = (request: Request, name: string): string => (isSecure(request) ? `__Host-${name}` : name);

  function attributes(request: Request): CookieOptions {
    const secure = isSecure(request);
    // A browser takes SameSite=None only together with Secure.
    const sameSite = options.sameSite === "none" && !secure ? "lax" : options.sameSite;
    return { httpOnly: true, secure, sameSite, path: "/", signed: true };
  }

  function warn(request: Request): void {
    if (warned || isSecure(request) || LOOPBACK.test(request.hostname)) return;
    warned = true;
    log.warn("a session was opened over plain http: whoever is between can take it over; use https");
  }

  function signedCookies(request: Request): Record<string, unknown> {
    parse ??= cookieParser(secret());
    // It reads the headers once and keeps what it found at the request, with the secret that Express signs with.
    if (request.signedCookies === undefined) parse(request, undefined as never, () => undefined);
    return request.signedCookies as Record<string, unknown>;
  }

  return {
    read(request, name) {
      const value = signedCookies(request)[named(request, name)];
      return typeof value === "string" ? value : undefined;
    },
    write(request, response, { name, value, maxAgeMs }) {
      warn(request);
      signedCookies(request);
      response.cookie(named(request, name), value, {
        ...attributes(request),
        ...(maxAgeMs !== undefined && { maxAge: maxAgeMs }),
      });
    },
    clear: (request, response, name) => void response.clearCookie(named(request, name), attributes(request)),
  };
}
