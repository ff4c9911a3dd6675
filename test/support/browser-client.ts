// A browser's end of a socket for tests: keeps what comes, and where it is told to it plays sound in time, sends marks back when they
// were really played, and drops everything at a clear, as a page would.
import { once } from "node:events";
import { WebSocket } from "ws";
import { serverMessage } from "../../src/wire/browser.ts";
import { until } from "./until.ts";

export type Message = Readonly<Record<string, unknown>> & { readonly type: string };

export interface BrowserClient {
  readonly messages: readonly Message[];
  readonly closed: { readonly code: number; readonly reason: string } | undefined;
  send(message: unknown): void;
  raw(data: string | Buffer): void;
  /** The next message of this type that was not asked for yet. */
  next(type: string, ms?: number): Promise<Message>;
  of(type: string): readonly Message[];
  /** ms of sound really played. */
  playedMs(): number;
  /** ms of sound dropped by clears. */
  droppedMs(): number;
  /** Sends a recording as the microphone would: 20 ms at a time, in time. */
  speak(mulaw: Uint8Array): Promise<void>;
  whenClosed(ms?: number): Promise<{ readonly code: number; readonly reason: string }>;
  close(code?: number): void;
  terminate(): void;
  readonly socket: WebSocket;
}

export interface ClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Call time per wall time. */
  readonly speed?: number;
  /** Plays what comes. */
  readonly plays?: boolean;
}

export class Refused extends Error {
  readonly status: number;
  readonly body: string;
  constructor(status: number, body: string) {
    super(`refused with ${status}: ${body}`);
    this.status = status;
    this.body = body;
  }
}

/** @throws Refused */
export async function openBrowser(url: string, options: ClientOptions = {}): Promise<BrowserClient> {
  const { headers = {}, speed = 1, plays = false } = options;
  const socket = new WebSocket(url, { headers });
  const messages: Message[] = [];
  const asked = new Map<string, number>();
  let closed: { code: number; reason: string } | undefined;
  const now = (): number => performance.now() * speed;
  /** When what came so far will have been played; ms of call time. */
  let playedUntil = 0;
  let totalMs = 0;
  let dropped = 0;
  let timers: NodeJS.Timeout[] = [];

  function play(message: Message): void {
    if (message.type === "audio_delta") {
      const bytes = Buffer.from(String(message["audio_base64"]), "base64").length;
      const ms = message["audio_format"] === "mulaw" ? bytes / 8 : bytes / 48;
      playedUntil = Math.max(playedUntil, now()) + ms;
      totalMs += ms;
    } else if (message.type === "mark") {
      const name = message["name"];
      const wait = Math.max(0, playedUntil - now()) / speed;
      timers.push(setTimeout(() => client.send({ type: "mark", name }), wait));
    } else if (message.type === "clear") {
      dropped += Math.max(0, playedUntil - now());
      playedUntil = now();
      for (const timer of timers) clearTimeout(timer);
      timers = [];
    }
  }

  socket.on("message", (data: Buffer) => {
    // Whatever is sent is what is promised.
    const message = serverMessage.parse(JSON.parse(data.toString())) as Message;
    messages.push(message);
    if (plays) play(message);
  });
  socket.on("error", () => undefined);
  socket.on("close", (code, reason) => {
    closed = { code, reason: reason.toString() };
    for (const timer of timers) clearTimeout(timer);
  });

  const client: BrowserClient = {
    messages,
    get closed() {
      return closed;
    },
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    raw: (data) => socket.send(data),
    async next(type, ms = 20_000) {
      const before = asked.get(type) ?? 0;
      asked.set(type, before + 1);
      const found = (): Message | undefined => messages.filter((message) => message.type === type)[before];
      await until(
        () =>
          `a message ${type}: ${JSON.stringify(messages.map((one) => one.type).slice(-20))} ${JSON.stringify(closed)}`,
        () => found() !== undefined,
        ms,
      );
      return found() as Message;
    },
    of: (type) => messages.filter((message) => message.type === type),
    playedMs: () => totalMs - dropped - Math.max(0, playedUntil - now()),
    droppedMs: () => dropped,
    async speak(mulaw) {
      const began = now();
      for (let at = 0; at < mulaw.length; at += 160) {
        const data = Buffer.from(mulaw.subarray(at, at + 160)).toString("base64");
        client.send({ type: "audio_chunk", audio_data: data, format: "mulaw" });
        const wait = (began + at / 8 - now()) / speed;
        if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      }
    },
    async whenClosed(ms = 20_000) {
      await until(
        () => `the socket is closed: ${JSON.stringify(messages.slice(-5))}`,
        () => closed !== undefined,
        ms,
      );
      return closed as { code: number; reason: string };
    },
    close: (code = 1000) => socket.close(code),
    terminate: () => socket.terminate(),
    socket,
  };

  const refused = new Promise<never>((_resolve, reject) => {
    socket.on("unexpected-response", (_request, response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => reject(new Refused(response.statusCode ?? 0, body)));
    });
  });
  await Promise.race([once(socket, "open"), refused]);
  return client;
}
