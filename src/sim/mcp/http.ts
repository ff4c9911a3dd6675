/** The desktop over streamable HTTP, one session for each client, on this machine. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { WebStandardStreamableHTTPServerTransport, type Server } from "@modelcontextprotocol/server";
import { createDesktop, type Behaviour, type Done } from "./desktop.ts";

export interface HttpDesktop {
  readonly url: string;
  readonly port: number;
  readonly done: Done[];
  /** What every request came with. */
  readonly requests: { readonly headers: IncomingMessage["headers"] }[];
  behaviour: Behaviour;
  /** Tells every client that there is something else to be listed. */
  listChanged(): Promise<void>;
  close(): Promise<void>;
}

/** `port`: one that it had before. */
export async function startHttpDesktop({ port = 0, behaviour = {} }: { port?: number; behaviour?: Behaviour } = {}) {
  const sessions = new Map<string, { server: Server; transport: WebStandardStreamableHTTPServerTransport }>();
  const listener = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  const desktop: HttpDesktop = {
    url: "",
    port: 0,
    done: [],
    requests: [],
    behaviour,
    async listChanged() {
      for (const { server } of sessions.values()) await server.sendToolListChanged();
    },
    async close() {
      for (const { server } of sessions.values()) await server.close();
      sessions.clear();
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    desktop.requests.push({ headers: request.headers });
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? sessions.get(id) : undefined;
    if (id !== undefined && !known) {
      response.writeHead(404).end();
      return;
    }
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { transport } = known ?? (await newSession());
    const hasBody = request.method === "POST";
    const told = await transport.handleRequest(
      new Request(`http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`, {
        method: request.method ?? "GET",
        headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        ...(hasBody && { body: Buffer.concat(pieces).toString() }),
      }),
    );
    response.writeHead(told.status, Object.fromEntries(told.headers));
    if (!told.body) {
      response.end();
      return;
    }
    response.flushHeaders();
    await pipeline(Readable.fromWeb(told.body as never), response).catch(() => undefined);
  }

  async function newSession() {
    const server = createDesktop({
      behaviour: () => desktop.behaviour,
      onCall: (one) => desktop.done.push(one),
      die: () => listener.closeAllConnections(),
    });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, { server, transport }),
    });
    await server.connect(transport);
    return { server, transport };
  }

  await new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
  const { port: own } = listener.address() as AddressInfo;
  return Object.assign(desktop, { port: own, url: `http://127.0.0.1:${own}/mcp` });
}
