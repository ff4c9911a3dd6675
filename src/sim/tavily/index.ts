/**
 * A simulated Tavily: `POST /search` as @tavily/core sends it, strict about the key and every field, with results that are the same for
 * the same question. What it finds can be scripted, and it can be slow, refuse, or answer what nobody expects.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { checkSearch, TavilyRefusal, type SearchBody } from "./check.ts";

export interface TavilyResult {
  title: string;
  url: string;
  content: string;
  score?: number;
  published_date?: string;
}

export interface TavilyRequest {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage["headers"];
  /** Answered with this; undefined while it hangs. */
  status: number | undefined;
}

export interface TavilyFaults {
  /** Answers with this status and the body that Tavily has for it. */
  status?: 401 | 403 | 429 | 432 | 433 | 500;
  /** Never answers. */
  hang?: boolean;
  /** Answers this text with status 200 instead. */
  body?: string;
}

export interface TavilySim {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly requests: readonly TavilyRequest[];
  /** What is found; default: three pages about the question. */
  find: (query: string) => readonly TavilyResult[];
  faults: TavilyFaults;
  close(): Promise<void>;
}

/** Larger than any question may be. */
const MOST_BYTES = 100_000;
const SAID: Readonly<Record<NonNullable<TavilyFaults["status"]>, string>> = {
  401: "Unauthorized: missing or invalid API key.",
  403: "Forbidden: the URL is not supported.",
  429: "Your request has been blocked due to excessive requests. Please reduce rate of requests.",
  432: "This request exceeds your plan's set usage limit. Please upgrade your plan or contact support@tavily.com",
  433: "This request exceeds the pay-as-you-go limit. You can increase your limit on the Tavily dashboard.",
  500: "Internal Server Error",
};

export async function startTavilySim({ apiKey = "tvly-sim-0123456789" } = {}): Promise<TavilySim> {
  const requests: TavilyRequest[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
    const text = await read(request);
    const kept: TavilyRequest = { body: {}, headers: request.headers, status: undefined };
    requests.push(kept);
    try {
      if (request.url !== "/search") throw new TavilyRefusal(404, "Not Found");
      if (request.method !== "POST") throw new TavilyRefusal(405, "Method Not Allowed");
      if (request.headers.authorization !== `Bearer ${apiKey}`) throw new TavilyRefusal(401, SAID[401]);
      const body = checkSearch(text);
      Object.assign(kept.body, body);
      const { status, hang, body: odd } = sim.faults;
      if (hang) return;
      if (status !== undefined) throw new TavilyRefusal(status, SAID[status]);
      kept.status = 200;
      send(200, odd ?? found(body, sim.find(body.query)));
    } catch (error) {
      const refusal = error instanceof TavilyRefusal ? error : new TavilyRefusal(500, String(error));
      kept.status = refusal.status;
      send(refusal.status, { detail: { error: refusal.message } });
    }
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sim: TavilySim = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    requests,
    find: (query) =>
      [1, 2, 3].map((n) => ({
        title: `Page ${n} about ${query}`,
        url: `https://example.com/${n}?about=${encodeURIComponent(query)}`,
        content: `What page ${n} says about ${query}.`,
      })),
    faults: {},
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return sim;
}

async function read(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) if (text.length < MOST_BYTES) text += String(piece);
  return text;
}

function found(
  { query, max_results: most = 5, include_answer: wantsAnswer }: SearchBody,
  all: readonly TavilyResult[],
) {
  const results = all.slice(0, most).map((one, i) => ({ raw_content: null, score: 0.9 - i / 10, ...one }));
  return {
    query,
    follow_up_questions: null,
    answer: wantsAnswer ? (results[0]?.content ?? "") : null,
    images: [],
    results,
    response_time: 0.42,
    request_id: `sim-${query.length}-${results.length}`,
  };
}
