// Browsers without a key, told apart by a signed cookie with nothing in it but an unguessable name. It goes with the browser's own
// session; what belongs to the name is kept elsewhere.
import type { Request, Response } from "express";
import type { Ids } from "../core/clock.ts";
import { Problem } from "../core/problem.ts";
import type { Cookies } from "./cookies.ts";
import { comesFromUs, type OriginRules } from "./same-origin.ts";

const NAME = "voicebridge-visitor";
/** The signature covers the value alone: what another cookie of ours holds must not pass for a visitor. */
const VISITOR = /^visitor:([\w-]+)$/;

export interface VisitorParts {
  readonly cookies: Cookies;
  readonly ids: Pick<Ids, "token">;
  readonly rules: OriginRules;
}

export function createVisitors({ cookies, ids, rules }: VisitorParts) {
  function visitorOf(request: Request): string | undefined {
    // A browser sends the cookie for whichever page makes it ask.
    if (comesFromUs(request, rules) === false) {
      throw new Problem(403, "This page's origin is not one of CORS_ORIGINS");
    }
    return VISITOR.exec(cookies.read(request, NAME) ?? "")?.[1];
  }

  return {
    visitorOf,
    welcome(request: Request, response: Response): string {
      const known = visitorOf(request);
      if (known !== undefined) return known;
      const visitor = ids.token();
      cookies.write(request, response, { name: NAME, value: `visitor:${visitor}` });
      return visitor;
    },
  };
}
