// The HTTP server: Express with limits, security headers, the health routes, the routers it is given, and the door for sockets.
// It knows no route of a product: those come from the edges.
import { createServer, STATUS_CODES, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import express, { type Express, type RequestHandler, type Router } from "express";
import type { Log } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import type { SocketRoute } from "../core/socket.ts";
import { crossOrigin, securityHeaders } from "./headers.ts";
import { createHealthRouter, type HealthOptions } from "./health.ts";
import { notFound, PROBLEM_TYPE, problemBody, problemHandler } from "./problems.ts";
import { servedBy, type Served } from "./served.ts";
import { createSocketDoor, expressPath } from "./sockets.ts";

export interface HttpServerOptions extends HealthOptions {
  readonly routers: readonly Router[];
  readonly sockets: readonly SocketRoute[];
  /** Proxies in front of us whose X-Forwarded-For counts; 0 reads none of it. */
  readonly trustProxy: number;
  /** Exact origins whose pages may read answers, with credentials. */
  readonly corsOrigins?: readonly string[];
  readonly log: Log;
  /** ms a socket's peer may take to answer our close; 5000. */
  readonly closeTimeoutMs?: number;
}

export interface HttpServer {
  readonly app: Express;
  /** Every route there is. */
  readonly served: readonly Served[];
  /** Port 0 takes a free one. @throws what listen fails with, such as EADDRINUSE. */
  listen(port: number, host: string): Promise<{ readonly port: number }>;
  /** Stops listening and cuts what is still connected. Idempotent; calls are to be ended before. */
  close(): Promise<void>;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { routers, sockets, trustProxy, log } = options;
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false); // Nothing here is worth caching, and no-store says so.
  app.set("trust proxy", trustProxy);

  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000, // Above the 60 s of common load balancers, or they would reuse what we just closed.
      connectionsCheckingInterval: 2000,
      // Node would answer for us, without a body.
      requireHostHeader: false,
    },
    app,
  );
  server.on("clientError", answerClientError);
  server.on("connect", (_request, socket) => endWith(socket, 405));
  server.on("checkExpectation", ({ socket }) => endWith(socket, 417));

  const door = createSocketDoor({
    app,
    server,
    routes: sockets,
    log,
    ...(options.closeTimeoutMs !== undefined && { closeTimeoutMs: options.closeTimeoutMs }),
  });
  app.use(securityHeaders());
  app.use(hostRequired);
  app.use(crossOrigin(options.corsOrigins ?? []));
  app.use(createHealthRouter(options));
  if (options.page) app.use(options.page.router);
  for (const router of routers) app.use(router);
  for (const { path } of sockets) app.all(expressPath(path), upgradeRequired);
  app.use(notFound);
  app.use(problemHandler(log));

  let closing: Promise<void> | undefined;
  return {
    app,
    served: servedBy(app),
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          server.on("error", (error) => log.error("the HTTP server failed", { error: error.message }));
          resolve({ port: (server.address() as AddressInfo).port });
        });
      }),
    close() {
      closing ??= closeServer(server, () => door.close());
      return closing;
    },
  };
}

function closeServer(server: Server, closeSockets: () => void): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve()); // An error means that it never listened, which is as closed as can be.
    closeSockets();
    server.closeAllConnections();
  });
}

/** As HTTP/1.1 demands. What it says is read by nobody who decides anything. */
const hostRequired: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersionMinor > 0)
    next(new Problem(400, "There is no Host header"));
  else next();
};

/** A socket's path asked for without an upgrade. */
const upgradeRequired: RequestHandler = (_request, _response, next) => {
  next(new Problem(426, "This is a WebSocket: ask for it with an upgrade", { Upgrade: "websocket" }));
};

const CLIENT_ERRORS: ReadonlyMap<unknown, number> = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

/** Bytes that never became a request. */
function answerClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  endWith(socket, CLIENT_ERRORS.get(error.code) ?? 400);
}

/** A problem for whoever cannot be given one by a route. */
function endWith(socket: Duplex, status: number): void {
  const body = problemBody(status);
  // Node takes its own listener away before it hands a tunnel over, and a peer may be gone before it reads this.
  socket.on("error", () => undefined);
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
