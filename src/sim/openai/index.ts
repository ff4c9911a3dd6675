/**
 * A simulated OpenAI on 127.0.0.1: the Realtime WebSocket and the REST routes a voice agent uses, as strict as the real one
 * (2026-11), scripted and with faults on demand. It serves demos, tests and benches and is never part of production.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Json } from "./check.ts";
import { desk } from "./desk.ts";
import { DEFAULT_TIMING, type Faults, type Timing } from "./faults.ts";
import { hum } from "./hum.ts";
import { MODELS, type Model } from "./models.ts";
import { createCalls, type SimulatedCall } from "./realtime/calls.ts";
import type { Shared, Synthesize } from "./realtime/context.ts";
import { createDoor } from "./realtime/handshake.ts";
import type { RealtimeSession } from "./realtime/session.ts";
import { createRest, type RestRequest, type RestState } from "./rest/index.ts";
import type { Brain, OpenAIScript } from "./script.ts";
import { seeded } from "./seeded.ts";

export interface OpenAISimOptions {
  /** TCP port on 127.0.0.1; default: a free one. */
  port?: number;
  /** The one key that is good; any other gets 401. Default "sk-sim". */
  apiKey?: string;
  /** Everything random follows from it. Default 1. */
  seed?: number;
  script?: OpenAIScript;
  faults?: Faults;
  timing?: Partial<Timing>;
  /** The voice. Default: a quick hum without words. */
  synthesize?: Synthesize;
  /** Brain of last resort, when the script has none. Default: the car-service desk. */
  brain?: Brain;
  /** Models offered besides the usual ones. */
  models?: readonly Model[];
  /** Seconds until a Realtime session expires. Default 3600. */
  sessionSeconds?: number;
  /** `silence_duration_ms` of sessions that do not set it. Default 500 (documented; an example shows 200). */
  silenceMs?: number;
  /** Wall clock in ms since the epoch; default Date.now. Decides which models and features still exist. */
  now?: () => number;
  log?: (line: string, fields?: Record<string, unknown>) => void;
}

export interface OpenAISimEvents {
  session: RealtimeSession;
  request: RestRequest;
}

export interface OpenAISim {
  readonly port: number;
  /** "http://127.0.0.1:N/v1", as OPENAI_BASE_URL wants it. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** All Realtime sessions so far, closed ones included, oldest first. */
  readonly sessions: readonly RealtimeSession[];
  /** Calls over WebRTC, by their ids. */
  readonly calls: ReadonlyMap<string, SimulatedCall>;
  /** All REST requests so far, with how they ended. */
  readonly requests: readonly RestRequest[];
  /** What the REST side remembers: conversations, responses, threads, client secrets. */
  readonly state: RestState;
  /** Replace or change it at any time; it is read anew at each use. */
  script: OpenAIScript;
  /** Switches for everybody; a session's own `faults` win. */
  faults: Faults;
  timing: Timing;
  /** Sockets that got through the handshake, those open now, and handshakes refused. */
  readonly counts: { opened: number; open: number; refused: number };
  /** Switches for the next handshake and the session it makes only; several calls queue up. */
  faultNext(faults: Faults): void;
  /** The session with this number (0 = first), now or when it comes. @throws Error after `timeoutMs` (default 5000) */
  session(number: number, timeoutMs?: number): Promise<RealtimeSession>;
  /** Calls `listener` for each new one; returns the way to stop. */
  on<K extends keyof OpenAISimEvents>(name: K, listener: (value: OpenAISimEvents[K]) => void): () => void;
  /** Cuts every connection and frees the port. */
  close(): Promise<void>;
}

/** Recordings kept per simulator; a call needs a few dozen. */
const VOICE_CACHE = 500;

function cached(synthesize: Synthesize): Synthesize {
  const made = new Map<string, Promise<Int16Array>>();
  return (text, options) => {
    const key = JSON.stringify([text, options]);
    let speech = made.get(key);
    if (!speech) {
      speech = synthesize(text, options);
      speech.catch(() => made.delete(key));
      made.set(key, speech);
      if (made.size > VOICE_CACHE) made.delete(made.keys().next().value as string);
    }
    return speech;
  };
}

/** Starts the simulator; resolves when it listens. */
export async function startOpenAISim(options: OpenAISimOptions = {}): Promise<OpenAISim> {
  const apiKey = options.apiKey ?? "sk-sim";
  const chance = seeded(options.seed ?? 1);
  const sessions: RealtimeSession[] = [];
  const queued: Faults[] = [];
  const listeners = {
    session: new Set<(value: RealtimeSession) => void>(),
    request: new Set<(value: RestRequest) => void>(),
  };
  const models = [...MODELS, ...(options.models ?? [])];

  const shared: Shared = {
    script: options.script ?? {},
    faults: options.faults ?? {},
    timing: { ...DEFAULT_TIMING, ...options.timing },
    brain: options.brain ?? desk,
    synthesize: cached(options.synthesize ?? hum),
    now: options.now ?? Date.now,
    silenceMs: options.silenceMs ?? 500,
    log: options.log ?? (() => {}),
  };

  let numbers = 0;
  const nextNumber = () => numbers++;
  const lifeSeconds = options.sessionSeconds ?? 3600;
  function onSession(session: RealtimeSession): void {
    sessions.push(session);
    for (const listener of listeners.session) listener(session);
  }
  const calls = createCalls({ shared, chance: chance.fork(3), lifeSeconds, nextNumber, onSession });

  const rest = createRest({
    beginCall: (model, session) => calls.begin(model, session).id,
    shared,
    chance: chance.fork(1),
    models,
    apiKey,
    onRequest(request) {
      for (const listener of listeners.request) listener(request);
    },
  });

  function settingsFor(key: string): Json | null | undefined {
    if (key === apiKey) return null;
    const secret = rest.state.secrets.get(key);
    return secret && secret.expiresAt * 1000 > shared.now() ? secret.session : undefined;
  }

  const door = createDoor({
    shared,
    chance: chance.fork(2),
    models,
    settingsFor,
    nextFaults: () => queued.shift() ?? {},
    calls,
    nextNumber,
    lifeSeconds,
    onSession,
  });

  const server = createServer((request, response) => rest.handle(request, response));
  server.on("upgrade", (request, socket, head) => door.upgrade(request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

  const sim: OpenAISim = {
    port,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey,
    sessions,
    calls: calls.all,
    requests: rest.requests,
    state: rest.state,
    counts: door.counts,
    get script() {
      return shared.script;
    },
    set script(script) {
      shared.script = script;
    },
    get faults() {
      return shared.faults;
    },
    set faults(faults) {
      shared.faults = faults;
    },
    get timing() {
      return shared.timing;
    },
    set timing(timing) {
      shared.timing = timing;
    },
    faultNext: (faults) => void queued.push(faults),
    on(name, listener) {
      const set = listeners[name] as Set<typeof listener>;
      set.add(listener);
      return () => void set.delete(listener);
    },
    session(number, timeoutMs = 5000) {
      const already = sessions[number];
      if (already) return Promise.resolve(already);
      return new Promise((resolve, reject) => {
        const off = sim.on("session", (session) => {
          if (session.number !== number) return;
          clearTimeout(timer);
          off();
          resolve(session);
        });
        const timer = setTimeout(() => {
          off();
          reject(new Error(`no session ${number} within ${timeoutMs} ms; there are ${sessions.length}`));
        }, timeoutMs);
      });
    },
    async close() {
      calls.close();
      door.close();
      rest.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return sim;
}

export { remembering } from "./remembering.ts";
export { createObedient, type Disguise, type Wish } from "./obedient.ts";
export type { Brain, BrainInput, BrainReply, OpenAIScript, SessionScript, Transcript, Utterance } from "./script.ts";
export type { ErrorFields, Faults, Timing } from "./faults.ts";
export type { Entry, Journal } from "./realtime/journal.ts";
export type { RealtimeSession } from "./realtime/session.ts";
export type { Synthesize } from "./realtime/context.ts";
export type { RestRequest, RestState } from "./rest/index.ts";
