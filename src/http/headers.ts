// The headers every answer carries, and who among other sites may read answers at all.
import cors from "cors";
import type { RequestHandler } from "express";
import helmet from "helmet";

/** Nothing may be loaded and nobody may frame it. A page that needs more says so itself, in its own answer. */
const NOTHING = ["'none'"];

export function securityHeaders(): RequestHandler {
  const secure = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: NOTHING, baseUri: NOTHING, formAction: NOTHING, frameAncestors: NOTHING },
    },
    // Only over https does it mean anything, and only a trusted proxy may say that it was.
    strictTransportSecurity: false,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
  });
  return (request, response, next) => {
    response.set("Cache-Control", "no-store");
    if (request.secure) response.set("Strict-Transport-Security", "max-age=31536000");
    secure(request, response, next);
  };
}

/** For exactly these origins, with credentials. Others get no CORS header, which is a no to their pages. */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  const allow = cors({
    origin: true, // Asked only for those of the list.
    credentials: true,
    methods: ["GET", "POST", "PATCH", "DELETE"],
    allowedHeaders: ["Authorization", "Content-Type", "X-CSRF-Token", "Idempotency-Key", "Last-Event-ID"],
    exposedHeaders: ["Retry-After", "Location"],
    maxAge: 600,
  });
  return (request, response, next) => {
    if (origins.length > 0) response.vary("Origin");
    const origin = request.get("origin");
    if (origin !== undefined && origins.includes(origin)) allow(request, response, next);
    else next();
  };
}
