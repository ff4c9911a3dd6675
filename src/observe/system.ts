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

export const systemIds: Ids = {
  // The time in front makes ids sort by it; 80 random bits behind make them unguessable.
  callId: () => `call_${Date.now().toString(36).padStart(9, "0")}${randomBytes(10).toString("hex")}`,
  token: () => randomBytes(24).toString("base64url"),
};
