// One WebSocket to the Realtime API from dialling to its end: the time limits of setting up, one fast second attempt and the
// heartbeat. It does not know what the frames mean.
import type { Duplex } from "node:stream";
import { WebSocket, type RawData } from "ws";
import type { Clock } from "../core/clock.ts";
import { stackOf, type Log, type Meter } from "../core/observe.ts";
import { maskedTextFrame } from "../wire/websocket-frame.ts";
import { openShortWay } from "../wire/websocket-reader.ts";
import type { ConnectBreaker } from "./connect-breaker.ts";
import { closure, networkFailure, refusal, type Failure } from "./socket-failures.ts";

const CONNECT_MS = 2000;
/** From the upgrade to session.created. */
const CREATED_MS = 3000;
const PING_EVERY_MS = 15_000;
const PONG_WITHIN_MS = 10_000;
const CLOSE_WITHIN_MS = 1000;
const ATTEMPTS = 2;
const BODY_LIMIT = 4096;
/** A long answer's items come whole in response.done; audio deltas are small beside this. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

export interface RealtimeSocket {
  /** `sent` is called once the network took the frame. */
  readonly send: (frame: string, sent?: () => void) => void;
  /** The same for a frame that is ASCII, such as base64 in JSON, and much cheaper; other characters would be damaged. */
  readonly sendAscii: (frame: string, sent?: () => void) => void;
  /** Bytes given to `send` that the network has not taken. */
  readonly bufferedBytes: () => number;
  /** session.created came: from here on an end is an end, never a reason to dial again. */
  established(): void;
  /** false: nothing more is taken from the network until it is true again. */
  read(on: boolean): void;
  /** Ends it without a call to `onClosed`. Idempotent. */
  close(): void;
}

export interface RealtimeSocketOptions {
  readonly url: URL;
  readonly apiKey: string;
  readonly breaker: ConnectBreaker;
  readonly clock: Clock;
  /** 0 <= random < 1, for the delay of the second attempt. */
  readonly random: () => number;
  readonly log: Log;
  readonly meter: Meter;
  readonly onFrame: (frame: Buffer) => void;
  /** As `text` of core/socket.ts: frames that can be read where they lie. */
  readonly onText?: (bytes: Buffer, from: number, to: number) => boolean;
  /** The handshake is done; what comes first is another matter. */
  readonly onOpen?: () => void;
  /** Once. `fatal`: dialling again would fail the same way. */
  readonly onClosed: (code: string, fatal: boolean) => void;
}

export function openRealtimeSocket(options: RealtimeSocketOptions): RealtimeSocket {
  const { url, apiKey, breaker, clock, random, log, meter, onFrame, onText, onClosed } = options;
  let socket: WebSocket | undefined;
  /** What lies under the socket. */
  let connection: Duplex | undefined;
  let attempt = 0;
  let established = false;
  let closed = false;
  let alive = false;
  let paused = false;
  let cancelTimer: (() => void) | undefined;

  function arm(ms: number, fn: () => void): void {
    cancelTimer?.();
    cancelTimer = clock.after(ms, fn);
  }

  function disarm(): void {
    cancelTimer?.();
    cancelTimer = undefined;
  }

  function dial(): void {
    if (!breaker.admit()) return finish({ code: "rate-limited", fatal: false });
    attempt += 1;
    arm(CONNECT_MS, () => failed({ code: "connect-timeout", fatal: false }));
    try {
      socket = new WebSocket(url, {
        headers: { authorization: `Bearer ${apiKey}`, "user-agent": "voicebridge" },
        perMessageDeflate: false,
        maxPayload: MAX_FRAME_BYTES,
      });
    } catch {
      // The key has characters no header may carry.
      return failed({ code: "invalid_api_key", fatal: true });
    }
    listen(socket);
  }

  function listen(ws: WebSocket): void {
    ws.on("upgrade", function socketOnUpgrade(response) {
      connection = response.socket;
    });
    ws.on("open", function socketOnOpen() {
      arm(CREATED_MS, () => failed({ code: "connect-timeout", fatal: false }));
      openShortWay(ws, connection, { take: socketOnText }, { isServer: false, maxPayload: MAX_FRAME_BYTES });
      options.onOpen?.();
    });
    ws.on("message", socketOnMessage);
    // With the default binaryType every message is one Buffer.
    function socketOnMessage(data: RawData): void {
      alive = true;
      try {
        onFrame(data as Buffer);
      } catch (error) {
        broken(error);
      }
    }
    function socketOnText(bytes: Buffer, from: number, to: number): void {
      // The short way does not ask who listens.
      if (ws !== socket || closed) return;
      alive = true;
      try {
        if (onText?.(bytes, from, to) !== true) onFrame(bytes.subarray(from, to));
      } catch (error) {
        broken(error);
      }
    }
    ws.on("pong", function socketOnPong() {
      alive = true;
    });
    ws.on("unexpected-response", function socketOnRefused(_request, response) {
      const status = response.statusCode ?? 0;
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (body.length < BODY_LIMIT) body += chunk;
      });
      const refused = (): void => failed(refusal(status, body));
      response.on("end", refused);
      response.on("error", refused);
    });
    ws.on("error", function socketOnError(error: NodeJS.ErrnoException) {
      failed(networkFailure(error, established));
    });
    ws.on("close", function socketOnClose(code: number, reason: Buffer) {
      failed(closure(code, reason.toString()));
    });
  }

  /** A fault of ours. What was read with this frame is lost, so the socket cannot be gone on with. */
  function broken(error: unknown): void {
    log.error("a message of the voice API could not be handled", { error: stackOf(error) });
    failed({ code: "internal-error", fatal: false });
  }

  /** The current attempt or the established session is over. */
  function failed(failure: Failure): void {
    if (closed) return;
    disarm();
    if (socket) abandon(socket);
    socket = undefined;
    if (established) return finish(failure);
    meter.count("voice_upstream_connects_total", { result: failure.code });
    if (failure.code === "http-429") breaker.limited();
    log.warn("could not open the voice session", { cause: failure.code, attempt, fatal: failure.fatal });
    if (failure.fatal || attempt >= ATTEMPTS) return finish(failure);
    // A little apart, so that calls that failed together do not come back together.
    arm(100 + random() * 200, dial);
  }

  function finish(failure: Failure): void {
    closed = true;
    disarm();
    onClosed(failure.code, failure.fatal);
  }

  function heartbeat(): void {
    alive = false;
    socket?.ping();
    arm(PONG_WITHIN_MS, () => {
      // What answers is not read meanwhile.
      if (alive || paused) arm(PING_EVERY_MS - PONG_WITHIN_MS, heartbeat);
      else failed({ code: "ping-timeout", fatal: false });
    });
  }

  // Not within this call: whoever opens a socket holds it before the first word about it.
  queueMicrotask(() => {
    if (!closed) dial();
  });
  return {
    send(frame, sent) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(frame, sent);
    },
    sendAscii(frame, sent) {
      // Past the library, which holds nothing back: without compression each of its frames is written at once, too.
      if (socket?.readyState === WebSocket.OPEN) connection?.write(maskedTextFrame(frame), sent);
    },
    // ws holds nothing itself without compression; asking it would touch three objects more for every frame.
    bufferedBytes: () => connection?.writableLength ?? 0,
    established() {
      if (established || closed) return;
      established = true;
      breaker.succeeded();
      meter.count("voice_upstream_connects_total", { result: "ok" });
      arm(PING_EVERY_MS, heartbeat);
    },
    read(on) {
      paused = !on;
      if (on) socket?.resume();
      else socket?.pause();
    },
    close() {
      if (closed) return;
      closed = true;
      disarm();
      if (socket) part(socket, clock, meter);
    },
  };
}

function ignore(): void {
  // Errors of a socket that nobody listens to any more; without a listener they would end the process.
}

function abandon(ws: WebSocket): void {
  ws.removeAllListeners();
  ws.on("error", ignore);
  ws.terminate();
}

/** A proper goodbye where that is possible, bounded; the far side may be gone. */
function part(ws: WebSocket, clock: Clock, meter: Meter): void {
  if (ws.readyState !== WebSocket.OPEN) return abandon(ws);
  ws.removeAllListeners();
  ws.on("error", ignore);
  const cancel = clock.after(CLOSE_WITHIN_MS, () => {
    meter.count("voice_calls_not_torn_down_total", { leg: "upstream" });
    ws.terminate();
  });
  ws.on("close", cancel);
  ws.close(1000);
}
