/**
 * The HTTP side of the simulator without any route: keys, JSON bodies, error bodies, server-sent events, and noticing a
 * client that goes away. Routes are plain functions of a Call.
 */
import { setMaxListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal, isObject, type Json } from "../check.ts";
import { ScriptedError, forced, httpError, unknownUrl, wrongKey } from "../errors.ts";
import type { Shared } from "../realtime/context.ts";
import type { Seeded } from "../seeded.ts";

/** One request and how it ended, as tests look at it. */
export interface RestRequest {
  /** Milliseconds on the monotonic clock. */
  readonly at: number;
  readonly method: string;
  /** Without the query, for example "/v1/responses". */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  /** The JSON body; {} when there was none, and for multipart bodies. */
  body: Json;
  /** HTTP status answered, once it was. */
  status: number | undefined;
  /** The client closed the connection before the answer was complete. */
  aborted: boolean;
  /** Resolves when the answer is complete or the client gone. */
  readonly ended: Promise<void>;
}

export interface Call {
  readonly request: RestRequest;
  readonly body: Json;
  readonly raw: Buffer;
  /** Values of the pattern's ":names". */
  readonly params: Readonly<Record<string, string>>;
  /** Fires when the client goes away or the simulator closes. */
  readonly signal: AbortSignal;
  json(body: unknown, status?: number): void;
  /** 201 with the address of what was made. */
  made(location: string, body: string, contentType: string): void;
  /** Sends a body in these pieces, as a chunked answer. */
  bytes(pieces: readonly Uint8Array[], contentType: string): void;
  /** Starts a server-sent event stream. */
  sse(): Sse;
  /** Cuts the TCP connection. */
  drop(): void;
  /** Resolves true after `ms`, false when the client is gone by then. */
  wait(ms: number): Promise<boolean>;
}

export interface Sse {
  /** One event; `name` is its `event:` line, strings are sent as they are. Nothing is sent once the client is gone. */
  send(data: unknown, name?: string): void;
  end(): void;
}

export interface Route {
  method: "GET" | "POST" | "DELETE";
  /** "/v1/threads/:thread_id/runs" */
  pattern: string;
  /** Body is not JSON (multipart); the route reads `raw`. */
  form?: boolean;
  /** Takes a client secret in place of the account's key. */
  secrets?: boolean;
  handle(call: Call): void | Promise<void>;
}

export interface Http {
  handle(request: IncomingMessage, response: ServerResponse): void;
  readonly requests: readonly RestRequest[];
  close(): void;
}

const MAX_BODY = 32 * 1024 * 1024;
const KEEP_REQUESTS = 10_000;

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] as string;
    if (part.startsWith(":")) params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return params;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY) throw new Refusal(null, "Maximum content size limit exceeded.", { status: 413 });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parseJson(raw: Buffer): Json {
  if (raw.length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(raw.toString("utf8"));
  } catch {
    body = undefined;
  }
  if (!isObject(body)) {
    throw new Refusal(
      null,
      "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.",
    );
  }
  return body;
}

/** Resolves true after `ms`, false as soon as `signal` fires. */
export function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve(true);
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

export function createHttp(options: {
  shared: Shared;
  chance: Seeded;
  routes: readonly Route[];
  isKey(key: string): boolean;
  isSecret(key: string): boolean;
  onRequest(request: RestRequest): void;
}): Http {
  const { shared, chance, routes } = options;
  const requests: RestRequest[] = [];
  const closing = new AbortController();
  // Every request that is being answered listens for the end.
  setMaxListeners(0, closing.signal);

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://sim");
    const gone = new AbortController();
    const stop = () => gone.abort();
    closing.signal.addEventListener("abort", stop, { once: true });
    let markEnded = () => {};
    const request: RestRequest = {
      at: performance.now(),
      method: incoming.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: {},
      status: undefined,
      aborted: false,
      ended: new Promise<void>((resolve) => (markEnded = resolve)),
    };
    requests.push(request);
    if (requests.length > KEEP_REQUESTS) requests.shift();
    outgoing.once("close", () => {
      closing.signal.removeEventListener("abort", stop);
      request.aborted = !outgoing.writableFinished;
      if (request.aborted) shared.log("client aborted", { method: request.method, path: request.path });
      gone.abort();
      markEnded();
    });

    const head = (status: number, type: string) => {
      request.status = status;
      outgoing.writeHead(status, { "content-type": type, "x-request-id": chance.id("req_", 32) });
    };
    const json = (body: unknown, status = 200) => {
      head(status, "application/json");
      outgoing.end(JSON.stringify(body));
    };

    try {
      const key = /^Bearer\s+(\S+)$/i.exec(incoming.headers.authorization ?? "")?.[1];
      const path = request.path.replace(/\/$/, "");
      const fitting = routes.map((route) => ({ route, params: match(route.pattern, path) }));
      const found = fitting.find(({ route, params }) => params && route.method === request.method);
      const isGood = key !== undefined && (options.isKey(key) || (found?.route.secrets && options.isSecret(key)));
      if (!isGood) throw wrongKey(key);
      const raw = await readBody(incoming);
      if (found && !found.route.form) request.body = parseJson(raw);
      options.onRequest(request);

      const { faults } = shared;
      const hit = faults.restOnly === undefined || request.path.startsWith(faults.restOnly);
      if (hit && faults.restHang) return;
      if (hit && faults.restStatus) throw forced(faults.restStatus);
      if (!found?.params) {
        const other = fitting.some(({ params }) => params);
        if (other)
          throw new Refusal("method_not_supported", `Not allowed to ${request.method} on ${path}.`, { status: 405 });
        throw unknownUrl(request.method, request.path);
      }
      if (shared.timing.restMs > 0 && !(await wait(shared.timing.restMs, gone.signal))) return;
      await found.route.handle({
        request,
        body: request.body,
        raw,
        params: found.params,
        signal: gone.signal,
        json,
        made(location, body, type) {
          outgoing.setHeader("location", location);
          head(201, type);
          outgoing.end(body);
        },
        bytes(pieces, type) {
          head(200, type);
          for (const piece of pieces) outgoing.write(piece);
          outgoing.end();
        },
        sse() {
          head(200, "text/event-stream; charset=utf-8");
          outgoing.flushHeaders();
          return {
            send(data, name) {
              if (gone.signal.aborted) return;
              const text = typeof data === "string" ? data : JSON.stringify(data);
              outgoing.write(`${name ? `event: ${name}\n` : ""}data: ${text}\n\n`);
            },
            end: () => void outgoing.end(),
          };
        },
        drop: () => void incoming.socket.destroy(),
        wait: (ms) => wait(ms, gone.signal),
      });
    } catch (error) {
      if (gone.signal.aborted) return;
      const refusal =
        error instanceof Refusal
          ? error
          : new Refusal("server_error", String(error), { status: 500, type: "server_error" });
      if (!(error instanceof Refusal)) shared.log("the simulator failed", { path: request.path, error: String(error) });
      if (outgoing.headersSent) return void incoming.socket.destroy();
      const { status, body } = httpError(refusal);
      json(error instanceof ScriptedError ? error.body : body, status);
    }
  }

  return {
    requests,
    handle: (request, response) => void serve(request, response),
    close: () => closing.abort(),
  };
}
