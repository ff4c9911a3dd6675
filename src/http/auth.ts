// The bearer token of a request, and whether it is one that is known beforehand.
import { timingSafeEqual } from "node:crypto";
import type { Request } from "express";
import { sha256 } from "./key-ring.ts";

export function bearerOf(request: Request): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.get("authorization") ?? "")?.[1];
}

/** True for a request that bears this very token; without one nobody does. */
export function isBearer(request: Request, token: string | undefined): boolean {
  const given = bearerOf(request);
  if (token === undefined || given === undefined) return false;
  return timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(token)));
}
