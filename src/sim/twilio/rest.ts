// The REST side of the simulation: an HTTP server that speaks the few resources of Twilio's 2010-04-01 API the bridge and
// its tools use, with its authentication, error bodies and pages, and with switches to fail the way Twilio can.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { numberJson, type NumberBook } from "./numbers.ts";
import type { CallsResource } from "./rest-calls.ts";
import { rfc2822 } from "./request-params.ts";

/** An answer that is not a success, in Twilio's form. */
export class RestError extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const notFound = (path: string) => new RestError(404, 20404, `The requested resource ${path} was not found`);

export type Misbehaviour = "429" | "500" | "503" | "hang" | "reset";

export interface RestServer {
  baseUrl: string;
  /** Every request that came in, in order. */
  requests: { method: string; path: string; form: Record<string, string>; status: number }[];
  /** From now on, or for `times` requests, answers like this; undefined ends it. */
  misbehave(how: Misbehaviour | undefined, times?: number): void;
  close(): Promise<void>;
}

export interface RestOptions {
  accountSid: string;
  authToken: string;
  port: number;
  calls: CallsResource;
  numbers: NumberBook;
}

type Reply = { status: number; body: unknown };
export type Form = ReadonlyMap<string, string>;

const MAX_FORM_BYTES = 64 * 1024;
const PREFIX = "/2010-04-01/Accounts/";

export async function startRest(options: RestOptions): Promise<RestServer> {
  const requests: RestServer["requests"] = [];
  const sockets = new Set<Socket>();
  let mode: Misbehaviour | undefined;
  let left = 0;

  const server = createServer((request, response) => {
    void answer(request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://api.twilio.invalid");
    const method = request.method ?? "GET";
    let reply: Reply;
    let form: Form = new Map();
    try {
      form = await readForm(request);
      const fault = takeMisbehaviour();
      if (fault === "hang") return;
      if (fault === "reset") {
        request.socket.resetAndDestroy();
        return;
      }
      if (fault !== undefined) throw failureOf(fault);
      authenticate(request, options);
      reply = await route(options, method, url, form);
    } catch (error) {
      const { status, code, message } =
        error instanceof RestError ? error : new RestError(500, 20500, `the simulation failed: ${String(error)}`);
      const more_info = `https://www.twilio.com/docs/errors/${code}`;
      reply = { status, body: { code, message, more_info, status } };
    }
    requests.push({ method, path: url.pathname + url.search, form: Object.fromEntries(form), status: reply.status });
    response.writeHead(reply.status, { "Content-Type": "application/json; charset=utf-8" });
    response.end(JSON.stringify(reply.body));
  }

  function takeMisbehaviour(): Misbehaviour | undefined {
    if (mode === undefined || left-- <= 0) return undefined;
    return mode;
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    misbehave(how, times = Infinity) {
      mode = how;
      left = times;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function failureOf(mode: "429" | "500" | "503"): RestError {
  if (mode === "429") return new RestError(429, 20429, "Too Many Requests");
  return mode === "503"
    ? new RestError(503, 20503, "Service is unavailable. Please try again.")
    : new RestError(500, 20500, "An internal server error has occurred");
}

function authenticate(request: IncomingMessage, { accountSid, authToken }: RestOptions): void {
  const expected = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
  if (request.headers.authorization !== expected) throw new RestError(401, 20003, "Authenticate");
}

async function readForm(request: IncomingMessage): Promise<Form> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_FORM_BYTES) throw new RestError(413, 20413, "Request entity too large");
    chunks.push(chunk);
  }
  // A repeated name (StatusCallbackEvent) is a list, which Twilio also takes as one value with blanks.
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(Buffer.concat(chunks).toString("utf8"))) {
    const before = form.get(name);
    form.set(name, before === undefined ? value : `${before} ${value}`);
  }
  return form;
}

async function route(options: RestOptions, method: string, url: URL, form: Form): Promise<Reply> {
  const { accountSid, calls, numbers } = options;
  const { pathname } = url;
  const rest = pathname.startsWith(PREFIX) ? pathname.slice(PREFIX.length) : "";
  const [account, resource, sid, more] = rest.replace(/\.json$/, "").split("/");
  if (account !== accountSid || !pathname.endsWith(".json") || more !== undefined) throw notFound(pathname);
  const post = method === "POST";
  if (!post && method !== "GET") throw new RestError(405, 20004, "Method not allowed");
  if (resource === undefined) return { status: 200, body: accountJson(accountSid) };
  if (resource === "Calls") {
    if (sid !== undefined)
      return { status: 200, body: post ? calls.update(sid, form, pathname) : calls.fetch(sid, pathname) };
    return post
      ? { status: 201, body: calls.create(form) }
      : { status: 200, body: page("calls", calls.list(url.searchParams), url) };
  }
  if (resource === "IncomingPhoneNumbers") {
    if (sid === undefined) {
      if (post) throw new RestError(400, 21404, "The simulation sells no numbers");
      const wanted = url.searchParams.get("PhoneNumber") ?? "";
      const found = numbers.list().filter((number) => number.phoneNumber.includes(wanted));
      return {
        status: 200,
        body: page(
          "incoming_phone_numbers",
          found.map((number) => numberJson(number, accountSid)),
          url,
        ),
      };
    }
    const number = numbers.bySid(sid);
    if (!number) throw notFound(pathname);
    const wrong = post ? numbers.update(number, form) : undefined;
    if (wrong !== undefined) throw new RestError(400, 21402, wrong);
    return { status: 200, body: numberJson(number, accountSid) };
  }
  throw notFound(pathname);
}

function accountJson(accountSid: string): Record<string, unknown> {
  const now = rfc2822(new Date());
  return {
    sid: accountSid,
    owner_account_sid: accountSid,
    friendly_name: "Simulated account",
    status: "active",
    type: "Full",
    auth_token: "",
    date_created: now,
    date_updated: now,
    subresource_uris: {},
    uri: `/2010-04-01/Accounts/${accountSid}.json`,
  };
}

/** One page of a list, in the form the 2010 API gives pages. */
function page(name: string, all: unknown[], url: URL): Record<string, unknown> {
  const size = Math.min(1000, Math.max(1, Number(url.searchParams.get("PageSize") ?? 50) || 50));
  const index = Math.max(0, Number(url.searchParams.get("Page") ?? 0) || 0);
  const items = all.slice(index * size, (index + 1) * size);
  const uri = (number: number) => {
    const params = new URLSearchParams(url.searchParams);
    params.set("PageSize", String(size));
    params.set("Page", String(number));
    return `${url.pathname}?${params.toString()}`;
  };
  return {
    [name]: items,
    page: index,
    page_size: size,
    start: index * size,
    end: Math.max(0, index * size + items.length - 1),
    uri: uri(index),
    first_page_uri: uri(0),
    next_page_uri: (index + 1) * size < all.length ? uri(index + 1) : null,
    previous_page_uri: index > 0 ? uri(index - 1) : null,
  };
}
