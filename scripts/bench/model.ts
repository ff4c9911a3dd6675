// The model's end of the bench, a process of its own: Realtime over WebSocket and a thread over HTTP, both as lean as they can
// be while a service still takes them for the real thing.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { createTicker, serve, type Effort } from "./far-side.ts";
import { USUAL, type Load } from "./load.ts";
import type { LineStory, ModelLog, ModelStory, TurnTimes } from "./model-log.ts";
import { DELTA_HEADER, startModelSession, type ModelSession } from "./model-session.ts";
import { createModelThread } from "./model-thread.ts";
import { headlessPieces } from "./speech-noise.ts";

export interface ModelWindow {
  /** One-way delays of the callers' audio, ms. */
  readonly delaysMs: Float64Array;
  readonly framesReceived: number;
  readonly deltasSent: number;
  readonly effort: Effort;
}

const voices = new Map<number, readonly string[]>();
const log: ModelLog = {
  delaysMs: [],
  framesReceived: 0,
  deltasSent: 0,
  turns: [],
  interruptions: [],
  truncations: [],
};
const sessions = new Set<ModelSession>();
let load: Load = USUAL;
let opened = 0;
let hushed = false;
let extensions = "";

function turnOf(call: number): TurnTimes | undefined {
  for (const session of sessions) if (session.call() === call) return session.turn();
  return undefined;
}

function voiceOf(deltaMs: number): readonly string[] {
  const known = voices.get(deltaMs);
  if (known) return known;
  const made = headlessPieces(deltaMs, 50, DELTA_HEADER);
  voices.set(deltaMs, made);
  return made;
}

const thread = createModelThread(turnOf);
const server = createServer((request, response) => thread.handle(request, response, load));
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket, request) => {
  opened++;
  extensions ||= request.headers["sec-websocket-extensions"] ?? "";
  const session = startModelSession({ socket, load, log, voice: voiceOf(load.deltaMs) });
  sessions.add(session);
  socket.on("close", () => sessions.delete(session));
});

const ticker = createTicker((now) => {
  if (!hushed) for (const session of sessions) session.tick(now);
  thread.tick(now, load);
});

const questions = {
  async listen(): Promise<number> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
  /** Sessions from now on carry this load. */
  load(next: Load): void {
    load = next;
    hushed = false;
    log.turns.length = log.interruptions.length = log.truncations.length = 0;
  },
  reset(): void {
    ticker.reset();
    log.framesReceived = log.deltasSent = 0;
    log.delaysMs.length = 0;
  },
  window: (): ModelWindow => ({
    delaysMs: Float64Array.from(log.delaysMs),
    framesReceived: log.framesReceived,
    deltasSent: log.deltasSent,
    effort: ticker.effort(),
  }),
  /** Nobody says anything any more, until there is another load. */
  hush: () => void (hushed = true),
  /** What passed on the lines that are open. */
  lines: (): readonly LineStory[] => Array.from(sessions, (session) => session.story()),
  /** Sockets open now and ever, and the extensions anybody asked for (none should be). */
  sockets: () => ({ open: sessions.size, opened, extensions }),
  story: (): ModelStory => ({ turns: log.turns, interruptions: log.interruptions, truncations: log.truncations }),
};
export type ModelQuestions = typeof questions;

serve(questions);
