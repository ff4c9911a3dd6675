// Closes the records of calls that nobody holds any more: their server died, or their line was lost and no other came. What is
// suspected is looked at again a little later, because most of them come back or have ended in good order meanwhile.
import { isReported, type CallRecord, type EndReason } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import { resultOf } from "../core/end-result.ts";
import { settledUntold } from "../core/escalation.ts";
import type { Log, Meter } from "../core/observe.ts";
import { recall } from "../core/resumption.ts";
import type { LiveCall, State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import type { LiveEvents } from "./live-events.ts";
import { openCalls } from "./open-calls.ts";

export interface ReaperParts {
  readonly state: State;
  readonly store: CallStore;
  readonly events: Pick<LiveEvents, "publish">;
  /** Calls of this process that have a stream or wait for one. */
  readonly isHere: (carrierId: string) => boolean;
  readonly adopt: (call: LiveCall) => Promise<void>;
  /** A record in progress that is older than this, ms, and held by nobody is suspected. */
  readonly sweepOlderThanMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Reaper {
  /** Closes the call's record in `afterMs`, unless somebody holds it by then or it is closed. By our id or the carrier's. */
  suspect(id: string, reason: EndReason, afterMs: number): void;
  start(): void;
  close(): void;
}

/** ms between two looks at who is dead. */
const LOOK_MS = 5000;
/** After the shared state was away every heartbeat has lapsed: the living have this long, ms, to be heard again. */
const AMNESTY_MS = 20_000;
/** A caller whose server died is back within seconds, or not at all; ms. */
const RETURN_MS = 15_000;
/** ms until a suspicion that could not be looked into is looked into again. */
const AGAIN_MS = 10_000;
const MOST_SUSPECTS = 10_000;
const SWEEP_MS = 60_000;
const MOST_SWEPT = 200;
const SETTLE_MS = 3_600_000;
/** ms since the beginning of a call whose escalations are looked at. */
const UNTOLD_MS = { least: 6 * 3_600_000, most: 48 * 3_600_000 };

export function createReaper(parts: ReaperParts): Reaper {
  const { state, store, events, clock, log, meter } = parts;
  const suspects = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  let upSince: number | undefined;
  let sweptAt = -Infinity;
  let settledAt = -Infinity;
  let cancelLook = (): void => {};
  let closed = false;

  function suspect(id: string, reason: EndReason, afterMs: number): void {
    const at = clock.now() + afterMs;
    const known = suspects.get(id);
    if (closed || (known ? known.at <= at : suspects.size >= MOST_SUSPECTS)) return;
    known?.cancel();
    const cancel = clock.after(afterMs, () => {
      suspects.delete(id);
      judge(id, reason).then(
        (isSettled) => !isSettled && suspect(id, reason, AGAIN_MS),
        // The shared state or the database is away.
        () => suspect(id, reason, AGAIN_MS),
      );
    });
    suspects.set(id, { at, cancel });
  }

  /** False when it cannot be said yet. */
  async function judge(id: string, reason: EndReason): Promise<boolean> {
    if (closed || (await state.findLive(id))) return true;
    const record = (await store.get(id)) ?? (await store.findByCarrierId(id));
    if (!record || record.status === "completed" || parts.isHere(record.carrierId)) return true;
    if (await state.findLive(record.callId)) return true;
    // Another stream was offered, and the carrier may still bring it.
    if (await state.unspentToken(record.carrierId)) return false;
    if (await state.first(`reaped:${record.callId}`, SWEEP_MS)) await end(record, reason);
    return true;
  }

  async function end(record: CallRecord, endReason: EndReason): Promise<void> {
    const { callId, carrierId } = record;
    const draft = await state.getDraft(callId);
    // What the dead could not write any more.
    const { turns, replies, escalations, intake, usage } = recall("instance", record, draft, record.startedAt);
    // It was over when its line was lost, or when the last that is known of it happened.
    const durationSeconds = record.durationSeconds ?? (record.timeline.at(-1)?.atMs ?? 0) / 1000;
    const endedAt = new Date(Date.parse(record.startedAt) + durationSeconds * 1000);
    store.update(callId, {
      status: "completed",
      phase: "completed",
      endReason,
      endedAt: endedAt.toISOString(),
      durationSeconds,
      turns,
      replies,
      escalations: settledUntold(escalations, Math.round(durationSeconds * 1000)) ?? escalations,
      usage,
      ...(intake && { intake }),
    });
    store.note(callId, { atMs: Math.round(durationSeconds * 1000), what: "end", detail: { reason: endReason } });
    meter.count("voice_calls_ended_total", { reason: endReason, result: resultOf(endReason) });
    log.warn("a call that nobody held any more was closed", { call: carrierId, callId, reason: endReason });
    events.publish(record, "call.ended", { reason: endReason, durationSeconds });
    await state.dropDraft(callId);
  }

  async function bury(): Promise<void> {
    for (const { instance, calls } of await state.takeDead()) {
      log.error("an instance is dead", { instance, calls: calls.length });
      for (const call of calls)
        if (isReported(call)) await parts.adopt(call);
        else suspect(call.callId, "instance-lost", RETURN_MS);
    }
  }

  /** What slipped through: all instances died at once, or the shared state was emptied. */
  async function sweep(): Promise<void> {
    const to = new Date(+clock.date() - parts.sweepOlderThanMs);
    for await (const { callId, instance } of openCalls(store, to)) {
      // A call without an instance is a browser's, whose audio never came here.
      if (instance !== undefined && !(await state.findLive(callId))) suspect(callId, "instance-lost", RETURN_MS);
    }
  }

  /**
   * Diallings whose end was never told at all, neither after them nor by the end of the call. Nobody talks so long with a human
   * that it could still come.
   */
  async function settle(): Promise<void> {
    const [from, to] = [UNTOLD_MS.most, UNTOLD_MS.least].map((ms) => new Date(+clock.date() - ms)) as [Date, Date];
    for (const one of await store.list({ status: "completed", escalated: true, from, to, limit: MOST_SWEPT })) {
      const escalations = settledUntold(one.escalations, Math.round((one.durationSeconds ?? 0) * 1000));
      if (escalations) store.update(one.callId, { escalations });
    }
  }

  function look(): void {
    if (closed) return;
    cancelLook = clock.after(LOOK_MS, look);
    if (!state.isUp()) return void (upSince = undefined);
    upSince ??= clock.now();
    if (clock.now() - upSince < AMNESTY_MS) return;
    const now = clock.now();
    const isTime = now - sweptAt >= SWEEP_MS;
    if (isTime) sweptAt = now;
    const isLate = now - settledAt >= SETTLE_MS;
    if (isLate) settledAt = now;
    void bury()
      .then(() => (isTime ? sweep() : undefined))
      .then(() => (isLate ? settle() : undefined))
      .catch((error: unknown) => log.debug("the dead could not be looked for", { error: String(error) }));
  }

  return {
    suspect,
    start: look,
    close() {
      closed = true;
      cancelLook();
      for (const { cancel } of suspects.values()) cancel();
      suspects.clear();
    },
  };
}
