// A call record as the API shows it: snake_case, and the turns and replies of a call as one transcript in order of time.
import type { z } from "zod";
import type { CallRecord, CallSummary, EscalationRecord, IntakeRecord, ReplyRecord, TurnRecord } from "../core/call.ts";
import type { callDetail, callSummary, escalationView, intakeView } from "../wire/rest/call.ts";

export function summaryOf(record: CallSummary): z.infer<typeof callSummary> {
  const phone = record.channel === "phone";
  return {
    call_id: record.callId,
    call_sid: phone ? record.carrierId : null,
    org_id: record.orgId,
    status: record.status,
    phase: record.phase,
    escalated: record.escalations.length > 0,
    channel: record.channel,
    direction: record.direction,
    from: phone ? record.from : null,
    to: phone ? record.to : null,
    started_at: record.startedAt,
    ended_at: record.endedAt ?? null,
    duration_seconds: record.durationSeconds ?? null,
    end_reason: record.endReason ?? null,
    carrier_status: record.carrierStatus ?? null,
    turns: record.turnCount,
  };
}

export function detailOf(record: CallRecord): z.infer<typeof callDetail> {
  const escalations = record.escalations.map(viewOfEscalation);
  const { recording } = record;
  return {
    ...summaryOf({ ...record, turnCount: record.turns.length }),
    transcript: [...record.turns.map(callerLine), ...record.replies.map(agentLine)].sort((a, b) => a.at_ms - b.at_ms),
    intake: record.intake ? viewOfIntake(record.intake) : null,
    escalation: escalations.at(-1) ?? null,
    escalations,
    flags: record.flags.map(({ rule, by, atMs }) => ({ rule, by, at_ms: atMs })),
    recording: recording
      ? { file: recording.file, consent: recording.consent, duration_ms: recording.durationMs }
      : null,
    metadata: record.metadata ? { ...record.metadata } : null,
    cost: record.cost ?? null,
    tools: record.tools.map(({ name, result, atMs, tookMs }) => ({ name, result, at_ms: atMs, took_ms: tookMs })),
    timeline: record.timeline.map(({ atMs, what, detail }) => ({
      at_ms: atMs,
      what,
      ...(detail && { detail: { ...detail } }),
    })),
    usage: { ...record.usage },
  };
}

export function viewOfEscalation(one: EscalationRecord): z.infer<typeof escalationView> {
  return {
    escalation_id: one.id,
    trigger: one.trigger,
    urgency: one.urgency,
    reason: one.reason,
    mode: one.mode,
    contact: one.contact ?? null,
    outcome: one.outcome,
    at_ms: one.atMs,
    decided_at_ms: one.decidedAtMs ?? null,
  };
}

export function viewOfIntake(intake: IntakeRecord): z.infer<typeof intakeView> {
  return {
    status: intake.status,
    urgency: intake.urgency ?? null,
    fields: { ...intake.fields },
    updated_at_ms: intake.updatedAtMs,
  };
}

function callerLine(turn: TurnRecord) {
  return {
    role: "caller" as const,
    at_ms: turn.endedAtMs,
    turn: turn.turn,
    by: turn.by,
    text: turn.text,
    latency_ms: turn.latencyMs ?? null,
    cause: turn.cause ?? null,
  };
}

function agentLine(reply: ReplyRecord) {
  return {
    role: "agent" as const,
    at_ms: reply.startedAtMs,
    kind: reply.kind,
    text: reply.heard,
    generated: reply.generated,
    sent: reply.sent,
    heard: reply.heard,
    cut: reply.cut,
    generated_ms: reply.generatedMs,
    sent_ms: reply.sentMs,
    heard_ms: reply.heardMs,
    interrupted: reply.interrupted,
    divergence: reply.divergence ?? null,
  };
}
