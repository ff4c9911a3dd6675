// The one OpenAI client all threads share, on connections that stay open between the turns of a call. Node's built-in fetch
// drops an idle connection after 4 s, shorter than most spoken replies, so every turn would pay for a TLS handshake again.
import http from "node:http";
import https from "node:https";
import OpenAI from "openai";
import type { Clock } from "../core/clock.ts";
import { Answer } from "./answer.ts";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface ConnectionOptions {
  /** May be empty. */
  readonly apiKey: string;
  /** REST base, such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  /** ms; our own watchdogs act first, this is the last resort of the package. */
  readonly timeoutMs: number;
  readonly fetch: Fetch;
}

export function createOpenAI({ apiKey, baseUrl, timeoutMs, fetch }: ConnectionOptions): OpenAI {
  return new OpenAI({
    // The package refuses to be made without a key; a server without one starts all the same and says so. Asked then, the API
    // answers 401.
    apiKey: apiKey || "none",
    baseURL: baseUrl,
    fetch,
    // Retries are ours: the package cannot know what was streamed, or whether a tool has acted.
    maxRetries: 0,
    timeout: timeoutMs + 1000,
    // Its log lines may quote requests; failure.ts logs what operators need.
    logLevel: "off",
    // Explicit, because the package would read these from the environment, which only config.ts does.
    adminAPIKey: null,
    organization: null,
    project: null,
  });
}

/** ms an idle connection is kept. */
const IDLE_MS = 60_000;

/**
 * A fetch for JSON APIs over keep-alive connections: string bodies, no redirects (they come back as they are), no proxies.
 * Idle connections do not keep the process alive.
 */
export function createKeepAliveFetch(clock: Clock): Fetch {
  const agents = {
    "http:": new http.Agent({ keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 32 }),
    "https:": new https.Agent({ keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 32 }),
  };

  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = init.body ?? undefined;
    if (body !== undefined && typeof body !== "string") throw new TypeError("only string bodies are supported");
    const headers: Record<string, string> = Object.fromEntries(
      init.headers instanceof Headers ? init.headers : new Headers(init.headers),
    );
    if (body !== undefined) headers["content-length"] = String(Buffer.byteLength(body));
    const secure = url.protocol === "https:";

    return new Promise<Response>((resolve, reject) => {
      const request = (secure ? https : http).request(url, {
        method: init.method ?? "GET",
        headers,
        agent: agents[secure ? "https:" : "http:"],
        ...(init.signal && { signal: init.signal }),
      });
      request.once("response", (answer) => resolve(new Answer(answer, url.href, clock)));
      // Kept after the response: an aborted request reports its error here, and unheard it would end the process.
      request.on("error", reject);
      request.end(body);
    });
  };
}
