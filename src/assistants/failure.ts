// What went wrong at the far side, in our words: maps errors of the openai package and of sockets to ThreadError codes, and
// says in one log line what an operator should do. Never carries upstream messages: those may quote the key or the caller.
import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import type { Log } from "../core/observe.ts";
import { ThreadError, type ThreadErrorCode } from "../core/thread.ts";

export interface FailureFacts {
  /** HTTP status; absent for socket errors and for errors inside a stream. */
  readonly status?: number;
  /** Machine-readable code and parameter name of the answer, or the socket's error code. */
  readonly upstreamCode?: string;
  readonly param?: string;
  readonly requestId?: string;
  /** ms the far side asks us to wait. */
  readonly retryAfterMs?: number;
  /** False only when the request certainly did not reach the far side, or was refused there unread. */
  readonly reached: boolean;
}

export class ThreadFailure extends ThreadError {
  readonly facts: FailureFacts;
  constructor(code: ThreadErrorCode, message: string, facts: FailureFacts) {
    super(code, message);
    this.facts = facts;
  }
}

/** A failure we found ourselves, after the far side had taken the request. */
export function failure(code: ThreadErrorCode, message: string): ThreadFailure {
  return new ThreadFailure(code, message, { reached: true });
}

/** Connections that never came to be: nothing can have happened at the far side. */
const NEVER_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_INVALID_URL",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

const EXPLAINED: Readonly<Record<ThreadErrorCode, string>> = {
  auth: "The assistant's server refused our key",
  "not-found": "The model or the thread does not exist",
  "assistants-removed": "The Assistants API does not exist at this host (or the assistant's id is unknown there)",
  "rate-limited": "The assistant's server limits our rate",
  unavailable: "The assistant's server cannot be reached or failed",
  timeout: "The assistant did not answer in time",
  failed: "The assistant's run ended without a usable answer",
};

const ADVICE: Readonly<Record<ThreadErrorCode, string>> = {
  auth: "check OPENAI_API_KEY and what its project may use",
  "not-found": "check ASSISTANT_MODEL and OPENAI_BASE_URL",
  "assistants-removed":
    "it was shut down at OpenAI and Azure on 2026-08-26; set THREAD_CLIENT=responses with ASSISTANT_MODEL and PERSONA_FILE",
  "rate-limited": "raise the project's limits or lower MAX_CALLS; insufficient_quota means billing",
  unavailable: "check OPENAI_BASE_URL, the network and the provider's status page",
  timeout: "check the provider's status page; a faster ASSISTANT_MODEL or a larger THREAD_TIMEOUT_MS helps",
  failed:
    "the status, code and parameter in this line say why; a larger answer limit or another ASSISTANT_MODEL may help",
};

/** One line for operators; carries no text of the caller, of the reply or of the far side. */
export function logFailure(log: Log, error: ThreadError, fields: Readonly<Record<string, string | number>>): void {
  const facts = error instanceof ThreadFailure ? error.facts : undefined;
  const loud = error.code === "auth" || error.code === "not-found" || error.code === "assistants-removed";
  log[loud ? "error" : "warn"](`${EXPLAINED[error.code]}: ${ADVICE[error.code]}`, {
    ...fields,
    code: error.code,
    status: facts?.status,
    upstream: facts?.upstreamCode,
    param: facts?.param,
    request: facts?.requestId,
  });
}

/** Maps anything thrown by a request or while reading its answer. A ThreadError passes unchanged. */
export function toFailure(error: unknown): ThreadError {
  if (error instanceof ThreadError) return error;
  if (error instanceof APIConnectionTimeoutError) {
    return new ThreadFailure("timeout", EXPLAINED.timeout, { reached: true });
  }
  if (error instanceof APIError && !(error instanceof APIConnectionError)) return fromAnswer(error);
  const code = socketCode(error);
  return new ThreadFailure("unavailable", `${EXPLAINED.unavailable} (${code ?? "connection error"})`, {
    reached: code === undefined || !NEVER_CONNECTED.has(code),
    ...(code !== undefined && { upstreamCode: code }),
  });
}

/** Maps the error object that several events of a stream carry. */
export function fromErrorEvent(event: { readonly code?: string | null | undefined }): ThreadFailure {
  const upstreamCode = plain(event.code);
  const code = codeWithoutStatus(upstreamCode);
  return new ThreadFailure(code, `${EXPLAINED[code]} (${upstreamCode ?? "no code given"})`, {
    reached: true,
    ...(upstreamCode !== undefined && { upstreamCode }),
  });
}

function fromAnswer(error: APIError): ThreadFailure {
  const status: number | undefined = error.status;
  const upstreamCode = plain(error.code) ?? plain(error.type);
  const param = plain(error.param);
  const requestId = plain(error.requestID);
  const retryAfterMs = waitAsked(error.headers);
  const code = status === undefined ? codeWithoutStatus(upstreamCode) : codeOf(status);
  return new ThreadFailure(code, `${EXPLAINED[code]} (${[status, upstreamCode].filter(Boolean).join(" ")})`, {
    // Most refusals come before anything is done; after a 429, a 5xx or inside a stream nobody knows.
    reached: status === undefined || status === 429 || status >= 500,
    ...(status !== undefined && { status }),
    ...(upstreamCode !== undefined && { upstreamCode }),
    ...(param !== undefined && { param }),
    ...(requestId !== undefined && { requestId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function codeOf(status: number): ThreadErrorCode {
  if (status === 401 || status === 403) return "auth";
  if (status === 404 || status === 410) return "not-found";
  if (status === 429) return "rate-limited";
  if (status === 408 || status === 409 || status >= 500) return "unavailable";
  return "failed";
}

function codeWithoutStatus(upstreamCode: string | undefined): ThreadErrorCode {
  if (upstreamCode === "rate_limit_exceeded" || upstreamCode === "insufficient_quota") return "rate-limited";
  return upstreamCode === "server_error" ? "unavailable" : "failed";
}

/** Short machine words only: whatever else a server puts into these fields stays out of our logs. */
function plain(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w.\-[\]]{1,80}$/.test(value) ? value : undefined;
}

function socketCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Object && depth < 4; depth++) {
    const code = "code" in at ? plain(at.code) : undefined;
    if (code !== undefined) return code;
    at = "cause" in at ? at.cause : undefined;
  }
  return undefined;
}

/** ms; from `retry-after-ms` or `retry-after` (seconds or a date). */
function waitAsked(headers: Headers | undefined): number | undefined {
  const ms = headers?.get("retry-after-ms");
  if (ms && Number.isFinite(Number(ms))) return Math.max(0, Number(ms));
  const after = headers?.get("retry-after");
  if (!after) return undefined;
  if (Number.isFinite(Number(after))) return Math.max(0, Number(after) * 1000);
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
