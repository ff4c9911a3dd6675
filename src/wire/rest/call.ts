// Calls as the API shows them: one schema each for the list's lines and for the whole, which document the answers and are held
// against them by a test. How a record becomes one is in api/call-view.ts.
import { z } from "zod";

export const callPhase = z.enum(["greeting", "intake", "clarification", "escalation", "completed"]);
export const callStatus = z.enum(["in-progress", "completed"]);
export const urgency = z.enum(["emergency", "high", "normal", "low"]);

/** Ours, the carrier's, or anything that might be one: what is none is not found. */
export const anyCallId = z.string().regex(/^[\w.:-]{1,128}$/);
export const e164 = z.string().regex(/^\+[1-9]\d{6,14}$/, "must be a phone number in E.164 form, such as +15551234567");

const METADATA_BYTES = 16_384;
/** What a client gives at the start, returned as it came. */
export const metadata = z
  .record(z.string().max(100), z.unknown())
  .refine((value) => JSON.stringify(value).length <= METADATA_BYTES, `must not be longer than ${METADATA_BYTES} bytes`);

const moment = z.iso.datetime();
const ms = z.number();

export const escalationView = z.strictObject({
  escalation_id: z.string(),
  trigger: z.string(),
  urgency,
  reason: z.string(),
  mode: z.enum(["warm", "cold", "message", "flag"]),
  contact: z.string().nullable(),
  outcome: z.string(),
  at_ms: ms,
  decided_at_ms: ms.nullable(),
});

export const intakeView = z.strictObject({
  status: z.enum(["draft", "complete"]),
  urgency: urgency.nullable(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  updated_at_ms: ms,
});

const summary = {
  call_id: z.string(),
  call_sid: z.string().nullable(),
  org_id: z.string(),
  status: callStatus,
  phase: callPhase,
  escalated: z.boolean(),
  channel: z.enum(["phone", "browser", "text"]),
  direction: z.enum(["inbound", "outbound"]),
  from: z.string().nullable(),
  to: z.string().nullable(),
  started_at: moment,
  ended_at: moment.nullable(),
  duration_seconds: z.number().nullable(),
  end_reason: z.string().nullable(),
  carrier_status: z.string().nullable(),
  turns: z.number().int(),
};

export const callSummary = z.strictObject(summary);

const callerLine = z.strictObject({
  role: z.literal("caller"),
  at_ms: ms,
  turn: z.number().int(),
  by: z.enum(["speech", "keypad", "text"]),
  text: z.string(),
  latency_ms: ms.nullable(),
  cause: z.string().nullable(),
});

const agentLine = z.strictObject({
  role: z.literal("agent"),
  at_ms: ms,
  kind: z.string(),
  text: z.string(),
  generated: z.string(),
  sent: z.string(),
  heard: z.string(),
  cut: z.string(),
  generated_ms: ms,
  sent_ms: ms,
  heard_ms: ms,
  interrupted: z.boolean(),
  divergence: z.number().nullable(),
});

export const callDetail = z.strictObject({
  ...summary,
  transcript: z.array(z.discriminatedUnion("role", [callerLine, agentLine])),
  intake: intakeView.nullable(),
  /** The latest. */
  escalation: escalationView.nullable(),
  escalations: z.array(escalationView),
  flags: z.array(z.strictObject({ rule: z.string(), by: z.enum(["caller", "agent"]), at_ms: ms })),
  recording: z.strictObject({ file: z.string(), consent: z.enum(["given", "not-needed"]), duration_ms: ms }).nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  cost: z.number().nullable(),
  tools: z.array(z.strictObject({ name: z.string(), result: z.string(), at_ms: ms, took_ms: ms })),
  timeline: z.array(
    z.strictObject({
      at_ms: ms,
      what: z.string(),
      detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
  ),
  usage: z.record(z.string(), z.number()),
});
