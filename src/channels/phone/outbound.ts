// Places calls. Everything that could go wrong with that is asked about first, and what cannot be asked forbids the call: the number,
// the do-not-call list, the caps of the day, a free line. What the agent does once somebody answers is not its business.
import { createHash } from "node:crypto";
import type { CallParty, CallRecord } from "../../core/call.ts";
import type { Clock, Ids } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { OutboundPlan, OutboundRequest, PlaceCall } from "../../core/outbound.ts";
import { InvalidRequest, Problem } from "../../core/problem.ts";
import type { State } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import { homeCountries, judgeDestination } from "./destinations.ts";
import { createDoNotCall } from "./do-not-call.ts";
import { VOICE_PATHS } from "./paths.ts";
import { CarrierError, type CarrierApi } from "./rest.ts";
import type { PhoneCalls } from "./calls.ts";

/** What the operator allows. */
export interface OutboundRules {
  /** TWILIO_PHONE_NUMBER; without one nothing is dialled. */
  readonly from: string | undefined;
  /** ISO 3166-1 codes; undefined: the country of `from`. */
  readonly countries: readonly string[] | undefined;
  /** Calls placed in a UTC day; 0: none. */
  readonly perDay: number;
  readonly perNumberPerDay: number;
  readonly doNotCallFile: string | undefined;
  /** Seconds after which the carrier ends an answered call whatever we do. */
  readonly longestSeconds: number;
}

export interface OutboundOptions {
  readonly rules: OutboundRules;
  readonly webhookUrl: string;
  readonly state: Pick<State, "hit" | "put" | "get" | "drop">;
  readonly store: CallStore;
  readonly calls: Pick<PhoneCalls, "admit" | "abandon">;
  readonly api: Pick<CarrierApi, "dial">;
  /** The carrier has told of its end already, which it may do before it has answered us. */
  readonly wasOver: (carrierId: string) => boolean;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Outbound {
  readonly place: PlaceCall;
  /** What an answered call is for; its slot is free again for the stream. Undefined for a call that nobody planned, or long ago. */
  readonly answered: (callId: string) => Promise<OutboundPlan | undefined>;
  /** The carrier says that nobody answered. */
  readonly over: (record: Pick<CallRecord, "callId" | "direction" | "status">) => void;
  close(): void;
}

const RING_SECONDS = 30;
/** The carrier may queue a call behind others of the account, and it has to ring. */
const PLAN_MS = 600_000;
const SLOT_MS = (RING_SECONDS + 30) * 1000;
const DAY_MS = 86_400_000;

export function createOutbound(options: OutboundOptions): Outbound {
  const { rules, webhookUrl, state, store, calls, api, wasOver, clock, ids, log, meter } = options;
  const doNotCall = createDoNotCall(rules.doNotCallFile);
  const countries = rules.countries ?? (rules.from === undefined ? [] : homeCountries(rules.from));
  /** Slots kept for calls that ring, by call. */
  const ringing = new Map<string, () => void>();
  const planKey = (callId: string): string => `outbound:${callId}`;

  function refused(cause: string, problem: Problem): Problem {
    meter.count("voice_outbound_refused_total", { cause });
    log.info("an outbound call was refused", { cause });
    return problem;
  }

  function numberOf(to: string): string {
    const judged = judgeDestination(to, countries);
    if (judged.ok) return judged.number;
    if (judged.invalid)
      throw refused("number", new InvalidRequest([{ in: "body", pointer: "/to", detail: judged.why }]));
    throw refused("destination", new Problem(403, `This number is not called: ${judged.why}`));
  }

  async function mayBeCalled(number: string): Promise<void> {
    let listed: boolean;
    try {
      listed = await doNotCall.has(number);
    } catch (error) {
      log.error("no call is placed: the do-not-call list cannot be used", { error: String(error) });
      throw refused("list-unreadable", new Problem(503, "The do-not-call list cannot be read, so nobody is called"));
    }
    if (listed) throw refused("do-not-call", new Problem(403, "The number is on the do-not-call list"));
  }

  /** Counted before dialling, and not given back when it fails: a cap that leaks is none. @throws StateUnavailable */
  async function count(number: string): Promise<void> {
    const day = clock.date().toISOString().slice(0, 10);
    const tomorrow = { "Retry-After": String(Math.ceil((DAY_MS - (+clock.date() % DAY_MS)) / 1000)) };
    // The number itself is nobody's business in shared state.
    const who = createHash("sha256").update(number).digest("hex").slice(0, 32);
    if ((await state.hit(`outbound:${day}:${who}`, DAY_MS)) > rules.perNumberPerDay)
      throw refused("number-cap", new Problem(429, "This number was called often enough today", tomorrow));
    if ((await state.hit(`outbound:${day}`, DAY_MS)) > rules.perDay)
      throw refused("day-cap", new Problem(429, "Enough calls were placed today", tomorrow));
  }

  function letGo(callId: string): void {
    ringing.get(callId)?.();
    if (ringing.delete(callId)) calls.abandon(callId);
  }

  /** A slot for a call that rings: whoever answers finds room. */
  async function reserve(party: CallParty): Promise<void> {
    const verdict = await calls.admit(party);
    if (verdict !== "ok")
      throw refused(verdict, new Problem(503, "No line is free for another call", { "Retry-After": "30" }));
    ringing.set(
      party.callId,
      clock.after(SLOT_MS, () => letGo(party.callId)),
    );
  }

  async function dial(party: CallParty): Promise<string> {
    const { callId, to, from } = party;
    try {
      return await api.dial({
        to,
        from,
        url: `${webhookUrl}${VOICE_PATHS.incoming}?outbound=${callId}`,
        statusCallback: webhookUrl + VOICE_PATHS.status,
        machineCallback: `${webhookUrl}${VOICE_PATHS.amd}?outbound=${callId}`,
        ringSeconds: RING_SECONDS,
        longestSeconds: rules.longestSeconds,
      });
    } catch (error) {
      const code = error instanceof CarrierError ? error.code : "unknown";
      log.warn("a call could not be placed", { callId, code });
      // Twilio may have taken it all the same: then it is answered as planned, and its slot is asked for anew.
      letGo(callId);
      if (code === "timeout")
        throw refused("carrier", new Problem(504, "Twilio did not say whether it places the call"));
      await state.drop(planKey(callId)).catch(() => undefined);
      throw refused("carrier", new Problem(502, `Twilio did not place the call (${code})`));
    }
  }

  function over({ callId, direction, status }: Pick<CallRecord, "callId" | "direction" | "status">): void {
    letGo(callId);
    if (direction !== "outbound" || status !== "in-progress") return;
    meter.count("voice_outbound_answers_total", { by: "nobody" });
    store.update(callId, {
      status: "completed",
      phase: "completed",
      endReason: "unanswered",
      endedAt: clock.date().toISOString(),
      durationSeconds: 0,
    });
  }

  return {
    async place({ to, orgId, purpose, metadata }: OutboundRequest) {
      const { from } = rules;
      if (from === undefined)
        throw refused("off", new Problem(503, "Calls are not placed here: TWILIO_PHONE_NUMBER is not set"));
      const number = numberOf(to);
      await mayBeCalled(number);
      await count(number);
      const callId = ids.callId();
      const party: CallParty = {
        callId,
        carrierId: "",
        from,
        to: number,
        channel: "phone",
        direction: "outbound",
        orgId,
      };
      await reserve(party);
      const plan: OutboundPlan = { callId, orgId, ...(purpose !== undefined && { purpose }) };
      try {
        await state.put(planKey(callId), plan, PLAN_MS);
      } catch (error) {
        letGo(callId);
        throw error;
      }
      const carrierId = await dial(party);
      // The call may have been answered by now, and its record begun.
      if (!(await store.get(callId))) store.open({ ...party, carrierId }, clock.date());
      if (wasOver(carrierId)) over({ callId, direction: "outbound", status: "in-progress" });
      if (metadata) store.update(callId, { metadata });
      log.info("a call is placed", { call: carrierId, callId, by: "api" });
      return { callId, carrierId };
    },
    async answered(callId) {
      letGo(callId);
      return (await state.get(planKey(callId))) as OutboundPlan | undefined;
    },
    over,
    close() {
      for (const callId of ringing.keys()) letGo(callId);
    },
  };
}
