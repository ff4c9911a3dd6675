// What the tests of the assistants share: clocks, a log and a meter that remember, a scripted HTTP server, and readers of
// replies. It holds no expectations.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "../../src/core/clock.ts";
import type { Log, LogFields, Meter } from "../../src/core/observe.ts";
import type { AssistantThread, ThreadEvent, ThreadInput, ThreadOptions } from "../../src/core/thread.ts";

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

export interface ManualClock extends Clock {
  /** Moves time on and runs what is due, in order. */
  advance(ms: number): void;
  readonly pending: () => number;
}

export function manualClock(): ManualClock {
  let now = 0;
  let timers: { at: number; fn: () => void }[] = [];
  return {
    now: () => now,
    date: () => new Date(now),
    after(ms, fn) {
      const timer = { at: now + ms, fn };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((other) => other !== next);
        now = next.at;
        next.fn();
      }
      now = until;
    },
    pending: () => timers.length,
  };
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

export function memoryLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const make = (base: LogFields): Log => {
    const write =
      (level: LogLine["level"]) =>
      (message: string, fields: LogFields = {}) => {
        lines.push({ level, message, fields: { ...base, ...fields } });
      };
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      with: (fields) => make({ ...base, ...fields }),
    };
  };
  return { ...make({}), lines };
}

export function memoryMeter(): Meter & {
  readonly counts: Map<string, number>;
  readonly observed: Map<string, number[]>;
} {
  const counts = new Map<string, number>();
  const observed = new Map<string, number[]>();
  const key = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    `${name}{${Object.entries(labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(",")}}`;
  return {
    counts,
    observed,
    count(name, labels, by = 1) {
      counts.set(key(name, labels), (counts.get(key(name, labels)) ?? 0) + by);
    },
    gauge: () => undefined,
    observe(name, value, labels) {
      observed.set(key(name, labels), [...(observed.get(key(name, labels)) ?? []), value]);
    },
  };
}

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

/** Waits until `holds`, looking every few ms. @throws Error naming `what` after `withinMs`. */
export async function until(holds: () => boolean, what: string, withinMs = 3000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
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
