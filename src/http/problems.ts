// Errors as application/problem+json (RFC 9457): one shape for everything that cannot be served, and never a stack in it.
import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, RequestHandler } from "express";
import { stackOf, type Log } from "../core/observe.ts";
import { InvalidRequest, Problem, type RequestIssue } from "../core/problem.ts";
import { StateUnavailable } from "../core/state.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** The body of a problem; the type is about:blank, so the title is the status's own. */
export function problemBody(status: number, detail?: string, errors?: readonly RequestIssue[]): string {
  const title = STATUS_CODES[status] ?? "Error";
  return JSON.stringify({ type: "about:blank", title, status, ...(detail && { detail }), ...(errors && { errors }) });
}

/** The last route: whatever came here has no other. */
export const notFound: RequestHandler = (request, _response, next) => {
  next(new Problem(404, `There is nothing at ${request.method} ${pathOf(request.originalUrl)}`));
};

/** Path without query: queries may hold what does not belong in an answer or a log. */
export function pathOf(url: string): string {
  return url.split("?", 1)[0] as string;
}

// What the body parsers refuse, in words of our own: theirs may quote the body.
const PARSER_DETAILS: ReadonlyMap<unknown, string> = new Map([
  ["entity.too.large", "The body is larger than this route takes"],
  ["parameters.too.many", "The form has more fields than this route takes"],
  ["entity.parse.failed", "The body is malformed"],
  ["encoding.unsupported", "The body's encoding is not supported"],
  ["charset.unsupported", "The body's character set is not supported"],
  ["request.aborted", "The request ended before its body was complete"],
  ["request.size.invalid", "The body is not as long as it said"],
]);

/** What is thrown in a route: our own problems, the parsers' errors, and everything unforeseen as a plain 500. */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const { status, detail, headers, errors } = describe(error);
    // What is thrown on purpose is an answer, not a defect; why it had to be is told where it was noticed.
    if (status >= 500 && !(error instanceof Problem) && !(error instanceof StateUnavailable)) {
      log.error("a request failed", {
        method: request.method,
        path: pathOf(request.originalUrl),
        status,
        error: stackOf(error),
      });
    }
    if (response.headersSent) {
      response.destroy(); // Half an answer is out: cutting it off is the only way left to say that it is not whole.
      return;
    }
    response
      .status(status)
      .set(headers)
      .type(PROBLEM_TYPE)
      .send(problemBody(status, detail, errors));
  };
}

interface Described {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly detail?: string;
  readonly errors?: readonly RequestIssue[];
}

function describe(error: unknown): Described {
  if (error instanceof InvalidRequest || error instanceof Problem) return error;
  if (error instanceof StateUnavailable) {
    return { status: 503, headers: { "Retry-After": "5" }, detail: "The shared state cannot be reached at the moment" };
  }
  const { status, type } = (error ?? {}) as { readonly status?: unknown; readonly type?: unknown };
  if (typeof status !== "number" || status < 400 || status > 499) return { status: 500, headers: {} };
  const detail = PARSER_DETAILS.get(type) ?? "The request is malformed";
  return { status, detail, headers: {} };
}
