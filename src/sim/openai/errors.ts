/** OpenAI's error body over HTTP and the errors that are the same on every route: no key, a wrong key, an unknown address. */
import { Refusal } from "./check.ts";

export interface HttpError {
  status: number;
  body: { error: { message: string; type: string; param: string | null; code: string | null } };
}

export function httpError(refusal: Refusal): HttpError {
  const { message, type, param, code, status } = refusal;
  return { status, body: { error: { message, type, param, code } } };
}

/** The last four characters are all that an error may show of a key. */
function masked(key: string): string {
  return `${"*".repeat(Math.max(0, key.length - 4))}${key.slice(-4)}`;
}

export function wrongKey(key: string | undefined): Refusal {
  return key === undefined
    ? new Refusal(
        null,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
        { status: 401 },
      )
    : new Refusal("invalid_api_key", `Incorrect API key provided: ${masked(key)}.`, { status: 401 });
}

export function unknownUrl(method: string, path: string): Refusal {
  return new Refusal("unknown_url", `Unknown request URL: ${method} ${path}. Please check the URL for typos.`, {
    status: 404,
  });
}

/** The error OpenAI sends with a status, for the switches that force one. */
export function forced(status: number): Refusal {
  const known: Record<number, [code: string | null, type: string, message: string]> = {
    401: ["invalid_api_key", "invalid_request_error", "Incorrect API key provided."],
    403: ["unsupported_country_region_territory", "request_forbidden", "Country, region, or territory not supported"],
    404: [null, "invalid_request_error", "Not found."],
    429: ["rate_limit_exceeded", "requests", "Rate limit reached for requests. Please try again later."],
    500: ["server_error", "server_error", "The server had an error while processing your request. Sorry about that!"],
    503: ["server_overloaded", "server_error", "The engine is currently overloaded, please try again later."],
  };
  const [code, type, message] = known[status] ?? [null, "server_error", `The simulator was told to answer ${status}.`];
  return new Refusal(code, message, { status, type });
}

/** An HTTP error whose body the script wrote itself. */
export class ScriptedError extends Refusal {
  override name = "ScriptedError";
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(null, "an error written by the script", { status });
    this.body = body;
  }
}
