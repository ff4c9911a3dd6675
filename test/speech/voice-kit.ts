// What the voice's tests share: settings, a simulated or scripted far side, a voice whose events can be waited for, and the
// count of everything that must be gone afterwards.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { Voice, VoiceEngine, VoiceEvent, VoiceRequest } from "../../src/core/voice.ts";
import { createRealtimeVoices } from "../../src/speech/realtime-voice.ts";
import type { VoiceSettings } from "../../src/speech/session-config.ts";
import { countedClock, type CountedClock } from "../support/clock.ts";
import { keptLog, keptMeter, type KeptLog, type KeptMeter } from "../support/observe.ts";
import { until } from "../support/until.ts";

export const ASSISTANT: VoiceSettings = {
  mode: "assistant",
  model: "gpt-realtime-2.1",
  voice: "marin",
  speed: 1,
  vad: { type: "server_vad", threshold: 0.5, prefixMs: 300, silenceMs: 500 },
  transcription: { model: "gpt-live-transcribe", language: "en" },
  instructions: "You are the desk of a car service.",
  tools: [
    {
      name: "end_call",
      description: "Ends the call.",
      parameters: { type: "object", properties: { reason: { type: "string" } } },
    },
  ],
};
export const SPEECH_TO_SPEECH: VoiceSettings = { ...ASSISTANT, mode: "speech-to-speech" };

type EventOf<Type extends VoiceEvent["type"]> = Extract<VoiceEvent, { type: Type }>;

export interface HeardVoice extends Voice {
  readonly events: readonly VoiceEvent[];
  /** The next event of this type that was not returned yet, now or later. */
  next<Type extends VoiceEvent["type"]>(type: Type, ms?: number): Promise<EventOf<Type>>;
  all<Type extends VoiceEvent["type"]>(type: Type): EventOf<Type>[];
}

export function listenTo(voice: Voice): HeardVoice {
  const events: VoiceEvent[] = [];
  const taken = new Set<VoiceEvent>();
  voice.attach((event) => void events.push(event));
  function all<Type extends VoiceEvent["type"]>(type: Type): EventOf<Type>[] {
    return events.filter((event): event is EventOf<Type> => event.type === type);
  }
  return {
    ...voice,
    events,
    all,
    async next(type, ms = 20_000) {
      const fresh = () => all(type).find((event) => !taken.has(event));
      await until(
        () => `${type}; came: ${events.map((event) => event.type).join(" ")}`,
        () => fresh() !== undefined,
        ms,
      );
      const event = fresh();
      if (!event) throw new Error("unreachable");
      taken.add(event);
      return event;
    },
  };
}

export interface Kit {
  readonly engine: VoiceEngine;
  readonly clock: CountedClock;
  readonly log: KeptLog;
  readonly meter: KeptMeter;
  open(request?: Partial<VoiceRequest>): HeardVoice;
  /** Closes the engine and waits until no timer is left. */
  done(): Promise<void>;
}

/** @param speed makes the voice's own waits that many times shorter; `clock` replaces the real one. */
export function kit(
  baseUrl: string,
  options: { settings?: VoiceSettings; apiKey?: string; speed?: number; clock?: CountedClock } = {},
): Kit {
  const { settings = ASSISTANT, apiKey = "sk-sim", speed = 1, clock = countedClock(speed) } = options;
  const log = keptLog();
  const meter = keptMeter();
  const engine = createRealtimeVoices({ apiKey, baseUrl, clock, log, meter, random: () => 0 }).with(settings);
  return {
    engine,
    clock,
    log,
    meter,
    open: (request = {}) => listenTo(engine.open({ callId: "call-1", history: [], ...request })),
    async done() {
      engine.close();
      await until("all timers released", () => clock.pending === 0);
    },
  };
}

export interface ScriptedUpstream {
  readonly baseUrl: string;
  /** Connections so far. */
  readonly connections: readonly ScriptedConnection[];
  readonly openSockets: number;
  close(): Promise<void>;
}

export interface ScriptedConnection {
  readonly socket: WebSocket;
  readonly frames: string[];
  send(event: object | string): void;
  /** Events received of this type. */
  of(type: string): Record<string, unknown>[];
}

/** A far side that does what the test says, frame by frame; `greet` makes it set sessions up as the API does. */
export async function scriptedUpstream(
  onFrame: (connection: ScriptedConnection, event: Record<string, unknown>) => void = () => undefined,
  { greet = true }: { greet?: boolean } = {},
): Promise<ScriptedUpstream> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await once(server, "listening");
  const connections: ScriptedConnection[] = [];
  server.on("connection", (socket) => {
    const frames: string[] = [];
    const connection: ScriptedConnection = {
      socket,
      frames,
      send: (event) => socket.send(typeof event === "string" ? event : JSON.stringify(event)),
      of: (type) =>
        frames.map((frame) => JSON.parse(frame) as Record<string, unknown>).filter((event) => event.type === type),
    };
    connections.push(connection);
    socket.on("error", () => undefined);
    socket.on("message", (data) => {
      const frame = (data as Buffer).toString();
      frames.push(frame);
      const event = JSON.parse(frame) as Record<string, unknown>;
      if (greet && event.type === "session.update") connection.send(UPDATED);
      onFrame(connection, event);
    });
    if (greet) connection.send({ type: "session.created", event_id: "e", session: { type: "realtime" } });
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    connections,
    get openSockets() {
      return server.clients.size;
    },
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export const PCMU_SESSION = {
  type: "realtime",
  audio: { input: { format: { type: "audio/pcmu" } }, output: { format: { type: "audio/pcmu" } } },
};
export const UPDATED = { type: "session.updated", event_id: "e", session: PCMU_SESSION };

/** 20 ms of mu-law, all of one value, as the phone sends it. */
export function frame(value = 0xff, ms = 20): string {
  return Buffer.alloc(ms * 8, value).toString("base64");
}

/** Caller audio: a loud tone for `toneMs`, then silence for `quietMs`, in 20 ms frames, all at once. */
export function speakInto(voice: Voice, toneMs: number, quietMs: number): void {
  const tone = Buffer.from(Array.from({ length: 160 }, (_, at) => (at % 20 < 10 ? 0x90 : 0x10))).toString("base64");
  for (let ms = 0; ms < toneMs; ms += 20) voice.hear(tone);
  for (let ms = 0; ms < quietMs; ms += 20) voice.hear(frame());
}
