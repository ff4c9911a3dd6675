/** A bare Realtime client for these tests: sends what it is told, remembers what it gets, waits for events without sleeping. */
import { WebSocket } from "ws";
import { startOpenAISim, type OpenAISim, type OpenAISimOptions } from "../../../src/sim/openai/index.ts";
import { createJournal } from "../../../src/sim/openai/realtime/journal.ts";

export type Event = Record<string, unknown> & { type: string };

export interface Client {
  socket: WebSocket;
  /** All server events, audio included. */
  events: Event[];
  send(event: unknown): void;
  /** The next event of this type not yet returned by `next`; events of other types are skipped, not lost. */
  next(type: string | ((event: Event) => boolean), timeoutMs?: number): Promise<Event>;
  /** Types so far. */
  types(): string[];
  /** Sends a session.update and waits for its answer. */
  update(session: Record<string, unknown>): Promise<Event>;
  /** Sends an event that must be refused; returns the error's inner object. */
  refused(event: unknown): Promise<Record<string, unknown>>;
  /** Appends audio in 20 ms frames of the given bytes per millisecond. */
  append(bytes: Uint8Array, frame?: number): void;
  closed: Promise<{ code: number; reason: string }>;
}

export interface ConnectOptions {
  key?: string;
  query?: string;
  path?: string;
  headers?: Record<string, string>;
  protocols?: string[];
}

const sims: OpenAISim[] = [];

/** A simulator that the next `closeSims` closes; fast unless told otherwise. */
export async function sim(options: OpenAISimOptions = {}): Promise<OpenAISim> {
  const started = await startOpenAISim({
    ...options,
    timing: { transcriptMs: 5, replyMs: 2, pace: 100, textDeltaMs: 0, ...options.timing },
  });
  sims.push(started);
  return started;
}

export async function closeSims(): Promise<void> {
  await Promise.all(sims.splice(0).map((one) => one.close()));
}

export function open(on: OpenAISim, options: ConnectOptions = {}): Client {
  const path = options.path ?? "/v1/realtime";
  const query = options.query ?? "?model=gpt-realtime-2.1";
  const key = options.key ?? on.apiKey;
  const socket = new WebSocket(`ws://127.0.0.1:${on.port}${path}${query}`, options.protocols ?? [], {
    perMessageDeflate: false,
    headers: { ...(key === "" ? {} : { Authorization: `Bearer ${key}` }), ...options.headers },
  });
  const journal = createJournal("client");
  const events: Event[] = [];
  let from = 0;
  socket.on("error", () => {});
  socket.on("message", (data: Buffer) => {
    const event = JSON.parse(data.toString("utf8")) as Event;
    events.push(event);
    journal.add(event);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => {
      journal.end();
      resolve({ code, reason: reason.toString() });
    });
  });
  const client: Client = {
    socket,
    events,
    closed,
    send: (event) => socket.send(typeof event === "string" ? event : JSON.stringify(event)),
    types: () => events.map((event) => event.type),
    async next(type, timeoutMs = 20_000) {
      const start = from;
      const match = typeof type === "string" ? (event: Event) => event.type === type : type;
      const entry = await journal.waitFor((one) => match(one.event as Event), { timeoutMs, from: start });
      from = journal.entries.indexOf(entry, start) + 1;
      return events[from - 1] as Event;
    },
    async update(session) {
      client.send({ type: "session.update", session: { type: "realtime", ...session } });
      return await client.next((event) => event.type === "session.updated" || event.type === "error");
    },
    async refused(event) {
      client.send(event);
      return (await client.next("error"))["error"] as Record<string, unknown>;
    },
    append(bytes, frame = 160) {
      for (let at = 0; at < bytes.length; at += frame) {
        const audio = Buffer.from(bytes.subarray(at, at + frame)).toString("base64");
        client.send({ type: "input_audio_buffer.append", audio });
      }
    },
  };
  return client;
}

/** An open client that has seen its session.created. */
export async function connect(on: OpenAISim, options: ConnectOptions = {}): Promise<Client> {
  const client = open(on, options);
  await client.next("session.created");
  return client;
}

/** A client as a phone bridge sets itself up: mu-law both ways, transcription, no automatic answers unless `detection` says so. */
export async function phone(on: OpenAISim, detection: Record<string, unknown> | null = {}): Promise<Client> {
  const client = await connect(on);
  const answer = await client.update(phoneSession(detection));
  if (answer.type === "error") throw new Error(JSON.stringify(answer));
  return client;
}

export function phoneSession(detection: Record<string, unknown> | null = {}): Record<string, unknown> {
  return {
    type: "realtime",
    audio: {
      input: {
        format: { type: "audio/pcmu" },
        transcription: { model: "gpt-live-transcribe", language: "en" },
        turn_detection: detection && {
          type: "server_vad",
          silence_duration_ms: 300,
          prefix_padding_ms: 100,
          create_response: false,
          ...detection,
        },
      },
      output: { format: { type: "audio/pcmu" } },
    },
  };
}

/** The handshake's refusal: HTTP status and parsed body. */
export function refusal(client: Client): Promise<{ status: number; error: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    client.socket.on("open", () => reject(new Error("the handshake succeeded")));
    client.socket.on("unexpected-response", (_request, response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const body = JSON.parse(Buffer.concat(parts).toString()) as { error: Record<string, unknown> };
        resolve({ status: response.statusCode ?? 0, error: body.error });
      });
    });
  });
}
