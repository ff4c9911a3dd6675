// One HTTP request from the phone network to a server under test: signed by the twilio library's own function over the
// public address, sent to where that address really is, bounded in time and size, failing with Twilio's error codes.
import { randomUUID } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { performance } from "node:perf_hooks";
// The package's front door loads its whole REST client; the signature function lives in this one file of it.
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";

/** Where a public origin really answers, as a tunnel would know it. Origins have no trailing slash. */
export interface Route {
  publicOrigin: string;
  realOrigin: string;
}

/** How requests are signed: properly, not at all, with a made-up value, or with another account's token. */
export type SignatureKind = "valid" | "none" | "forged" | { token: string };

export interface Target {
  url: string;
  method: "GET" | "POST";
}

export interface Answer {
  status: number;
  contentType: string;
  body: Buffer;
  /** The URL that answered, after redirects. */
  url: string;
  tookMs: number;
}

/** A request that brought nothing usable; `code` is Twilio's (11200, 11205, ...), `httpStatus` what the server said. */
export class RequestFailure extends Error {
  readonly code: number;
  readonly httpStatus: number | undefined;
  readonly tookMs: number;
  constructor(code: number, message: string, tookMs: number, httpStatus?: number) {
    super(message);
    this.name = "RequestFailure";
    this.code = code;
    this.tookMs = tookMs;
    this.httpStatus = httpStatus;
  }
}

export interface RequestOptions {
  route: Route;
  authToken: string;
  signature: SignatureKind;
  /** The Host header; by default the public address's host, which a tunnel hands on. */
  host?: string | undefined;
  /** Wall ms for the whole exchange: 15 000 at Twilio. */
  timeoutMs: number;
  maxBytes: number;
  signal: AbortSignal;
}

const MAX_REDIRECTS = 10;

/** The signature header's value, or undefined when it is to be left out. */
export function sign(
  url: string,
  params: Record<string, string>,
  authToken: string,
  kind: SignatureKind,
): string | undefined {
  if (kind === "none") return undefined;
  if (kind === "forged") return Buffer.from("a signature of 20 B.").toString("base64");
  return getExpectedTwilioSignature(typeof kind === "object" ? kind.token : authToken, url, params);
}

/** The real address of a public one; addresses elsewhere stay as they are. */
export function realUrl(route: Route, url: string): string {
  const rest = url.slice(route.publicOrigin.length);
  return url.startsWith(route.publicOrigin) && /^([/?#]|$)/.test(rest) ? route.realOrigin + rest : url;
}

/** The URL with GET parameters behind its own query, in the order and encoding that is signed. */
function withQuery(url: string, params: Record<string, string>): string {
  const query = new URLSearchParams(params).toString();
  return query === "" ? url : `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

/**
 * Sends it and follows redirects (to GET, except for 307 and 308).
 * @throws RequestFailure for everything but a 2xx answer of a permitted size in time.
 */
export async function sendSigned(
  target: Target,
  params: Record<string, string>,
  options: RequestOptions,
): Promise<Answer> {
  const startedMs = performance.now();
  const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  let { url, method } = target;
  try {
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const signed = method === "GET" ? withQuery(url, params) : url;
      const response = await exchange(signed, method, params, options, deadline);
      const status = response.statusCode ?? 0;
      const location = response.headers.location;
      if (status >= 300 && status < 400 && location !== undefined) {
        response.resume();
        url = new URL(location, url).href;
        if (status !== 307 && status !== 308) method = "GET";
        continue;
      }
      const body = await readBody(response, options.maxBytes);
      const tookMs = performance.now() - startedMs;
      if (status < 200 || status > 299) throw new RequestFailure(11200, `HTTP status ${status}`, tookMs, status);
      return { status, contentType: response.headers["content-type"] ?? "", body, url, tookMs };
    }
  } catch (error) {
    throw asFailure(error, performance.now() - startedMs, options);
  }
  throw new RequestFailure(11215, `more than ${MAX_REDIRECTS} redirects`, performance.now() - startedMs);
}

function exchange(
  url: string,
  method: Target["method"],
  params: Record<string, string>,
  options: RequestOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const form = method === "POST" ? new URLSearchParams(params).toString() : undefined;
  const signature = sign(url, form === undefined ? {} : params, options.authToken, options.signature);
  const real = realUrl(options.route, url);
  const { protocol, hostname, port, origin } = new URL(real);
  if (protocol !== "http:" && protocol !== "https:") throw new RequestFailure(11100, `not an http address: ${url}`, 0);
  // The path goes out exactly as it was signed: the URL class would re-encode some characters.
  const path = real.slice(origin.length).replace(/#.*$/s, "") || "/";
  return new Promise((resolve, reject) => {
    const request = (protocol === "https:" ? httpsRequest : httpRequest)({
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      method,
      path: path.startsWith("?") ? `/${path}` : path,
      agent: false,
      signal,
      headers: {
        Host: options.host ?? new URL(url).host,
        "User-Agent": "TwilioProxy/1.1",
        Accept: "*/*",
        "I-Twilio-Idempotency-Token": randomUUID(),
        ...(signature === undefined ? {} : { "X-Twilio-Signature": signature }),
        ...(form === undefined
          ? {}
          : {
              "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
              "Content-Length": String(Buffer.byteLength(form)),
            }),
      },
    });
    request.once("response", resolve);
    request.on("error", reject);
    request.end(form);
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      response.destroy();
      throw new RequestFailure(11750, `the response is longer than ${maxBytes} bytes`, 0, response.statusCode);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Errors of Node's own modules are read by their fields: a test runner's have another Error constructor. */
function describe(error: unknown): { code: string; message: string } {
  if (typeof error !== "object" || error === null) return { code: "", message: String(error) };
  const code = "code" in error ? String(error.code) : "";
  return { code, message: "message" in error ? String(error.message) : code };
}

function asFailure(error: unknown, tookMs: number, options: RequestOptions): RequestFailure {
  if (error instanceof RequestFailure) return new RequestFailure(error.code, error.message, tookMs, error.httpStatus);
  const { code, message } = describe(error);
  if (options.signal.aborted) return new RequestFailure(11205, "the simulation was closed", tookMs);
  if (code === "ABORT_ERR" || code === "23") {
    return new RequestFailure(11205, `no complete response within ${options.timeoutMs} ms`, tookMs);
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return new RequestFailure(11210, "unknown host name", tookMs);
  if (code === "ECONNREFUSED") return new RequestFailure(11205, "connection refused", tookMs);
  if (code === "ERR_INVALID_URL" || code === "ERR_UNESCAPED_CHARACTERS") {
    return new RequestFailure(11100, "not a URL", tookMs);
  }
  return new RequestFailure(11206, `the exchange broke: ${message}`, tookMs);
}
