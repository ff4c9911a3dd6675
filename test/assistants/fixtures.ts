// What the tests of the assistants share: a scripted HTTP server and a reader of replies. It holds no expectations.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { AssistantThread, ThreadEvent, ThreadInput, ThreadOptions } from "../../src/core/thread.ts";

export interface ReceivedRequest {
  readonly method: string;
  /** Path with query, as it came. */
  readonly url: string;
  readonly body: string;
}

export interface TinyServer {
  readonly baseUrl: string;
  readonly requests: ReceivedRequest[];
  /** Connections accepted so far. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** A real HTTP server that answers as `answer` says; for what no well-behaved server does. */
export async function tinyServer(
  answer: (request: ReceivedRequest, response: ServerResponse, raw: IncomingMessage) => void,
): Promise<TinyServer> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((raw, response) => {
    let body = "";
    raw.setEncoding("utf8");
    raw.on("data", (chunk: string) => (body += chunk));
    raw.on("end", () => {
      const request = { method: raw.method ?? "", url: raw.url ?? "", body };
      requests.push(request);
      answer(request, response, raw);
    });
  });
  server.on("connection", (socket) => {
    connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    connections: () => connections,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export const noTools: ThreadOptions["runTool"] = (request) =>
  Promise.reject(new Error(`unexpected tool ${request.name}`));

export interface ReadReply {
  readonly text: string;
  readonly deltas: readonly string[];
  readonly usage: readonly Extract<ThreadEvent, { type: "usage" }>["usage"][];
}

/** Reads a whole reply. */
export async function readReply(
  thread: AssistantThread,
  input: string | ThreadInput,
  options: Partial<ThreadOptions> = {},
): Promise<ReadReply> {
  const deltas: string[] = [];
  const usage: ReadReply["usage"][number][] = [];
  const events = thread.reply(typeof input === "string" ? { text: input } : input, {
    signal: options.signal ?? new AbortController().signal,
    runTool: options.runTool ?? noTools,
  });
  for await (const event of events) {
    if (event.type === "text") deltas.push(event.delta);
    else usage.push(event.usage);
  }
  return { text: deltas.join(""), deltas, usage };
}
