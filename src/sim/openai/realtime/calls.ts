/**
 * Calls that a client begins over WebRTC: `POST /v1/realtime/calls` takes its offer, and from then on the session has a data channel, on
 * which the client's events come and go without audio, and any number of sidebands that hear the same. No media is carried: who simulates the
 * client speaks for it on the data channel.
 */
import { EventEmitter } from "node:events";
import type { WebSocket } from "ws";
import { Refusal, type Json } from "../check.ts";
import type { Seeded } from "../seeded.ts";
import type { Shared } from "./context.ts";
import { createSession, type RealtimeSession } from "./session.ts";

export interface SimulatedCall {
  readonly id: string;
  readonly session: RealtimeSession;
  /** Sidebands that are connected now, and those that ever were. */
  readonly sidebands: () => { readonly open: number; readonly all: number };
  /** An event of the client, on its data channel. */
  send(event: Json): void;
  /** Cuts the sidebands and lets the call go on. */
  cutSidebands(): void;
  /** The client hangs up: the sidebands are closed. */
  hangUp(): void;
}

export interface Calls {
  readonly all: ReadonlyMap<string, SimulatedCall>;
  begin(model: string, preset: Json): SimulatedCall;
  /** @throws Refusal with 404 for a call that there is not (any more) */
  require(id: string): { attach(socket: WebSocket): void };
  close(): void;
}

export function createCalls(options: {
  shared: Shared;
  chance: Seeded;
  lifeSeconds: number;
  nextNumber(): number;
  onSession(session: RealtimeSession): void;
}): Calls {
  const all = new Map<string, SimulatedCall>();
  const hubs = new Map<string, ReturnType<typeof createHub>>();
  return {
    all,
    begin(model, preset) {
      const id = options.chance.id("rtc_");
      const hub = createHub();
      const { shared, lifeSeconds } = options;
      const session = createSession({
        // Of a socket a session uses no more than the hub has.
        socket: hub as unknown as WebSocket,
        shared,
        lifeSeconds,
        faults: {},
        preset,
        type: "realtime",
        model,
        chance: options.chance.fork(all.size),
        number: options.nextNumber(),
      });
      const call: SimulatedCall = {
        id,
        session,
        sidebands: () => ({ open: hub.sidebands.size, all: hub.count() }),
        send: (event) => void hub.emit("message", Buffer.from(JSON.stringify(event)), false),
        cutSidebands() {
          for (const socket of hub.sidebands) socket.terminate();
        },
        hangUp() {
          hubs.delete(id);
          hub.close(1000, "");
        },
      };
      all.set(id, call);
      hubs.set(id, hub);
      options.onSession(session);
      return call;
    },
    require(id) {
      const hub = hubs.get(id);
      if (!hub) throw new Refusal("call_id_not_found", "No call with this call_id.", { param: "call_id", status: 404 });
      return { attach: (socket) => hub.attach(socket) };
    },
    close() {
      for (const hub of hubs.values()) hub.close(1001, "");
      hubs.clear();
    },
  };
}

/** What a session takes for its socket. */
function createHub() {
  const events = new EventEmitter();
  const sidebands = new Set<WebSocket>();
  let isOpen = true;
  let attached = 0;
  const hub = Object.assign(events, {
    OPEN: 1,
    sidebands,
    count: () => attached,
    get readyState() {
      return isOpen ? 1 : 3;
    },
    send(frame: string) {
      // Audio goes over the media of the call.
      if (frame.startsWith('{"type":"response.output_audio.delta"')) return;
      for (const socket of sidebands) socket.send(frame);
    },
    attach(socket: WebSocket) {
      attached++;
      sidebands.add(socket);
      socket.on("error", () => {});
      socket.on("message", (data, isBinary) => events.emit("message", data, isBinary));
      socket.once("close", () => sidebands.delete(socket));
    },
    close(code: number, reason: string) {
      if (!isOpen) return;
      isOpen = false;
      for (const socket of sidebands) socket.close(code, reason);
      events.emit("close", code, Buffer.from(reason));
    },
    terminate() {
      hub.close(1006, "");
    },
  });
  // Assigned, a getter would be the value it had then.
  Object.defineProperty(hub, "readyState", { get: () => (isOpen ? 1 : 3) });
  return hub;
}
