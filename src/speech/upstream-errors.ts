// What an error code of the Realtime API means for a call, and the bounded set of codes that may become a metric label.

/** Opening another session would fail the same way: the account, the key or the shape of the API is wrong. */
const FATAL: ReadonlySet<string> = new Set([
  "insufficient_quota",
  "invalid_api_key",
  "account_deactivated",
  "billing_hard_limit_reached",
  "beta_api_shape_disabled",
  "model_not_found",
]);

/** Races that every call has: the response ended while the cancel was under way. */
const BENIGN: ReadonlySet<string> = new Set(["response_cancel_not_active"]);

const KNOWN: ReadonlySet<string> = new Set([
  ...FATAL,
  ...BENIGN,
  "cannot_update_voice",
  "content_filter",
  "conversation_already_has_active_response",
  "input_audio_buffer_commit_empty",
  "integer_below_min_value",
  "invalid_event",
  "invalid_request_error",
  "invalid_value",
  "item_delete_invalid_item_id",
  "item_retrieve_invalid_item_id",
  "item_truncate_invalid_item_id",
  "max_output_tokens",
  "missing_required_parameter",
  "rate_limit_exceeded",
  "server_error",
  "session_expired",
  "unknown_parameter",
  // Ours.
  "closed-by-server",
  "connection-lost",
  "bad-message",
  "format-mismatch",
  "format-refused",
  "internal-error",
  "ping-timeout",
  "rate-suspect",
  "session-refused",
  "setup-timeout",
  "session-expired",
  "stall",
  "unexpected-response",
]);

export type Severity = "fatal" | "expired" | "benign" | "recoverable";

export function severityOf(code: string): Severity {
  if (FATAL.has(code)) return "fatal";
  if (BENIGN.has(code)) return "benign";
  return code === "session_expired" ? "expired" : "recoverable";
}

/** The other side chooses its codes freely; a metric must not grow a series for each. */
export function metricCode(code: string): string {
  return KNOWN.has(code) ? code : "other";
}

/** HTTP statuses at the handshake that may pass by themselves. */
export function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
