// A server to test with, and raw sockets to ask it with.
import { once } from "node:events";
import { connect } from "node:net";
import type { Log, LogFields } from "../../src/core/observe.ts";
import { createHttpServer, type HttpServerOptions } from "../../src/http/server.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
export function keptLog(lines: LogLine[] = []): Log & { readonly lines: readonly LogLine[] } {
  const at =
    (level: LogLine["level"]) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields });
  return {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: () => keptLog(lines),
  };
}

export function testServer(options: Partial<HttpServerOptions> = {}) {
  const log = keptLog();
  const server = createHttpServer({
    routers: [],
    sockets: [],
    trustProxy: 0,
    log,
    isDraining: () => false,
    isReady: () => true,
    status: () => ({ upSeconds: 1, callsActive: 0, callsEnded: {} }),
    ...options,
  });
  return { ...server, log };
}

/** Sends these very bytes and resolves to everything that comes back until the far side closes. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
  socket.write(bytes);
  await once(socket, "close");
  return answer;
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

/** Resolves once the condition holds. @throws after 20 s, naming the condition. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${condition.toString()}`);
    await new Promise(setImmediate);
  }
}
