// A call record as the API shows it: snake_case, and the turns and replies of a call as one transcript in order of time.
import type { CallRecord, CallSummary, ReplyRecord, TurnRecord } from "../core/call.ts";

export function summaryOf(record: CallSummary) {
  return {
    call_id: record.callId,
    call_sid: record.carrierId,
    status: record.status,
    channel: record.channel,
    direction: record.direction,
    from: record.from,
    to: record.to,
    started_at: record.startedAt,
    ended_at: record.endedAt ?? null,
    duration_seconds: record.durationSeconds ?? null,
    end_reason: record.endReason ?? null,
    carrier_status: record.carrierStatus ?? null,
    turns: record.turnCount,
  };
}

export function detailOf(record: CallRecord) {
  return {
    ...summaryOf({ ...record, turnCount: record.turns.length }),
    transcript: [...record.turns.map(callerLine), ...record.replies.map(agentLine)].sort((a, b) => a.at_ms - b.at_ms),
    tools: record.tools.map(({ name, result, atMs, tookMs }) => ({ name, result, at_ms: atMs, took_ms: tookMs })),
    timeline: record.timeline.map(({ atMs, what, detail }) => ({ at_ms: atMs, what, ...(detail && { detail }) })),
    usage: record.usage,
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
