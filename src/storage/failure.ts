// What a database's failure means for us: away (keep the rows, try again), rows it will never take, or a defect. Its own words
// are in explain.ts.

/** Codes of sockets and of the name service that say: nobody there, or no longer. */
const NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);

interface Coded {
  readonly code?: unknown;
  readonly errors?: readonly unknown[];
}

/** The error's code: of the socket, of TLS, or the SQLSTATE. */
export function codeOf(error: unknown): string | undefined {
  const { code, errors } = (error ?? {}) as Coded;
  if (typeof code === "string") return code;
  // Several addresses of one name were tried.
  return errors?.map(codeOf).find((one) => one !== undefined);
}

/** The five characters PostgreSQL has for what went wrong. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !NETWORK.has(code) ? code : undefined;
}

export function isNetworkCode(code: string | undefined): boolean {
  return code !== undefined && NETWORK.has(code);
}

/**
 * True when the rows themselves are what the database objects to (data it cannot take, a constraint they break): the same rows
 * fail again whenever they come. Everything else may be mended outside, and the rows are kept for it.
 */
export function isAboutRows(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && (state.startsWith("22") || state.startsWith("23"));
}

/**
 * True when no setting is wrong and only time can help: not reachable, starting, stopping, failing over, or full. A server begins
 * without such a database; any other complaint at the start is for a person.
 */
export function isPassing(error: unknown): boolean {
  const state = sqlState(error);
  // 08 connection, 57P shutting down or starting, 53 and 58 out of something, 25006 a standby, 40 and 55P03 a conflict that passes.
  if (state !== undefined) return /^(08|57P|57014|53|58|25006|40|55P03)/.test(state);
  return isNetworkCode(codeOf(error)) || /timeout|terminated|closed the connection/i.test(messageOf(error));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
