// Calls of browsers: they talk to the engine themselves and send back what happened. The same records, phases, intake and
// escalations as a phone call's; kept in the shared state while they are live, so that any instance can take the next report, and
// ended by a timer when nobody reports any more.
import type { BrowserCalls } from "../api/ports.ts";
import { isReported, type CallRecord, type EndReason, type EscalationRecord } from "../core/call.ts";
import { mayFollow } from "../core/call-phase.ts";
import type { EscalationRequest } from "../core/escalation.ts";
import { Problem } from "../core/problem.ts";
import type { LiveCall } from "../core/state.ts";
import { roomOf } from "../organizations/places.ts";
import {
  atMs,
  draftOf,
  ended,
  goodbye,
  hasEnded,
  recordOf,
  revived,
  uncountedMs,
  type BrowserCall,
} from "./browser-call.ts";
import { createBrowserAdmission } from "./browser-admission.ts";
import type { BrowserCallParts } from "./browser-call-parts.ts";
import { createBrowserDeadlines } from "./browser-deadlines.ts";
import { createBrowserEscalations } from "./browser-escalations.ts";
import { createBrowserJudging } from "./browser-judging.ts";
import { createBrowserTools } from "./browser-tools.ts";
import { appended } from "./browser-transcript.ts";
import { createSharedValues } from "./shared-value.ts";

export interface OpenBrowserCalls extends BrowserCalls {
  /** The instance that held it is gone: its timer runs here from now on. */
  adopt(call: LiveCall): Promise<void>;
  /** Looks for calls that nobody looks after, now and again. */
  sweep(): void;
  /** No new calls from now on. */
  drain(): void;
  /** Calls that this instance watches over. */
  active(): number;
  /** Ends what would be nobody's; with a shared state the calls go on without us. */
  close(): Promise<void>;
}

/** A call may be read and ended again for so long after its end. ms. */
const KEPT_MS = 3_600_000;

export function createBrowserCalls(parts: BrowserCallParts): OpenBrowserCalls {
  const { store, state, clock, ids, log, meter, limits, instance } = parts;
  const calls = createSharedValues<BrowserCall>({
    state,
    clock,
    name: "browser-call",
    ttlMs: limits.maxCallMs + KEPT_MS,
    fallback: async (id) => {
      const record = await store.get(id);
      if (!record || !isReported(record)) return undefined;
      return revived(record, clock.date(), (await parts.kitOf(record.orgId)).maxCallMs);
    },
  });
  const deadlines = createBrowserDeadlines({ calls, clock, limits, log, end: (id, reason) => finish(id, reason) });
  const escalations = createBrowserEscalations({ ...parts, publish });
  const tools = createBrowserTools({ ...parts, calls, change, escalations, publish });
  const judgeLines = createBrowserJudging({ ...parts, change, escalate, publish });
  const admission = createBrowserAdmission({ ...parts, calls, hold, keep, publish, active });

  function publish(call: BrowserCall, type: string, data: Readonly<Record<string, unknown>> = {}): void {
    const { callId, orgId } = call.party;
    state.publish("events", { callId, orgId, type, at: clock.date().toISOString(), data });
  }

  function active(): number {
    return deadlines.count();
  }

  function gauge(): void {
    meter.gauge("voice_calls_active", active(), { direction: "inbound", channel: "browser" });
  }

  /** One that cannot be given back now is lost when the call could not last any more. */
  function leavePlace(orgId: string, callId: string): void {
    state.leavePlace(roomOf(orgId), callId).catch(() => undefined);
  }

  async function hold(call: BrowserCall): Promise<void> {
    deadlines.watch(call);
    gauge();
    await state.enlist({ ...call.party, instance, startedAt: call.startedAt });
  }

  /** Keeps what a call has come to, for its record and for whoever watches. */
  async function keep(call: BrowserCall): Promise<CallRecord> {
    const record = recordOf(call);
    store.update(call.party.callId, record);
    if (hasEnded(call)) await state.dropDraft(call.party.callId);
    else await state.putDraft(call.party.callId, draftOf(call));
    return { ...record, timeline: [], usage: {} };
  }

  /** Changes a live call. @throws Problem 404, 409 */
  async function change<Result>(
    callId: string,
    make: (call: BrowserCall, now: Date) => { readonly call: BrowserCall; readonly result: Result },
  ): Promise<{ readonly call: BrowserCall; readonly record: CallRecord; readonly result: Result }> {
    const now = clock.date();
    const done = await calls.change(callId, (call) => {
      if (hasEnded(call)) throw new Problem(409, "The call has ended");
      const { call: next, result } = make(call, now);
      const moreMs = uncountedMs(call, now);
      const value = { ...next, activeAt: +now, countedMs: (call.countedMs ?? 0) + moreMs };
      return { value, result: { call: value, result, moreMs } };
    });
    if (!done) throw new Problem(404, "There is no such call");
    const { result, moreMs } = done;
    const reached = parts.took(done.call.party.orgId, moreMs);
    const call = (reached && !done.call.ending && (await endSoon(callId, reached, now))) || done.call;
    // Whoever heard of it last looks after it.
    await hold(call);
    return { call, result, record: await keep(call) };
  }

  /** The day's limit is reached, and what its page talks over is not ours to cut: the call is over after a goodbye's time. */
  function endSoon(callId: string, reason: EndReason, now: Date): Promise<BrowserCall | undefined> {
    return calls.change(callId, (call) => {
      const value = call.ending || hasEnded(call) ? call : { ...call, ending: goodbye(reason, now) };
      return { value, result: value };
    });
  }

  async function finish(callId: string, reason: EndReason, said?: string): Promise<CallRecord> {
    const now = clock.date();
    const done = await calls.change(callId, (call) => {
      const value = ended(call, call.ending?.reason ?? reason, now);
      return { value, result: { call: value, isFirst: value !== call, moreMs: uncountedMs(call, now) } };
    });
    if (!done) throw new Problem(404, "There is no such call");
    const { call, isFirst, moreMs } = done;
    deadlines.forget(callId);
    gauge();
    if (!isFirst) return { ...recordOf(call), timeline: [], usage: {} };
    parts.took(call.party.orgId, moreMs);
    const { endReason = reason, durationSeconds = 0 } = call;
    store.note(callId, { atMs: atMs(call, now), what: "end", detail: { reason: endReason, ...(said && { said }) } });
    meter.count("voice_calls_ended_total", {
      reason: endReason,
      result: endReason === "abandoned" ? "client_error" : "success",
    });
    meter.observe("voice_call_duration_seconds", durationSeconds);
    log.info("browser call ended", { callId, reason: endReason, durationSeconds });
    leavePlace(call.party.orgId, callId);
    await state.delist(callId, instance);
    const record = await keep(call);
    publish(call, "call.ended", { reason: endReason, duration_seconds: durationSeconds });
    return record;
  }

  async function escalate(callId: string, request: EscalationRequest) {
    const found = await calls.get(callId);
    if (!found) throw new Problem(404, "There is no such call");
    const plan = await escalations.plan(found.party.orgId, request);
    const { call, result } = await change(callId, (one, now) => escalations.record(one, plan, now));
    escalations.told(call, result);
    return { escalation: result, say: plan.say };
  }

  return {
    async mint(orgId, signal) {
      const callId = await admission.requireRoom(orgId);
      const kit = await parts.kitOf(orgId);
      try {
        const { sessionId = ids.id("sess"), ...minted } = await parts.mint(kit, signal);
        await admission.register(callId, orgId, sessionId, { started: false });
        return { ...minted, sessionId, callId };
      } catch (error) {
        leavePlace(orgId, callId);
        throw error;
      }
    },
    async start({ orgId, sessionId, metadata }) {
      const known = sessionId === undefined ? undefined : await admission.claim(orgId, sessionId);
      if (known !== undefined) {
        const { record, result } = await change(known, (call) => ({
          call: { ...call, started: true, ...(metadata && !call.started && { metadata }) },
          result: !call.started,
        }));
        return { record, isNew: result };
      }
      const callId = await admission.requireRoom(orgId);
      try {
        const { record } = await admission.register(callId, orgId, sessionId, {
          started: true,
          ...(metadata && { metadata }),
        });
        return { record, isNew: true };
      } catch (error) {
        leavePlace(orgId, callId);
        throw error;
      }
    },
    end: (callId, said) => finish(callId, "caller-hangup", said),
    async move(callId, phase) {
      if (phase === "completed") return void (await finish(callId, "caller-hangup"));
      const { call, result } = await change(callId, (one) => {
        if (!mayFollow(one.phase, phase)) throw new Problem(409, `A call in ${one.phase} cannot go to ${phase}`);
        return { call: { ...one, phase }, result: one.phase };
      });
      if (result !== phase) publish(call, "phase", { phase });
    },
    async append(callId, lines) {
      const { call, result } = await change(callId, (one, now) => appended(one, lines, now));
      if (call.phase !== result.before) publish(call, "phase", { phase: call.phase });
      for (const { role, text, atMs: at } of result.added)
        publish(call, role === "caller" ? "turn" : "reply", { text, at_ms: at });
      const judged = await judgeLines(call, result.added);
      const after = judged.length > 0 ? ((await calls.get(callId)) ?? call) : call;
      return { phase: after.phase, lines: after.lines.length, judged };
    },
    runTool: (callId, run, signal) => tools.run(callId, run, signal),
    async escalate(callId, reason, urgency): Promise<EscalationRecord> {
      return (await escalate(callId, { trigger: "manual", urgency, reason })).escalation;
    },
    async current(record) {
      const call = await calls.get(record.callId);
      return call ? { ...record, ...recordOf(call) } : record;
    },
    async forget(callId) {
      await Promise.all([calls.forget(callId), state.dropDraft(callId)]);
    },
    async adopt({ callId }) {
      const call = await calls.get(callId);
      if (!call || hasEnded(call)) return;
      await hold(call);
    },
    drain: admission.close,
    active,
    sweep: () => deadlines.sweep(store, state),
    async close() {
      admission.close();
      const left = deadlines.close();
      if (parts.isShared) return;
      await Promise.allSettled(left.map((callId) => finish(callId, "shutdown")));
    },
  };
}
