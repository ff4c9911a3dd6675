// One Realtime session whose events go to somebody else as they come: set up, given its history, then open both ways. It reads no more
// of an event than its type; what they mean, and what becomes of the conversation when this is lost, is decided elsewhere.
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { readAudioDelta, type AudioDelta } from "../wire/openai-realtime.ts";
import { createConnectBreaker, type ConnectBreaker } from "./connect-breaker.ts";
import { openRealtimeSocket } from "./realtime-socket.ts";
import { realtimeUrl } from "./realtime-voice.ts";
import { metricCode, severityOf } from "./upstream-errors.ts";

export type RelayEvent = { readonly type: string; readonly [key: string]: unknown };

export interface RelayedSession {
  /** Ignored while the session is not ready, as `hear`. */
  send(event: RelayEvent): void;
  /** base64 of pcm16 at 24 kHz. */
  hear(audio: string): void;
  isReady(): boolean;
  bufferedBytes(): number;
  /** false: nothing more is read until it is true again. */
  read(on: boolean): void;
  /** Ends it without `onClosed`. Idempotent. */
  close(): void;
}

export interface RelayedSessionHooks {
  /** The session as it is to be; asked for when it is set up. Absent: it was set up by whoever began it. */
  readonly session?: () => Readonly<Record<string, unknown>>;
  /** What was said before, as client events; asked for when the session is set up. */
  readonly history?: () => readonly RelayEvent[];
  /** With the session as OpenAI says it is. */
  readonly onReady: (session: unknown) => void;
  readonly onEvent: (event: RelayEvent) => void;
  /** A frame of audio, and what is in it. */
  readonly onAudio: (audio: AudioDelta, frame: string) => void;
  /** Once. `fatal`: another session would fail the same way. `status`: of a handshake that was refused. */
  readonly onClosed: (code: string, fatal: boolean) => void;
}

export interface RelaysOptions {
  readonly apiKey: string;
  /** REST base. */
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Relays {
  open(model: string, hooks: RelayedSessionHooks): RelayedSession;
  /** Beside a call that a client began over WebRTC. */
  sideband(callId: string, hooks: RelayedSessionHooks): RelayedSession;
}

const SETUP_MS = 3000;
const SETUP = "setup";
/** Bytes the network has not taken; beyond, audio is given up rather than kept. */
const MOST_BUFFERED = 8_000_000;

export function createRelays(options: RelaysOptions): Relays {
  const { baseUrl, clock, log } = options;
  const breaker = createConnectBreaker(clock, (isOpen) =>
    log.warn(isOpen ? "OpenAI refuses the assistant's sessions (429)" : "OpenAI takes the assistant's sessions again"),
  );
  return {
    open: (model, hooks) => openRelayed({ ...options, breaker, url: realtimeUrl(baseUrl, model) }, hooks),
    sideband: (callId, hooks) => openRelayed({ ...options, breaker, url: realtimeUrl(baseUrl, { callId }) }, hooks),
  };
}

function openRelayed(
  { random = Math.random, ...options }: RelaysOptions & { readonly breaker: ConnectBreaker; readonly url: URL },
  hooks: RelayedSessionHooks,
): RelayedSession {
  const { clock, meter, log } = options;
  let state: "opening" | "configuring" | "ready" | "closed" = "opening";
  let cancelSetup = (): void => {};

  const socket = openRealtimeSocket({
    ...options,
    random,
    onFrame,
    onClosed: shut,
    // Beside a call of somebody else's nothing has to be said first.
    ...(!hooks.session && {
      onOpen() {
        socket.established();
        ready(undefined);
      },
    }),
  });

  function onFrame(data: Buffer): void {
    if (state === "closed") return;
    const delta = readAudioDelta(data);
    if (delta) return hooks.onAudio(delta, data.toString());
    let event: unknown;
    try {
      event = JSON.parse(data.toString());
    } catch {
      return bad();
    }
    if (!isEvent(event)) return bad();
    if (state === "ready") return hooks.onEvent(event);
    if (event.type === "session.created") configure();
    else if (event.type === "session.updated" && state === "configuring") ready(event["session"]);
    else if (event.type === "error") refused(event["error"]);
  }

  function bad(): void {
    meter.count("voice_upstream_errors_total", { code: metricCode("bad-message") });
    log.warn("a message of the voice API could not be read");
  }

  function configure(): void {
    if (state !== "opening" || !hooks.session) return;
    state = "configuring";
    socket.established();
    socket.send(JSON.stringify({ type: "session.update", event_id: SETUP, session: hooks.session() }));
    cancelSetup = clock.after(SETUP_MS, () => shut("setup-timeout", false));
  }

  function ready(session: unknown): void {
    if (state === "ready" || state === "closed") return;
    cancelSetup();
    state = "ready";
    for (const event of hooks.history?.() ?? []) socket.send(JSON.stringify(event));
    hooks.onReady(session);
  }

  /** Before it is ready: the session's settings, or the account, are not good. */
  function refused(error: unknown): void {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    const name = typeof code === "string" ? code : "session-refused";
    log.error("the voice API refused the assistant's session", { code: metricCode(name) });
    shut(name, severityOf(name) !== "expired");
  }

  function shut(code: string, fatal: boolean): void {
    if (state === "closed") return;
    const wasReady = state === "ready";
    state = "closed";
    cancelSetup();
    socket.close();
    if (wasReady) meter.count("voice_upstream_errors_total", { code: metricCode(code) });
    hooks.onClosed(code, fatal);
  }

  return {
    send(event) {
      if (state === "ready") socket.send(JSON.stringify(event));
    },
    hear(piece) {
      if (state !== "ready") return;
      if (socket.bufferedBytes() <= MOST_BUFFERED) return socket.send(append(piece));
      meter.count("voice_frames_dropped_total", { leg: "upstream", cause: "backpressure" });
    },
    isReady: () => state === "ready",
    bufferedBytes: socket.bufferedBytes,
    read: (on) => socket.read(on),
    close() {
      if (state === "closed") return;
      state = "closed";
      cancelSetup();
      socket.close();
    },
  };
}

/** The audio is base64, which needs no escaping. */
const append = (piece: string): string => `{"type":"input_audio_buffer.append","audio":"${piece}"}`;

const isEvent = (value: unknown): value is RelayEvent =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
