// What remains of a call: its record, kept current in the store, and the log lines and metrics that tell its story.
// Words of the caller go into the record only; into the log only where the operator asked for it.
import type {
  CallParty,
  CallPhase,
  CallRecord,
  EndReason,
  EscalationRecord,
  FlagRecord,
  IntakeRecord,
  TimelineEntry,
  ToolRecord,
} from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import { resultOf } from "../core/end-result.ts";
import type { Verdict } from "../core/guard.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { Resumption } from "../core/resumption.ts";
import type { CallStore } from "../core/stores.ts";
import type { AssistantThread } from "../core/thread.ts";
import { carrierMinutes, type ModelUsage, type Spending } from "../core/usage.ts";
import { createMishaps, messageOf } from "./mishaps.ts";
import type { CallWatch } from "./parts.ts";
import { createPassing } from "./passing.ts";
import { createStory } from "./story.ts";
import { createTurnNotes } from "./turn-notes.ts";
import type { SpokenRecord } from "./utterance.ts";

/** Flags kept of one call; all of them are counted. */
const MOST_FLAGS = 100;

export type Journal = ReturnType<typeof createJournal>;

export function createJournal(parts: {
  readonly party: CallParty;
  readonly store: CallStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly logContent: boolean;
  readonly spending?: Spending | undefined;
  readonly thread?: Pick<AssistantThread, "threadId"> | undefined;
  readonly watch?: CallWatch | undefined;
  readonly resumed?: Resumption | undefined;
}) {
  const { party, clock, meter, resumed } = parts;
  const log = parts.log.with({ call: party.carrierId, callId: party.callId });
  // Times count from the beginning of the call, whatever it went through since.
  const before = resumed ? Math.max(0, +clock.date() - Date.parse(resumed.startedAt)) : 0;
  const attached = clock.now();
  const began = attached - before;
  const story = createStory(resumed);
  const { turns, replies, tools, flags, usage, spoken } = story;
  let interrupted = false;
  let threadId: string | undefined;
  const atMs = (at = clock.now()): number => Math.round(at - began);
  const seconds = (): number => Math.round((clock.now() - began) / 100) / 10;
  const tell: CallWatch = (type, data) => parts.watch?.(type, data);

  /** A call never dies of its store. */
  function keep(write: (store: CallStore) => void): void {
    try {
      write(parts.store);
    } catch (error) {
      log.error("the call's record could not be kept", { error: messageOf(error) });
    }
  }
  const update = (change: Partial<CallRecord>): void => keep((store) => store.update(party.callId, change));

  keep((store) => store.open(party, resumed ? new Date(resumed.startedAt) : clock.date()));
  if (resumed) {
    const { cause, phase, escalations, intake } = resumed;
    update({
      status: "in-progress",
      phase,
      turns: [...turns],
      replies: [...replies],
      escalations,
      ...(intake && { intake }),
    });
    note("resumed", { cause });
    meter.count("voice_calls_resumed_total", { cause });
    log.warn("the call goes on", { cause, turns: turns.length });
  } else {
    meter.count("voice_calls_started_total", { direction: party.direction, channel: party.channel });
    log.info("call begins");
  }
  tell("call.started", {
    channel: party.channel,
    direction: party.direction,
    resumes: resumed?.cause,
    phase: story.phase(),
  });

  function note(what: string, detail?: TimelineEntry["detail"]): void {
    keep((store) => store.note(party.callId, { atMs: atMs(), what, ...(detail && { detail }) }));
    log.debug(what, detail);
  }

  /** The change that shows where the conversation stands, now that this happened. */
  function entering(next: CallPhase): Pick<CallRecord, "phase"> {
    const from = story.phase();
    if (story.move(next)) {
      note("phase of the call", { from, to: next });
      tell("phase", { phase: next });
    }
    return { phase: story.phase() };
  }

  return {
    ...createPassing({ note, tell }),
    ...createTurnNotes({ story, note, tell, update, entering, atMs, clock, log, meter, logContent: parts.logContent }),
    ...createMishaps({ note, log, meter, sinceMs: () => clock.now() - attached }),
    log,
    atMs,
    note,
    /** An utterance begins to be heard. */
    speaks(kind: SpokenRecord["kind"]): void {
      note("agent speaks", { kind });
      if (kind !== "greeting") return;
      const tookSeconds = (clock.now() - attached) / 1000;
      meter.observe("voice_first_audio_seconds", tookSeconds);
      meter.observe("voice_call_setup_seconds", tookSeconds, { stage: "first-audio" });
    },
    /** Something was said, and nobody will ever know what. */
    wordsLost(cause: string): void {
      note("words lost", { cause });
      if (story.phase() === "intake") update(entering("clarification"));
      log.warn("the caller's words were lost", { cause });
    },
    reply({ startedAt, ...record }: SpokenRecord, utterance: number): void {
      const startedAtMs = atMs(startedAt);
      replies.push({ ...record, startedAtMs });
      note("reply", { kind: record.kind, heardMs: record.heardMs, interrupted: record.interrupted });
      const { kind, heard, cut, interrupted: isCut } = record;
      tell("reply", { kind, heard, cut, interrupted: isCut, utterance, atMs: startedAtMs });
      const found = threadId ?? parts.thread?.threadId();
      update({ replies: [...replies], ...(found !== undefined && found !== threadId && { threadId: found }) });
      threadId = found;
    },
    tool(name: string, result: ToolRecord["result"], began: number): void {
      const tookMs = Math.round(clock.now() - began);
      tools.push({ name, result, atMs: atMs(began), tookMs });
      note("tool", { name, result, tookMs });
      // A model can invent any number of names; a label may not.
      const label = result === "unknown-tool" ? "unknown" : name;
      meter.count("voice_tool_calls_total", { tool: label, result });
      meter.observe("voice_tool_duration_seconds", tookMs / 1000, { tool: label });
      update({ tools: [...tools] });
      tell("tool", { name: label, result, tookMs });
    },
    /** ms since the call began. */
    elapsedMs: () => atMs(),
    escalated(escalations: readonly EscalationRecord[]): void {
      const last = escalations.at(-1);
      if (!last) return;
      const { trigger, urgency, mode } = last;
      note("escalation", { trigger, urgency, mode });
      meter.count("voice_escalations_total", { trigger, urgency });
      log.warn("the call was escalated", { trigger, urgency, mode });
      story.escalated(last);
      update({ escalations, ...entering("escalation") });
      tell("escalation", { escalation: last });
    },
    escalationDecided: (escalations: readonly EscalationRecord[]): void => update({ escalations }),
    /** A verdict of the guard that is not a pass. */
    guarded({ kind, rule }: Exclude<Verdict, { kind: "pass" }>, by: FlagRecord["by"]): void {
      note("guard", { verdict: kind, by, rule });
      meter.count("voice_guard_verdicts_total", { verdict: kind, by });
      if (kind !== "flag" || flags.length >= MOST_FLAGS) return;
      flags.push({ rule, by, atMs: atMs() });
      update({ flags: [...flags] });
    },
    intake(intake: IntakeRecord): void {
      note("intake", { status: intake.status, fields: Object.keys(intake.fields).length });
      story.took(intake);
      update({ intake });
      tell("intake", { intake });
    },
    /** `counts` are for people; what is billed is kept by model, as `model:kind`. */
    usage(counts: Readonly<Record<string, number>>, billed: ModelUsage): void {
      const byModel = Object.entries(billed.counts).map(([kind, count]) => [`${billed.model}:${kind}`, count] as const);
      for (const [name, count] of [...Object.entries(counts), ...byModel]) usage[name] = (usage[name] ?? 0) + count;
      parts.spending?.used(billed);
    },
    /** The words of the conversation as the caller knows it, for a voice that takes over. */
    spoken,
    /** What another instance would have to know to go on. */
    draft: () => story.draft(threadId ?? parts.thread?.threadId()),
    /** The line is lost and the call is to come back: its record stays open. */
    interrupt(reason: EndReason): void {
      interrupted = true;
      note("interrupted", { reason });
      update({ usage: { ...usage }, durationSeconds: seconds() });
      log.warn("the line was lost, the call is to go on with another", { reason });
      tell("call.interrupted", { reason });
    },
    isInterrupted: () => interrupted,
    end(reason: EndReason): void {
      const durationSeconds = seconds();
      const cost = parts.spending?.cost();
      note("end", { reason });
      update({
        status: "completed",
        ...entering("completed"),
        endedAt: clock.date().toISOString(),
        durationSeconds,
        endReason: reason,
        usage: { ...usage, ...(party.channel === "phone" && { carrier_minutes: carrierMinutes(clock.now() - began) }) },
        ...(cost !== undefined && { cost: Math.round(cost * 1_000_000) / 1_000_000 }),
      });
      tell("call.ended", { reason, durationSeconds });
      meter.count("voice_calls_ended_total", { reason, result: resultOf(reason) });
      meter.observe("voice_call_duration_seconds", durationSeconds);
      log.info("call ended", { reason, durationSeconds, turns: turns.length });
    },
  };
}
