// The calls of this process: who is admitted, whose voice was opened early, which bridges run, and how all of them end at
// shutdown. It carries no audio.
import type { Call } from "./bridge/parts.ts";
import type { PhoneCalls } from "./channels/phone/index.ts";
import type { CallParty, IntakeRecord } from "./core/call.ts";
import type { Line } from "./core/line.ts";
import type { Log, Meter } from "./core/observe.ts";
import type { Resumption } from "./core/resumption.ts";
import type { ResumeCause } from "./core/state.ts";
import type { SpokenLine, Voice } from "./core/voice.ts";
import type { Places } from "./organizations/places.ts";

/** What one call is made of, chosen when it was admitted: what is configured later is for later calls. */
export interface Seat {
  /** Calls of its organization at once. */
  readonly mostCalls: number;
  openVoice(): Voice;
  startCall(line: Line, early: Voice | undefined, before: Before): Call;
}

interface Slot {
  readonly party: CallParty;
  readonly seat: Seat;
  early?: Voice | undefined;
  before?: Before | undefined;
  call?: Call;
}

/** What is known from before a call had its stream. */
export interface Before {
  /** It goes on. */
  readonly resumed?: Resumption;
  /** The thread of the caller's last call. */
  readonly threadId?: string | undefined;
  /** What was said in it. */
  readonly history?: readonly SpokenLine[];
  /** What was taken down of the caller's matter in it. */
  readonly intake?: IntakeRecord | undefined;
  /** What is remembered of the caller, as the assistant is told it. */
  readonly memories?: string | undefined;
}

export interface LiveCallsParts {
  /** Calls at once, those announced and not yet streaming included. */
  readonly maxCalls: number;
  readonly seatFor: (party: CallParty) => Seat;
  /** Never rejects. */
  readonly recall: (party: CallParty, resumes: ResumeCause | undefined) => Promise<Before>;
  /** What other instances have to do with a call that is not held here. */
  readonly elsewhere: Pick<PhoneCalls, "lineIsOver"> & { readonly carrierEnded: (carrierId: string) => void };
  readonly places: Pick<Places, "take" | "leave" | "lapse">;
  readonly log: Log;
  readonly meter: Meter;
}

/** A shutdown's goodbye is heard for so long, ms: the process is to be gone 5 s after its limit (app/drain.ts). */
export const SHUTDOWN_GOODBYE_MS = 3600;

export type LiveCalls = ReturnType<typeof createLiveCalls>;

export function createLiveCalls({ maxCalls, seatFor, recall, elsewhere, places, log, meter }: LiveCallsParts) {
  const slots = new Map<string, Slot>();
  const ended: Record<string, number> = {};
  let draining = false;
  let onEmpty = (): void => {};

  const active = (): Slot[] => [...slots.values()].filter((slot) => slot.call);

  function gauge(): void {
    const byDirection = { inbound: 0, outbound: 0 };
    let sockets = 0;
    for (const { party } of active())
      if (party.channel === "phone") byDirection[party.direction]++;
      else sockets++;
    for (const [direction, count] of Object.entries(byDirection))
      meter.gauge("voice_calls_active", count, { direction, channel: "phone" });
    meter.gauge("voice_sockets_active", sockets);
  }

  /** A second stream of the same call has a slot of its own under the same id. */
  function free(slot: Slot): void {
    const { callId } = slot.party;
    if (slots.get(callId) === slot) {
      slots.delete(callId);
      if (slot.call?.returns()) places.lapse(callId);
      else places.leave(callId);
    }
    gauge();
    if (slots.size === 0) onEmpty();
  }

  function find(carrierId: string): Slot | undefined {
    for (const slot of slots.values()) if (slot.party.carrierId === carrierId) return slot;
    return undefined;
  }

  function abandon(callId: string): void {
    const slot = slots.get(callId);
    if (!slot || slot.call) return;
    slot.early?.close();
    free(slot);
  }

  /** Calls of the same organization; a call that opens a second stream is none beside itself. */
  function callsBeside({ orgId, callId }: CallParty): number {
    let count = 0;
    for (const { party } of slots.values()) if (party.orgId === orgId && party.callId !== callId) count++;
    return count;
  }

  /** Undefined where there is no room for one more call. */
  function takeSlot(party: CallParty): Slot | undefined {
    const seat = slots.size < maxCalls ? seatFor(party) : undefined;
    if (!seat || callsBeside(party) >= seat.mostCalls) {
      meter.count("voice_admission_rejected_total", { cause: seat ? "organization" : "busy" });
      return undefined;
    }
    const slot = { party, seat };
    slots.set(party.callId, slot);
    return slot;
  }

  /** One of the organization's, on all instances. */
  async function takePlace({ party, seat }: Slot): Promise<boolean> {
    if (seat.mostCalls === Infinity) return true;
    const isFree = await places.take(party, seat.mostCalls);
    // Whoever hung up meanwhile needs none.
    if (isFree && !slots.has(party.callId)) places.leave(party.callId);
    return isFree;
  }

  return {
    async admit(party: CallParty): Promise<"ok" | "busy" | "draining"> {
      if (draining) {
        meter.count("voice_admission_rejected_total", { cause: "draining" });
        return "draining";
      }
      const slot = takeSlot(party);
      if (!slot) return "busy";
      if (await takePlace(slot)) return "ok";
      meter.count("voice_admission_rejected_total", { cause: "organization" });
      if (!slot.call) free(slot);
      return "busy";
    },
    prewarm(party: CallParty): void {
      const slot = slots.get(party.callId);
      if (slot && !slot.call && !slot.early) slot.early = slot.seat.openVoice();
    },
    cool(callId: string): void {
      const slot = slots.get(callId);
      slot?.early?.close();
      // Of a call that has its stream, its bridge has it.
      if (slot) slot.early = undefined;
    },
    abandon,
    /** `known`: of the caller's last call, where the line knows it. */
    async recall(
      party: CallParty,
      resumes: ResumeCause | undefined,
      known: Pick<Before, "threadId" | "history" | "intake"> = {},
    ): Promise<void> {
      const before = await recall(party, resumes);
      const slot = slots.get(party.callId);
      if (slot) slot.before = { ...before, ...known };
    },
    lineIsOver: (carrierId: string): Promise<boolean> => elsewhere.lineIsOver(carrierId),
    enter(line: Line, party: CallParty): void {
      // A stream that comes after its slot was given up is still a caller with a good token: they take any free slot.
      const held = slots.get(party.callId);
      // Two lines of one call: the first one has it.
      if (held?.call) return line.close();
      const slot = held ?? takeSlot(party);
      if (!slot) return line.close();
      // It is let in as a call that was admitted before.
      if (!held && slot.seat.mostCalls !== Infinity) {
        // It may be over before its place is taken, and nobody would give it back.
        void places.take(party, Infinity).then(() => slots.has(party.callId) || places.leave(party.callId));
      }
      let call: Call;
      try {
        call = slot.seat.startCall(line, slot.early, slot.before ?? {});
      } catch (error) {
        slot.early?.close();
        free(slot);
        throw error;
      }
      slot.early = undefined;
      slot.call = call;
      gauge();
      void call.ended.then((reason) => {
        ended[reason] = (ended[reason] ?? 0) + 1;
        free(slot);
      });
    },
    /** A call that has its stream, by our id. */
    find: (callId: string): Call | undefined => slots.get(callId)?.call,
    isLive: (carrierId: string): boolean => find(carrierId) !== undefined,
    carrierEnded(carrierId: string): void {
      const slot = find(carrierId);
      if (!slot) return elsewhere.carrierEnded(carrierId);
      if (slot.call) slot.call.gone();
      else abandon(slot.party.callId);
    },
    counts: (): { active: number; ended: Readonly<Record<string, number>> } => ({
      active: active().length,
      ended: { ...ended },
    }),
    isDraining: () => draining,
    /**
     * Takes no new calls, lets the live ones finish until `limit` fires, then says goodbye to the rest. Resolves when none is
     * left, at the latest when `force` fires.
     */
    async drain(limit: AbortSignal, force: AbortSignal): Promise<void> {
      draining = true;
      meter.gauge("voice_draining", 1);
      if (slots.size > 0) log.info("waiting for the calls to end", { calls: slots.size });
      const empty = new Promise<void>((resolve) => {
        onEmpty = resolve;
        if (slots.size === 0) resolve();
      });
      const sayGoodbye = (): void => {
        for (const slot of slots.values())
          if (slot.call) slot.call.end({ kind: "hangup", reason: "shutdown" }, "shutdown", SHUTDOWN_GOODBYE_MS);
          else abandon(slot.party.callId);
      };
      if (limit.aborted) sayGoodbye();
      else limit.addEventListener("abort", sayGoodbye, { once: true });
      const forced = new Promise<void>((resolve) => {
        if (force.aborted) resolve();
        else force.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.race([empty, forced]);
      limit.removeEventListener("abort", sayGoodbye);
    },
    /** Ends what is left at once. */
    close(): void {
      draining = true;
      for (const slot of slots.values())
        if (slot.call) slot.call.end({ kind: "hangup", reason: "shutdown" });
        else abandon(slot.party.callId);
    },
  };
}
