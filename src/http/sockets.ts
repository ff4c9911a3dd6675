// The one door for WebSocket upgrades. A path nobody registered, or a request its route refuses, is turned away with an HTTP
// answer before the handshake: nothing is upgraded first and dropped after. The only file that knows ws and express-ws.
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Application, Express } from "express";
import expressWs from "express-ws";
import type { ServerOptions, WebSocket } from "ws";
import { stackOf, type Log } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import type { Socket, SocketListener, SocketRoute } from "../core/socket.ts";
import { StateUnavailable } from "../core/state.ts";
import { textFrame } from "../wire/websocket-frame.ts";
import { openShortWay } from "../wire/websocket-reader.ts";
import { PROBLEM_TYPE, pathOf, problemBody } from "./problems.ts";

export interface SocketDoor {
  /** How many sockets are open, those being closed included. */
  open(): number;
  /** Refuses new sockets and cuts those that are left. */
  close(): void;
}

export interface SocketDoorOptions {
  readonly app: Express;
  readonly server: Server;
  readonly routes: readonly SocketRoute[];
  readonly log: Log;
  /** How long a peer may take to answer our close before it is cut off; 5 s. */
  readonly closeTimeoutMs?: number;
}

/** Must be called before any middleware is added: a socket's handler has to run in the tick of its handshake. */
export function createSocketDoor({ app, server, routes, log, closeTimeoutMs = 5000 }: SocketDoorOptions): SocketDoor {
  const patterns = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
  // Express would find the route by its own rules (decoded, any case, with a slash more). The one that judged the upgrade is
  // the one that gets the socket, whatever Express thinks.
  const admitted = new WeakMap<IncomingMessage, SocketRoute>();

  /** Undefined: it may come in. */
  async function judge(request: IncomingMessage): Promise<Problem | undefined> {
    const path = pathOf(request.url ?? "");
    const route = patterns.find(({ pattern }) => pattern.test(path))?.route;
    if (!route) return new Problem(404, "");
    // Before Express has seen it: whoever judges may ask it what a request of Express can be asked.
    Object.setPrototypeOf(request, app.request);
    try {
      const status = await route.refuse(request);
      if (status !== undefined) return new Problem(status, "");
      admitted.set(request, route);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error;
      if (error instanceof StateUnavailable) return new Problem(503, "", { "Retry-After": "5" });
      log.error("an upgrade could not be judged", { path: route.path, error: String(error) });
      return new Problem(500, "");
    }
  }

  // ws knows closeTimeout, its types do not.
  const wsOptions: Omit<ServerOptions, "WebSocket"> & { readonly closeTimeout: number } = {
    // Compressing 20 ms frames costs 2.5 times the CPU and saves nothing.
    perMessageDeflate: false,
    // A browser sends a long message in fragments of 64 KiB or more, and a slow network brings one in pieces of a packet; these
    // keep a flood of tiny ones from piling up.
    maxFragments: 256,
    maxBufferedChunks: 8192,
    closeTimeout: closeTimeoutMs,
    verifyClient({ req: request }, answer) {
      void judge(request).then((problem) => {
        if (!problem) {
          // Read in the handshake, which the answer is: a message over its route's limit is refused at its header.
          wss.options.maxPayload = admitted.get(request)?.maxPayload ?? 1;
          return answer(true);
        }
        const { status, detail, headers } = problem;
        answer(false, status, problemBody(status, detail), { ...headers, "Content-Type": PROBLEM_TYPE });
      });
    },
  };
  const instance = expressWs(app as Application as expressWs.Application, server, {
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
    instance.app.ws(expressPath(path), (ws, request) => {
      const route = admitted.get(request);
      admitted.delete(request);
      if (!route) ws.close(1011, "no route");
      else route.accept(new OpenSocket(ws, request.socket, route, log), request);
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

/** As Express writes it. */
export const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

function patternOf(path: string): RegExp {
  const literal = path.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll(/\{\w+\}/g, "[^/]+")}$`, "i");
}

/** How long a peer that broke the protocol may go on sending, so that it can read why it is cut off. */
const BROKEN_MS = 50;

/** `readyState` of a WebSocket that is neither being opened nor being closed. */
const OPEN = 1;

// The close codes that ws answers a broken protocol with; 1002 for all others.
const CODES: ReadonlyMap<unknown, number> = new Map([
  ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", 1009],
  ["WS_ERR_INVALID_UTF8", 1007],
  ["WS_ERR_TOO_MANY_BUFFERED_PARTS", 1008],
]);

// A class, because every message of every call comes by here: what a call has of its own is one object, and the rest is shared.
class OpenSocket implements Socket {
  readonly #ws: WebSocket;
  /** The connection under it. */
  readonly #raw: Duplex;
  readonly #route: SocketRoute;
  readonly #log: Log;
  #listener: SocketListener | undefined;
  #gone = false;

  constructor(ws: WebSocket, raw: Duplex, route: SocketRoute, log: Log) {
    this.#ws = ws;
    this.#raw = raw;
    this.#route = route;
    this.#log = log;
    // binaryType is nodebuffer, ws's default.
    ws.on("message", (data, isBinary) => this.#message(data as Buffer, isBinary));
    openShortWay(ws, raw, this, { isServer: true, maxPayload: route.maxPayload });
    // Only a broken protocol comes as an error; ws has sent the close by then, and would read what comes until the peer's.
    ws.on("error", (error: Error & { readonly code?: string }) => {
      const cut = setTimeout(() => ws.terminate(), BROKEN_MS).unref();
      ws.once("close", () => clearTimeout(cut));
      this.#closed(CODES.get(error.code) ?? 1002);
    });
    ws.on("close", (code) => this.#closed(code));
    ws.on("pong", () => !this.#gone && this.#listener?.pong?.());
  }

  get bufferedBytes(): number {
    // ws holds nothing itself without compression; asking it would touch three objects more for every piece of audio.
    return this.#raw.writableLength;
  }

  listen(listener: SocketListener): void {
    this.#listener = listener;
  }

  send(data: string | Uint8Array): void {
    if (this.#ws.readyState === OPEN) this.#ws.send(data);
  }

  sendAscii(text: string, next?: string): void {
    if (this.#ws.readyState !== OPEN) return;
    // Past the library, which holds nothing back: without compression each of its frames is written at once, too.
    this.#raw.write(next === undefined ? textFrame(text) : textFrame(text) + textFrame(next), "latin1");
  }

  ping(): void {
    if (this.#ws.readyState === OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** What has come the short way. */
  take(bytes: Buffer, from: number, to: number): void {
    const listener = this.#listener;
    if (this.#gone || !listener) return;
    try {
      if (listener.text?.(bytes, from, to) !== true) listener.message(bytes.subarray(from, to), false);
    } catch (error) {
      this.#failed(error);
    }
  }

  #message(message: Buffer, isBinary: boolean): void {
    if (this.#gone || !this.#listener) return;
    try {
      this.#listener.message(message, isBinary);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A fault of ours in one conversation must not end the process, and with it all the others. */
  #failed(error: unknown): void {
    this.#log.error("a socket message could not be handled", { path: this.#route.path, error: stackOf(error) });
    this.#ws.close(1011, "internal error");
    this.#closed(1011);
  }

  #closed(code: number): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#listener?.closed(code);
  }
}
