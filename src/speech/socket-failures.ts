// A name for every way in which a WebSocket to the Realtime API can end or never begin, and whether dialling again may help.
import { mayPass, severityOf } from "./upstream-errors.ts";

export interface Failure {
  /** Label of voice_upstream_connects_total while not established, else the code of the end. */
  readonly code: string;
  readonly fatal: boolean;
}

export function networkFailure(error: NodeJS.ErrnoException, established: boolean): Failure {
  if (established) return { code: "connection-lost", fatal: false };
  switch (error.code) {
    case "ECONNREFUSED":
      return { code: "refused", fatal: false };
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return { code: "dns", fatal: false };
    case "ETIMEDOUT":
      return { code: "connect-timeout", fatal: false };
    default:
      return { code: "connection-lost", fatal: false };
  }
}

const NAMED_STATUSES = [401, 403, 404, 408, 429];

export function refusal(status: number, body: string): Failure {
  const code = codeIn(body);
  if (code !== undefined && severityOf(code) === "fatal") return { code, fatal: true };
  const name = NAMED_STATUSES.includes(status) ? `${status}` : `${Math.floor(status / 100)}xx`;
  return { code: `http-${name}`, fatal: !mayPass(status) };
}

function codeIn(body: string): string | undefined {
  try {
    const parsed = JSON.parse(body) as { error?: { code?: unknown } } | null;
    return typeof parsed?.error?.code === "string" ? parsed.error.code : undefined;
  } catch {
    return undefined;
  }
}

/** Close codes seen: 1001 at the end of the hour, 4000 after an error that ends the session; its code ends the reason. */
export function closure(code: number, reason: string): Failure {
  const named = reason.split(".").at(-1) ?? "";
  if (severityOf(named) === "fatal") return { code: named, fatal: true };
  if (code === 1001 || severityOf(named) === "expired") return { code: "session-expired", fatal: false };
  if (code === 1006 || code === 1005) return { code: "connection-lost", fatal: false };
  return { code: "closed-by-server", fatal: code === 4000 };
}
