// A request that cannot be served, as an edge says it; http/ turns it into application/problem+json (RFC 9457).

export class Problem extends Error {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** For the person who sent the request; holds nothing that is not theirs. */
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(detail, options);
    this.name = "Problem";
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }
}

/** One thing that is wrong with a request. */
export interface RequestIssue {
  readonly in: "body" | "query" | "path" | "header";
  /** JSON pointer into it (RFC 6901); empty for the whole. */
  readonly pointer: string;
  readonly detail: string;
}

/** Told in one answer; whoever sends more mistakes than this has learned enough. */
const MOST_ISSUES = 50;
const LONGEST_DETAIL = 200;

/** A request that does not fit its schema: everything that is wrong with it at once. */
export class InvalidRequest extends Problem {
  readonly errors: readonly RequestIssue[];
  constructor(issues: readonly RequestIssue[]) {
    const errors = issues
      .slice(0, MOST_ISSUES)
      .map((issue) => ({ ...issue, pointer: clip(issue.pointer), detail: clip(issue.detail) }));
    const [first] = errors;
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
    super(400, first ? `${first.in}${first.pointer}: ${first.detail}${more}` : "The request does not fit");
    this.name = "InvalidRequest";
    this.errors = errors;
  }
}

function clip(text: string): string {
  return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL).replace(/[\ud800-\udbff]$/, "")}...` : text;
}
