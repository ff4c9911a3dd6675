// A Realtime session for one piece of work, as a conversation of requests and events that are waited for one by one. Calls need
// something else, realtime-session.ts: here nothing comes by itself, and whoever waits in vain is told why.
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import * as make from "../wire/openai-realtime-client.ts";
import type { ServerEvent } from "../wire/openai-realtime.ts";
import type { ConnectBreaker } from "./connect-breaker.ts";
import { createReading } from "./reading.ts";
import { openRealtimeSocket } from "./realtime-socket.ts";
import { fromSocket } from "./speech-failure.ts";
import { metricCode } from "./upstream-errors.ts";

export interface ExchangePorts {
  readonly apiKey: string;
  /** REST base, such as https://api.openai.com/v1. */
  readonly baseUrl: string;
  readonly breaker: ConnectBreaker;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Exchange {
  send(event: make.ClientEvent): void;
  /** Audio to be understood, base64. */
  append(payload: string): void;
  /** The next event. @throws SpeechError when none comes, or none can come any more; the signal's reason when it aborts. */
  next(): Promise<ServerEvent>;
  /** Idempotent. */
  close(): void;
}

/** Longer than any pause of a server that works. */
const PATIENCE_MS = 20_000;
const SESSION_UPDATE = "session";

/** Opens a session of these settings, and comes back once they are in force. @throws as `next`. */
export async function openExchange(
  url: URL,
  session: make.SpeakingSession | make.TranscriptionSession,
  ports: ExchangePorts,
  signal: AbortSignal,
): Promise<Exchange> {
  signal.throwIfAborted();
  const { clock, log, meter } = ports;
  const events: ServerEvent[] = [];
  let failure: Error | undefined;
  let wake = (): void => undefined;
  let isClosed = false;

  const read = createReading({
    log,
    meter,
    countError: (code) => meter.count("voice_upstream_errors_total", { code: metricCode(code) }),
  });
  const socket = openRealtimeSocket({
    ...ports,
    url,
    onFrame(frame) {
      const event = read(frame);
      if (!event) return;
      if (event.type === "session.created") {
        socket.established();
        return socket.send(JSON.stringify(make.sessionUpdate(SESSION_UPDATE, session)));
      }
      events.push(event);
      wake();
    },
    onClosed: (code) => fail(fromSocket(code)),
  });

  function fail(error: Error): void {
    failure ??= error;
    wake();
  }

  const abort = (): void => fail(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });

  async function next(): Promise<ServerEvent> {
    const cancel = clock.after(PATIENCE_MS, () => fail(fromSocket("stall")));
    try {
      while (events.length === 0 && !failure) await new Promise<void>((resolve) => (wake = resolve));
    } finally {
      cancel();
    }
    const event = events.shift();
    // Events that came before the end are told before it.
    if (!event || signal.aborted) throw failure as Error;
    if (event.type !== "error") return event;
    const { code, type, param, message } = event.error;
    log.warn("the voice API refused a request", {
      code: code ?? type ?? "unknown",
      param: param ?? undefined,
      message: message?.slice(0, 200),
    });
    throw fromSocket(code ?? "unknown");
  }

  const exchange: Exchange = {
    send: (event) => socket.send(JSON.stringify(event)),
    append: (payload) => socket.send(make.appendFrame(payload)),
    next,
    close() {
      if (isClosed) return;
      isClosed = true;
      signal.removeEventListener("abort", abort);
      socket.close();
    },
  };
  try {
    let event = await next();
    while (event.type !== "session.updated") event = await next();
    return exchange;
  } catch (error) {
    exchange.close();
    throw error;
  }
}
