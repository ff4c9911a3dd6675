// The real clock and the real source of ids.
import { randomBytes } from "node:crypto";
import type { Clock, Ids } from "../core/clock.ts";

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

// The time in front makes ids sort by it; 80 random bits behind make them unguessable.
const id = (prefix: string): string =>
  `${prefix}_${Date.now().toString(36).padStart(9, "0")}${randomBytes(10).toString("hex")}`;

export const systemIds: Ids = {
  id,
  callId: () => id("call"),
  token: () => randomBytes(24).toString("base64url"),
};
