// What went wrong at the far side, as a SpeechError: of the openai package, and of the Realtime socket by its codes. Never carries
// upstream messages: those may quote the key or what was said.
import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import { SpeechError, type SpeechErrorCode } from "../core/speech.ts";

const EXPLAINED: Readonly<Record<SpeechErrorCode, string>> = {
  unsupported: "The engine does not read this kind of file",
  unreadable: "The file cannot be read: it is damaged, too short, or not what it seems to be",
  auth: "The speech server refused our key",
  "not-found": "The speech server does not know the model",
  "rate-limited": "The speech server limits our rate",
  unavailable: "The speech server could not be reached or failed",
  timeout: "The speech server did not answer in time",
  failed: "The speech server gave no usable answer",
};

export const speechError = (code: SpeechErrorCode, cause?: unknown): SpeechError =>
  new SpeechError(code, EXPLAINED[code], cause === undefined ? {} : { cause });

/** Anything thrown by a request of the package, or while its answer is read. */
export function fromRequest(error: unknown): SpeechError {
  if (error instanceof SpeechError) return error;
  if (error instanceof APIConnectionTimeoutError) return speechError("timeout", error);
  if (!(error instanceof APIError) || error instanceof APIConnectionError) return speechError("unavailable", error);
  const status: number | undefined = error.status;
  // It could not make anything of the file.
  if (status === 413 || (status === 400 && error.param === "file")) return speechError("unreadable", error);
  return speechError(codeOf(status), error);
}

function codeOf(status: number | undefined): SpeechErrorCode {
  if (status === 401 || status === 403) return "auth";
  if (status === 404 || status === 410) return "not-found";
  if (status === 429) return "rate-limited";
  return status === undefined || status === 408 || status >= 500 ? "unavailable" : "failed";
}

const SOCKET_CODES: Readonly<Record<string, SpeechErrorCode>> = {
  invalid_api_key: "auth",
  "http-401": "auth",
  "http-403": "auth",
  model_not_found: "not-found",
  "http-404": "not-found",
  "rate-limited": "rate-limited",
  "http-429": "rate-limited",
  insufficient_quota: "rate-limited",
  rate_limit_exceeded: "rate-limited",
  "connect-timeout": "timeout",
  "ping-timeout": "timeout",
  "setup-timeout": "timeout",
  stall: "timeout",
  refused: "unavailable",
  dns: "unavailable",
  "connection-lost": "unavailable",
  "http-5xx": "unavailable",
  "closed-by-server": "unavailable",
  "session-expired": "unavailable",
  server_error: "unavailable",
};

/** An end of the Realtime socket, or an error it told of. */
export const fromSocket = (code: string): SpeechError => speechError(SOCKET_CODES[code] ?? "failed");
