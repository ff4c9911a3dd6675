// The way in for a browser's call: is there room for one more, and its registration everywhere a call is known.
import type { CallRecord } from "../core/call.ts";
import { Problem } from "../core/problem.ts";
import { roomOf } from "../organizations/places.ts";
import { newCall, type BrowserCall } from "./browser-call.ts";
import type { BrowserCallParts } from "./browser-call-parts.ts";
import type { Publish } from "./browser-escalations.ts";
import type { SharedValues } from "./shared-value.ts";

export interface BrowserAdmissionParts extends Omit<
  BrowserCallParts,
  "mint" | "judge" | "took" | "isShared" | "instance"
> {
  readonly calls: Pick<SharedValues<BrowserCall>, "create">;
  readonly keep: (call: BrowserCall) => Promise<CallRecord>;
  readonly publish: Publish;
  /** This instance looks after the call from now on. */
  readonly hold: (call: BrowserCall) => Promise<void>;
  /** Calls that this instance watches over. */
  readonly active: () => number;
}

/** A session's id leads to its call for so long, whatever becomes of the call. ms. */
const SESSION_MS = 2 * 3_600_000;

/** Who claimed a session registers its call in a moment, or not at all. ms. */
const CLAIM_MS = 2000;
const LOOK_AGAIN_MS = 20;

export function createBrowserAdmission(parts: BrowserAdmissionParts) {
  const { store, state, clock, ids, log, meter, limits } = parts;
  const sessionKey = (orgId: string, sessionId: string): string => `browser-session:${orgId}:${sessionId}`;
  let closed = false;

  return {
    /** The id of a call that has a place. @throws Problem 429, 503 when there is no room for one more. */
    async requireRoom(orgId: string): Promise<string> {
      if (closed) throw new Problem(503, "The server takes no new calls", { "Retry-After": "5" });
      if (parts.active() >= limits.maxCalls) {
        meter.count("voice_admission_rejected_total", { cause: "busy" });
        throw new Problem(503, "The server has as many calls as it takes", { "Retry-After": "30" });
      }
      const callId = ids.callId();
      const { concurrentCalls } = await parts.kitOf(orgId);
      if (concurrentCalls === undefined) return callId;
      if (concurrentCalls === 0) {
        meter.count("voice_admission_rejected_total", { cause: "organization" });
        throw new Problem(429, "The organization's limits of the day are reached", { "Retry-After": "3600" });
      }
      // Any instance may go on with the call, and one of them ends it: its place is not tied to this one's life.
      if (await state.takePlace(roomOf(orgId), callId, concurrentCalls, limits.maxCallMs)) return callId;
      meter.count("voice_admission_rejected_total", { cause: "organization" });
      throw new Problem(429, "The organization has as many calls as it may have", { "Retry-After": "30" });
    },
    async register(
      callId: string,
      orgId: string,
      sessionId: string | undefined,
      more: Pick<BrowserCall, "started" | "metadata">,
    ): Promise<{ readonly call: BrowserCall; readonly record: CallRecord }> {
      const { maxCallMs: maxMs } = await parts.kitOf(orgId);
      const now = clock.date();
      const ends = { from: "", to: "", channel: "browser", direction: "inbound" } as const;
      const party = { callId, carrierId: callId, orgId, ...ends };
      const call = newCall(party, sessionId ?? callId, now, { ...more, maxMs });
      await parts.calls.create(callId, call);
      if (sessionId !== undefined) await state.put(sessionKey(orgId, sessionId), callId, SESSION_MS);
      // The record names no instance: any of them can go on with the call.
      store.open(party, now);
      await parts.hold(call);
      meter.count("voice_calls_started_total", { direction: "inbound", channel: "browser" });
      log.info("browser call begins", { callId, org: orgId });
      parts.publish(call, "call.started", { channel: "browser", phase: call.phase, heard_here: false });
      return { call, record: await parts.keep(call) };
    },
    /**
     * The call that a session of the organization belongs to, or undefined when it has none: then whoever asked is to register
     * one, and nobody else gets that answer meanwhile. @throws Problem 409
     */
    async claim(orgId: string, sessionId: string): Promise<string | undefined> {
      const key = sessionKey(orgId, sessionId);
      const deadline = clock.now() + CLAIM_MS;
      do {
        const known = await state.get(key);
        if (typeof known === "string") return known;
        if (await state.first(`${key}:claim`, CLAIM_MS)) return undefined;
        await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
      } while (clock.now() < deadline);
      throw new Problem(409, "A call of this session is just being started", { "Retry-After": "1" });
    },
    /** Nobody comes in from now on. */
    close: () => void (closed = true),
  };
}
