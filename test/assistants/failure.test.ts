import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import { fromErrorEvent, logFailure, ThreadFailure, toFailure } from "../../src/assistants/failure.ts";
import { ThreadError, type ThreadErrorCode } from "../../src/core/thread.ts";
import { keptLog } from "../support/observe.ts";

const SECRETS = ["sk-very-secret-key", "I am Mrs Jones and my card is 4111"];

function answered(status: number, error: Record<string, unknown> = {}, headers: Record<string, string> = {}): APIError {
  return APIError.generate(
    status,
    { error: { message: SECRETS.join(" "), ...error } },
    undefined,
    new Headers(headers),
  );
}

function connection(code: string | undefined): APIConnectionError {
  const cause = Object.assign(new Error(`connect ${code}`), code === undefined ? {} : { code });
  return new APIConnectionError({ message: SECRETS.join(" "), cause: new TypeError("fetch failed", { cause }) });
}

describe("codes", () => {
  const table: [name: string, error: unknown, code: ThreadErrorCode, reached: boolean][] = [
    ["401", answered(401, { code: "invalid_api_key" }), "auth", false],
    ["403", answered(403), "auth", false],
    ["404", answered(404, { code: "model_not_found" }), "not-found", false],
    ["410", answered(410), "not-found", false],
    ["429", answered(429), "rate-limited", true],
    ["400", answered(400, { param: "stream_options" }), "failed", false],
    ["422", answered(422), "failed", false],
    ["409", answered(409), "unavailable", false],
    ["500", answered(500), "unavailable", true],
    ["503", answered(503), "unavailable", true],
    ["a refused connection", connection("ECONNREFUSED"), "unavailable", false],
    ["an unknown host", connection("ENOTFOUND"), "unavailable", false],
    ["a reset connection", connection("ECONNRESET"), "unavailable", true],
    ["a connection error without a code", connection(undefined), "unavailable", true],
    ["the package's own timeout", new APIConnectionTimeoutError(), "timeout", true],
    ["a stream that is no JSON", new SyntaxError("malformed"), "unavailable", true],
    ["a stream that broke off", new TypeError("terminated"), "unavailable", true],
    ["an error event", new APIError(undefined, { code: "server_error" }, "x", new Headers()), "unavailable", true],
    ["an unknown error event", new APIError(undefined, { code: "odd" }, "x", new Headers()), "failed", true],
    ["an error event of rate", fromErrorEvent({ code: "rate_limit_exceeded" }), "rate-limited", true],
    ["an error event without a code", fromErrorEvent({}), "failed", true],
    ["anything", "thrown text", "unavailable", true],
  ];
  test.each(table)("%s", (_, error, code, reached) => {
    const failed = toFailure(error);
    expect(failed).toBeInstanceOf(ThreadFailure);
    expect({ code: failed.code, reached: (failed as ThreadFailure).facts.reached }).toEqual({ code, reached });
    for (const secret of SECRETS) expect(failed.message).not.toContain(secret);
    expect(failed.cause).toBeUndefined();
  });

  test("a ThreadError passes unchanged", () => {
    const error = new ThreadError("failed", "x");
    expect(toFailure(error)).toBe(error);
  });
});

test.each([
  [{ "retry-after-ms": "250" }, 250],
  [{ "retry-after": "1" }, 1000],
  [{ "retry-after": "0.5" }, 500],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, 0],
  [{ "retry-after": "soon" }, undefined],
  [{}, undefined],
])("the wait asked for by %j is %s ms", (headers, ms) => {
  expect((toFailure(answered(429, {}, headers as Record<string, string>)) as ThreadFailure).facts.retryAfterMs).toBe(
    ms,
  );
});

describe("log lines", () => {
  const codes: readonly ThreadErrorCode[] = [
    "auth",
    "not-found",
    "assistants-removed",
    "rate-limited",
    "unavailable",
    "timeout",
    "failed",
  ];

  test("each code has its own line with advice", () => {
    const log = keptLog();
    for (const code of codes) logFailure(log, new ThreadError(code, "x"), { client: "responses" });
    expect(new Set(log.lines.map(({ message }) => message)).size).toBe(codes.length);
    expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toMatchSnapshot();
  });

  test("they carry machine words and nothing that a far side could smuggle in", () => {
    const log = keptLog();
    const error = answered(
      400,
      { code: "unknown_parameter", param: "tools[0].function", type: SECRETS[1] },
      { "x-request-id": "req_123" },
    );
    logFailure(log, toFailure(error), { client: "chat" });
    logFailure(log, toFailure(answered(401, { code: SECRETS[0] + " !", param: SECRETS[1] })), { client: "chat" });
    expect(log.lines[0]?.fields).toEqual({
      client: "chat",
      code: "failed",
      status: 400,
      upstream: "unknown_parameter",
      param: "tools[0].function",
      request: "req_123",
    });
    for (const secret of SECRETS) expect(JSON.stringify(log.lines)).not.toContain(secret);
  });
});
