// A small server for the simulated phone network to call: it answers webhooks with whatever TwiML a test gives it, checks
// every signature with the twilio library, and hands out each media stream as a list of messages and a way to answer.
import type { AddressInfo, Socket } from "node:net";
import express, { type Request } from "express";
// Only this file of the package: its front door takes a second to load.
import { validateRequest } from "twilio/lib/webhooks/webhooks.js";
import { WebSocketServer, type WebSocket } from "ws";
import { startTwilioSim, type CallOptions, type SimCall, type TwilioSim } from "../../../src/sim/twilio/index.ts";

export const ACCOUNT_SID = "AC00000000000000000000000000000001";
export const AUTH_TOKEN = "12345678901234567890123456789012";
export const CALLER = "+15550001111";
export const CALLED = "+15550002222";

export interface Message {
  event: string;
  [field: string]: unknown;
}

export interface DoubleStream {
  socket: WebSocket;
  messages: Message[];
  headers: Request["headers"];
  url: string;
  streamSid: string;
  /** Resolves with the first message, past or coming, that satisfies the predicate. */
  next(predicate: (message: Message) => boolean): Promise<Message>;
  closed: Promise<{ code: number; reason: string }>;
  play(audio: Uint8Array): void;
  mark(name: string): void;
  clear(): void;
  send(message: unknown): void;
}

export interface Seen {
  method: string;
  path: string;
  params: Record<string, string>;
  /** What the twilio library's validator says of the request's signature. */
  valid: boolean;
  headers: Request["headers"];
}

/** TwiML, or another answer; with `hang` none at all. */
type Reply = string | { status?: number; type?: string; body?: string | Buffer; location?: string; hang?: true };
type Handler = (seen: Seen) => Reply | Promise<Reply>;

export interface Double {
  url: string;
  publicUrl: string;
  seen: Seen[];
  /** Requests of one path, in order. */
  at(path: string): Seen[];
  on(path: string, reply: Reply | Handler): void;
  streams: DoubleStream[];
  onStream(handler: (stream: DoubleStream) => void): void;
  /** Signature results of upgrades, in order. */
  upgrades: { valid: boolean; validWithSlash: boolean; headers: Request["headers"] }[];
  refuseUpgrades(status: number | "hang" | undefined): void;
  sim: TwilioSim;
  call(options?: Partial<CallOptions>): SimCall;
  close(): Promise<void>;
}

/** Resolves when the condition holds. @throws Error after `timeoutMs` without. */
export async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export const xml = (body: string) => `<?xml version="1.0" encoding="UTF-8"?><Response>${body}</Response>`;

export interface DoubleOptions {
  publicUrl?: string;
  sim?: Partial<Parameters<typeof startTwilioSim>[0]>;
  /** Speed of calls that name none. */
  speed?: number;
}

export async function startDouble(options: DoubleOptions = {}): Promise<Double> {
  const handlers = new Map<string, Handler>();
  const seen: Seen[] = [];
  const streams: DoubleStream[] = [];
  const upgrades: Double["upgrades"] = [];
  const sockets = new Set<Socket>();
  let streamHandler: ((stream: DoubleStream) => void) | undefined;
  let refusal: number | "hang" | undefined;

  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use(async (request, response) => {
    const params = { ...(request.body as Record<string, string> | undefined) };
    const signature = request.header("x-twilio-signature") ?? "";
    const one: Seen = {
      method: request.method,
      path: request.path,
      params: request.method === "GET" ? (request.query as Record<string, string>) : params,
      valid: validateRequest(AUTH_TOKEN, signature, double.publicUrl + request.originalUrl, params),
      headers: request.headers,
    };
    seen.push(one);
    const reply = await handlers.get(request.path)?.(one);
    if (typeof reply === "object" && reply.hang) return;
    if (reply === undefined) response.status(404).send("not here");
    else if (typeof reply === "string") response.type("text/xml").send(reply);
    else {
      if (reply.location !== undefined) response.set("Location", reply.location);
      response
        .status(reply.status ?? 200)
        .type(reply.type ?? "text/xml")
        .send(reply.body ?? "");
    }
  });

  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 * 1024 });
  server.on("upgrade", (request, socket, head) => {
    const signature = String(request.headers["x-twilio-signature"] ?? "");
    const signed = double.publicUrl.replace(/^http/, "ws") + (request.url ?? "");
    upgrades.push({
      valid: validateRequest(AUTH_TOKEN, signature, signed, {}),
      validWithSlash: validateRequest(AUTH_TOKEN, signature, `${signed}/`, {}),
      headers: request.headers,
    });
    if (refusal === "hang") return;
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    wss.handleUpgrade(request, socket, head, (ws) => {
      const stream = wrap(ws, request.headers, request.url ?? "");
      streams.push(stream);
      streamHandler?.(stream);
    });
  });

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sim = await startTwilioSim({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    seed: 7,
    route: { url, publicUrl: options.publicUrl ?? url },
    ...options.sim,
  });

  const double: Double = {
    url,
    publicUrl: options.publicUrl ?? url,
    seen,
    at: (path) => seen.filter((one) => one.path === path),
    on: (path, reply) => void handlers.set(path, typeof reply === "function" ? reply : () => reply),
    streams,
    onStream(handler) {
      streamHandler = handler;
    },
    upgrades,
    refuseUpgrades(status) {
      refusal = status;
    },
    sim,
    call: (call = {}) =>
      sim.call({
        url,
        publicUrl: double.publicUrl,
        from: CALLER,
        to: CALLED,
        caller: [],
        speed: options.speed ?? 10,
        // A minute of the wall clock, far more than any test takes.
        maxMs: 60_000 * (call.speed ?? options.speed ?? 10),
        ...call,
      }),
    async close() {
      await sim.close();
      for (const client of wss.clients) client.terminate();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return double;
}

function wrap(socket: WebSocket, headers: Request["headers"], url: string): DoubleStream {
  const messages: Message[] = [];
  const waiting = new Set<(message: Message) => void>();
  const stream: DoubleStream = {
    socket,
    messages,
    headers,
    url,
    streamSid: "",
    next(predicate) {
      const past = messages.find(predicate);
      if (past) return Promise.resolve(past);
      return new Promise((resolve) => {
        const check = (message: Message) => {
          if (!predicate(message)) return;
          waiting.delete(check);
          resolve(message);
        };
        waiting.add(check);
      });
    },
    closed: new Promise((resolve) => {
      socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    }),
    play: (audio) =>
      stream.send({
        event: "media",
        streamSid: stream.streamSid,
        media: { payload: Buffer.from(audio).toString("base64") },
      }),
    mark: (name) => stream.send({ event: "mark", streamSid: stream.streamSid, mark: { name } }),
    clear: () => stream.send({ event: "clear", streamSid: stream.streamSid }),
    send: (message) => socket.send(JSON.stringify(message)),
  };
  socket.on("error", () => undefined);
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    messages.push(message);
    if (message.event === "start" && stream.streamSid === "") stream.streamSid = String(message["streamSid"]);
    for (const check of waiting) check(message);
  });
  return stream;
}

/** Mu-law bytes of a loud tone, `ms` long; every byte is loud, so that what was heard can be counted. */
export function tone(ms: number, byte = 0x0f): Uint8Array {
  return Uint8Array.from({ length: ms * 8 }, (_, i) => (i % 16 < 8 ? byte : byte | 0x80));
}

/** TwiML that opens a stream on the double. */
export function connectTwiml(publicUrl: string, attributes = "", inner = "", after = ""): string {
  const url = `${publicUrl.replace(/^http/, "ws")}/media-stream`;
  return xml(`<Connect${attributes}><Stream url="${url}">${inner}</Stream></Connect>${after}`);
}
