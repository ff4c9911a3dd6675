// The one door for WebSocket upgrades. A path nobody registered, or a request its route refuses, is turned away with an HTTP
// answer before the handshake: nothing is upgraded first and dropped after. The only file that knows ws and express-ws.
import type { IncomingMessage, Server } from "node:http";
import type { Application } from "express";
import expressWs from "express-ws";
import type { ServerOptions, WebSocket } from "ws";
import type { Log } from "../core/observe.ts";
import type { Socket, SocketListener, SocketRoute } from "../core/socket.ts";
import { PROBLEM_TYPE, pathOf, problemBody } from "./problems.ts";

export interface SocketDoor {
  /** How many sockets are open, those being closed included. */
  open(): number;
  /** Refuses new sockets and cuts those that are left. */
  close(): void;
}

export interface SocketDoorOptions {
  readonly app: Application;
  readonly server: Server;
  readonly routes: readonly SocketRoute[];
  readonly log: Log;
  /** How long a peer may take to answer our close before it is cut off; 5 s. */
  readonly closeTimeoutMs?: number;
}

/** Must be called before any middleware is added: a socket's handler has to run in the tick of its handshake. */
export function createSocketDoor({ app, server, routes, log, closeTimeoutMs = 5000 }: SocketDoorOptions): SocketDoor {
  const byPath = new Map(routes.map((route) => [route.path.toLowerCase(), route]));
  // Express would find the route by its own rules (decoded, any case, with a slash more). The one that judged the upgrade is
  // the one that gets the socket, whatever Express thinks.
  const admitted = new WeakMap<IncomingMessage, SocketRoute>();

  function judge(request: IncomingMessage): number | undefined {
    const route = byPath.get(pathOf(request.url ?? "").toLowerCase());
    if (!route) return 404;
    try {
      const status = route.refuse(request);
      if (status === undefined) admitted.set(request, route);
      return status;
    } catch (error) {
      log.error("an upgrade could not be judged", { path: route.path, error: String(error) });
      return 500;
    }
  }

  // ws knows closeTimeout, its types do not.
  const wsOptions: Omit<ServerOptions, "WebSocket"> & { readonly closeTimeout: number } = {
    // Compressing 20 ms frames costs 2.5 times the CPU and saves nothing.
    perMessageDeflate: false,
    maxPayload: Math.max(1, ...routes.map((route) => route.maxPayload)),
    // No peer of ours sends fragments; these keep a flood of tiny ones from piling up.
    maxFragments: 64,
    maxBufferedChunks: 4096,
    closeTimeout: closeTimeoutMs,
    verifyClient({ req: request }, answer) {
      const status = judge(request);
      if (status === undefined) answer(true);
      else answer(false, status, problemBody(status), { "Content-Type": PROBLEM_TYPE });
    },
  };
  const instance = expressWs(app as expressWs.Application, server, {
    leaveRouterUntouched: true,
    wsOptions,
  });
  const wss = instance.getWss();
  // ws repeats the HTTP server's errors (a port in use) here; whoever listens to the server hears them there.
  wss.on("error", () => undefined);
  // Not a WebSocket handshake at all (method, version, key): as before, but as a problem.
  wss.on("wsClientError", (error, raw, request) => {
    const status = request.method === "GET" ? 400 : 405;
    const body = problemBody(status, error.message);
    const head = [
      `HTTP/1.1 ${status} ${status === 405 ? "Method Not Allowed" : "Bad Request"}`,
      "Connection: close",
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      status === 405 ? "Allow: GET" : "Sec-WebSocket-Version: 13",
    ];
    raw.once("finish", () => raw.destroy());
    raw.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  });

  for (const { path } of routes) {
    instance.app.ws(path, (ws, request) => {
      const route = admitted.get(request);
      admitted.delete(request);
      if (!route) ws.close(1011, "no route");
      else route.accept(adapt(ws, route, log), request);
    });
  }

  return {
    open: () => wss.clients.size,
    close() {
      wss.close();
      for (const client of wss.clients) client.terminate();
    },
  };
}

// The close codes that ws answers a broken protocol with; 1002 for all others.
const CODES: ReadonlyMap<unknown, number> = new Map([
  ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", 1009],
  ["WS_ERR_INVALID_UTF8", 1007],
  ["WS_ERR_TOO_MANY_BUFFERED_PARTS", 1008],
]);

function adapt(ws: WebSocket, { path, maxPayload }: SocketRoute, log: Log): Socket {
  let listener: SocketListener | undefined;
  let gone = false;

  function closed(code: number): void {
    if (gone) return;
    gone = true;
    listener?.closed(code);
  }

  ws.on("message", (data, isBinary) => {
    if (gone || !listener) return;
    const message = data as Buffer; // binaryType is nodebuffer, ws's default.
    if (message.length > maxPayload) {
      // The library's limit is that of the largest route.
      ws.close(1009);
      closed(1009);
      return;
    }
    try {
      listener.message(message, isBinary);
    } catch (error) {
      // A fault of ours in one conversation must not end the process, and with it all the others.
      log.error("a socket message could not be handled", { path, error: stackOf(error) });
      ws.close(1011, "internal error");
      closed(1011);
    }
  });
  // Only a broken protocol comes as an error; ws has sent the close by then and would wait for the peer's.
  ws.on("error", (error: Error & { readonly code?: string }) => closed(CODES.get(error.code) ?? 1002));
  ws.on("close", (code) => closed(code));

  return {
    get bufferedBytes() {
      return ws.bufferedAmount;
    },
    listen(given) {
      listener = given;
    },
    send(data) {
      if (ws.readyState === ws.OPEN) ws.send(data);
    },
    ping() {
      if (ws.readyState === ws.OPEN) ws.ping();
    },
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
