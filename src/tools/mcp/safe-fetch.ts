// fetch for somebody else's server: the name is resolved once, every address it has is looked at, and the connection goes to one
// of those and no other, so that a name which means something else a moment later gains nothing. No redirects, bounded answers.
import { lookup as lookUp, type LookupAddress } from "node:dns";
import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { isPublicAddress } from "./addresses.ts";

export interface SafeFetchOptions {
  /** It may stand on this machine or in a private network, and speak plain http. */
  readonly allowPrivate: boolean;
  /** Of one answer. */
  readonly maxBytes: number;
  /** As dns.lookup with `all`; for tests. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
}

/** The address is one that nothing outside of this machine's network has. */
export class ForbiddenAddress extends Error {
  constructor() {
    super("the server's address is not a public one");
    this.name = "ForbiddenAddress";
  }
}

const IDLE_MS = 60_000;
const NO_BODY = new Set([101, 204, 205, 304]);

const resolveAll = (host: string): Promise<readonly LookupAddress[]> =>
  new Promise((resolve, reject) =>
    lookUp(host, { all: true, verbatim: true }, (error, found) => (error ? reject(error) : resolve(found))),
  );

export function createSafeFetch({ allowPrivate, maxBytes, resolve = resolveAll }: SafeFetchOptions) {
  async function addressOf(host: string): Promise<LookupAddress> {
    const bare = host.replace(/^\[|\]$/g, "");
    const family = isIP(bare);
    const all = family ? [{ address: bare, family }] : await resolve(bare);
    const [first] = all;
    if (!first) throw new Error("the server's name has no address");
    // One bad address among good ones is how a rebinding begins.
    if (!allowPrivate && !all.every(({ address }) => isPublicAddress(address))) throw new ForbiddenAddress();
    return first;
  }

  return async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:"))
      throw new Error("the server's address is not https");
    const { signal, body, method = "GET" } = init;
    if (body !== undefined && body !== null && typeof body !== "string") throw new Error("only texts are sent");
    signal?.throwIfAborted();
    const { address, family } = await addressOf(url.hostname);
    const checked: LookupFunction = (_host, options, done) =>
      options.all ? done(null, [{ address, family }]) : done(null, address, family);
    const headers = new Headers(init.headers);
    const options: RequestOptions = {
      method,
      headers: { ...Object.fromEntries(headers), ...(body && { "content-length": Buffer.byteLength(body) }) },
      lookup: checked,
      // A connection that is kept would be one to an address that was checked for something else.
      agent: false,
      ...(signal && { signal }),
    };
    const answer = await new Promise<IncomingMessage>((done, reject) => {
      const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options, done);
      request.setTimeout(IDLE_MS, () => request.destroy(new Error("the server fell silent")));
      request.on("error", reject);
      request.end(body ?? undefined);
    });
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400 && status !== 304) {
      answer.destroy();
      throw new Error("the server sends us elsewhere, where we do not go");
    }
    if (NO_BODY.has(status)) {
      answer.resume();
      return new Response(null, { status, headers: headersOf(answer) });
    }
    // A stream that stays open for what the server has to tell is bounded by how long it lives, an answer by its size.
    const isListening = method === "GET";
    const bytes = isListening ? answer : Readable.from(limited(answer, maxBytes));
    return new Response(Readable.toWeb(bytes) as ReadableStream, { status, headers: headersOf(answer) });
  };
}

async function* limited(answer: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) {
      answer.destroy();
      throw new Error("the server's answer is too long");
    }
    yield piece;
  }
}

function headersOf({ headers }: IncomingMessage): Headers {
  const all = new Headers();
  for (const [name, value] of Object.entries(headers))
    for (const one of Array.isArray(value) ? value : [value ?? ""]) all.append(name, one);
  return all;
}
