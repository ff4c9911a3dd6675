// The connection to OpenAI of one conversation, which outlives each single one: a lost one is replaced, one that will expire is rolled over
// at a quiet moment, and the next is told what was said. It does not know what the events mean.
import type { Clock } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { RelayedSession, RelayedSessionHooks, RelayEvent } from "../../speech/relayed-session.ts";

export interface ConnectionParts extends Pick<RelayedSessionHooks, "session" | "history" | "onEvent" | "onAudio"> {
  readonly open: (hooks: RelayedSessionHooks) => RelayedSession;
  /** The session begins and ends with it; a sideband is one more beside a session of somebody else's. */
  readonly isOurs: boolean;
  /** Nobody speaks, and nobody is owed anything. */
  readonly isQuiet: () => boolean;
  /** `after`: what the one before was lost of; undefined for the first, "expiry" where it was rolled over. */
  readonly onReady: (session: unknown, after: string | undefined) => void;
  /** Another one is being opened. */
  readonly onLost: (code: string) => void;
  readonly onHopeless: (code: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export type Connection = ReturnType<typeof createConnection>;

/** Openings in a row that came to nothing; each of them tries twice. */
const MOST_FAILURES = 3;
const AGAIN_MS = 500;
/** A connection that served so long is no failure when it is lost. */
const SERVED_MS = 5000;
/** Before the end of a session a quiet moment is looked for, and soon before it any moment will do. */
const LEAD_MS = 300_000;
const FORCED_MS = 20_000;
const LOOK_MS = 500;
/** No session is as short as this. */
const SHORTEST_MS = 10_000;

export function createConnection(parts: ConnectionParts) {
  const { clock, log, meter } = parts;
  let current: RelayedSession | undefined;
  let next: RelayedSession | undefined;
  let number = 0;
  let failures = 0;
  let readyAt = 0;
  let lostOf: string | undefined;
  let isClosed = false;
  let cancelAgain = (): void => {};
  let cancelRoll = (): void => {};

  function open(): RelayedSession {
    const session: RelayedSession = parts.open({
      ...(parts.session && { session: parts.session }),
      ...(parts.history && { history: parts.history }),
      onReady: (told) => ready(session, told),
      onEvent(event) {
        if (session === current) parts.onEvent(event);
      },
      onAudio(audio, frame) {
        if (session === current) parts.onAudio(audio, frame);
      },
      onClosed: (code, fatal) => gone(session, code, fatal),
    });
    return session;
  }

  function ready(session: RelayedSession, told: unknown): void {
    if (isClosed) return;
    if (session === next) {
      // Somebody may have spoken meanwhile, and it knows nothing of that.
      if (!parts.isQuiet() && !isLate()) {
        next.close();
        next = undefined;
        return look();
      }
      current?.close();
      current = next;
      next = undefined;
      lostOf = "expiry";
      log.info("the assistant's session was rolled over before its end");
    } else if (session !== current) return;
    number++;
    readyAt = clock.now();
    const after = lostOf;
    lostOf = undefined;
    watchEnd(told);
    parts.onReady(told, after);
  }

  let endsAt = Infinity;
  const isLate = (): boolean => clock.now() > endsAt - Math.min(FORCED_MS, leadMs / 4);
  let leadMs = LEAD_MS;

  function watchEnd(told: unknown): void {
    cancelRoll();
    const { expires_at: at } = (told ?? {}) as { readonly expires_at?: unknown };
    if (typeof at !== "number" || !parts.isOurs) return;
    const leftMs = at * 1000 - +clock.date();
    // Then its clock and ours disagree, and its end will be a loss like any other.
    if (leftMs < SHORTEST_MS) return;
    endsAt = clock.now() + leftMs;
    leadMs = Math.min(LEAD_MS, leftMs / 3);
    cancelRoll = clock.after(Math.max(0, leftMs - leadMs), look);
  }

  function look(): void {
    if (isClosed || next || !current?.isReady()) return;
    if (parts.isQuiet() || isLate()) {
      next = open();
      return;
    }
    cancelRoll = clock.after(Math.min(LOOK_MS, leadMs / 8), look);
  }

  function gone(session: RelayedSession, code: string, fatal: boolean): void {
    if (isClosed) return;
    if (session === next) {
      next = undefined;
      cancelRoll = clock.after(LOOK_MS, look);
      return;
    }
    if (session !== current) return;
    cancelRoll();
    next?.close();
    next = undefined;
    const wasReady = readyAt > 0 && lostOf === undefined;
    failures = wasReady && clock.now() - readyAt >= SERVED_MS ? 1 : failures + 1;
    current = undefined;
    const isTheEnd = !parts.isOurs && code === "closed-by-server";
    if (fatal || isTheEnd || failures > MOST_FAILURES) {
      close();
      return parts.onHopeless(code);
    }
    meter.count("voice_upstream_reconnects_total", { reason: code });
    log.warn("the assistant lost its session and opens another", { cause: code });
    if (wasReady) parts.onLost(code);
    lostOf ??= code;
    if (failures > 1) cancelAgain = clock.after(AGAIN_MS * failures, again);
    else again();
  }

  function again(): void {
    if (!isClosed) current = open();
  }

  function close(): void {
    isClosed = true;
    cancelAgain();
    cancelRoll();
    current?.close();
    next?.close();
    current = undefined;
    next = undefined;
  }

  return {
    start: again,
    /** Given up where there is none; what matters is told to the next by its history. */
    send: (event: RelayEvent): void => current?.send(event),
    hear: (audio: string): void => current?.hear(audio),
    isReady: (): boolean => current?.isReady() ?? false,
    /** Of the connection; what has ids belongs to one of them. */
    number: (): number => number,
    read: (on: boolean): void => current?.read(on),
    close,
  };
}
