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
