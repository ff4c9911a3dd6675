/**
 * The door of the Realtime WebSocket: who may come in, by which address, and what becomes of clients that still speak the
 * beta. It upgrades the connection and starts a session; what is said on it is not its business.
 */
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { Refusal, type Json } from "../check.ts";
import { forced, httpError, unknownUrl, wrongKey } from "../errors.ts";
import type { Faults } from "../faults.ts";
import { isServed, type Model } from "../models.ts";
import type { Seeded } from "../seeded.ts";
import type { Calls } from "./calls.ts";
import type { Shared } from "./context.ts";
import { createSession, type RealtimeSession } from "./session.ts";

export interface Door {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
  readonly counts: { opened: number; open: number; refused: number };
}

export interface DoorOptions {
  shared: Shared;
  chance: Seeded;
  models: readonly Model[];
  /** Settings of the client secret this key is, null for the account's own key, undefined for a key that is not good. */
  settingsFor(key: string): Json | null | undefined;
  /** Calls over WebRTC, which sidebands stand beside. */
  calls: Calls;
  /** Numbers of sessions. */
  nextNumber(): number;
  /** Takes the switches queued for the next session. */
  nextFaults(): Faults;
  lifeSeconds: number;
  onSession(session: RealtimeSession): void;
}

/** 15 MiB of audio as base64, and some room for the event around it. */
const MAX_PAYLOAD = 21 * 1024 * 1024;
const KEY_PROTOCOL = "openai-insecure-api-key.";
const BETA_CLOSE = 4000;

function keyOf(request: IncomingMessage): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (bearer) return bearer;
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((entry) => entry.trim());
  return offered.find((entry) => entry.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length);
}

function answer(socket: Duplex, refusal: Refusal): void {
  const { status, body } = httpError(refusal);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

/** What the address asks for. @throws Refusal with HTTP 400 or 404 */
function wanted(url: URL): { type: "realtime" | "transcription"; model: string } | { callId: string } {
  const given = ["model", "call_id", "intent"].filter((name) => url.searchParams.has(name));
  if (given.length !== 1) {
    throw new Refusal(
      "invalid_request_error",
      "Exactly one of 'model', 'call_id' or 'intent' must be given in the query.",
    );
  }
  const callId = url.searchParams.get("call_id");
  if (callId !== null) return { callId };
  const intent = url.searchParams.get("intent");
  if (intent !== null && intent !== "transcription") {
    throw new Refusal("invalid_value", `Invalid value: '${intent}'. Supported values are: 'transcription'.`, {
      param: "intent",
    });
  }
  return intent === null
    ? { type: "realtime", model: url.searchParams.get("model") ?? "" }
    : { type: "transcription", model: "" };
}

export function createDoor(options: DoorOptions): Door {
  const { shared } = options;
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    handleProtocols: (offered) => (offered.has("realtime") ? "realtime" : false),
  });
  const waiting = new Set<Duplex>();
  const counts = { opened: 0, open: 0, refused: 0 };

  function welcome(
    socket: WebSocket,
    request: IncomingMessage,
    to: Exclude<ReturnType<typeof wanted>, { callId: string }>,
    preset: Json | null,
    faults: Faults,
  ): void {
    counts.opened++;
    counts.open++;
    socket.once("close", () => counts.open--);
    if (/realtime=v1/.test(String(request.headers["openai-beta"] ?? ""))) {
      const message = "The Realtime Beta API is no longer supported. Please use the GA API.";
      return dismiss(socket, "beta_api_shape_disabled", message);
    }
    const { model: presetModel, ...rest } = preset ?? {};
    if (typeof presetModel === "string") to.model = presetModel;
    const model = options.models.find((one) => one.id === to.model);
    if (to.type === "realtime" && (model?.use !== "realtime" || !isServed(model, shared.now()))) {
      return dismiss(
        socket,
        "model_not_found",
        `The model '${to.model}' does not exist or you do not have access to it.`,
      );
    }
    if (preset && preset["type"] !== to.type) {
      return dismiss(
        socket,
        "invalid_value",
        `This client secret is for a session of type '${String(preset["type"])}'.`,
      );
    }
    const session = createSession({
      socket,
      shared,
      faults,
      preset: preset ? rest : undefined,
      ...to,
      ...numbered(),
      lifeSeconds: options.lifeSeconds,
    });
    options.onSession(session);
  }

  function numbered() {
    const number = options.nextNumber();
    return { number, chance: options.chance.fork(number) };
  }

  function dismiss(socket: WebSocket, code: string, message: string): void {
    const error = { type: "invalid_request_error", code, message, param: null };
    socket.on("error", () => {});
    socket.send(JSON.stringify({ type: "error", event_id: options.chance.id("event_"), error }));
    socket.close(BETA_CLOSE, `invalid_request_error.${code}`);
  }

  return {
    counts,
    upgrade(request, socket, head) {
      socket.on("error", () => {});
      waiting.add(socket);
      socket.once("close", () => waiting.delete(socket));
      const url = new URL(request.url ?? "/", "http://sim");
      const faults = options.nextFaults();
      const refuse = faults.refuse ?? shared.faults.refuse;
      const key = keyOf(request);
      const preset = key === undefined ? undefined : options.settingsFor(key);
      try {
        if (url.pathname !== "/v1/realtime") throw unknownUrl("GET", url.pathname);
        if (refuse === "hang") return;
        if (refuse === "reset") return void socket.destroy();
        if (refuse) throw forced(refuse);
        if (preset === undefined) throw wrongKey(key);
        const to = wanted(url);
        // A short-lived secret opens a session of its own and no other.
        if ("callId" in to && preset !== null) throw wrongKey(key);
        const beside = "callId" in to ? options.calls.require(to.callId) : undefined;
        server.handleUpgrade(request, socket, head, (ws) => {
          waiting.delete(socket);
          if (beside) beside.attach(ws);
          else if (!("callId" in to)) welcome(ws, request, to, preset, faults);
        });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        counts.refused++;
        shared.log("realtime handshake refused", { status: error.status, code: error.code });
        answer(socket, error);
      }
    },
    close() {
      for (const socket of waiting) socket.destroy();
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
