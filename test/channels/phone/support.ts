// What the tests of the phone channel share: a clock that is set by hand, a socket without a network, the program around the
// channel as a double that keeps what it was asked, and requests signed as Twilio signs them.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import request from "supertest";
import twilio from "twilio";
import { WebSocket } from "ws";
import { createPhoneChannel, type PhoneCalls, type PhoneChannelOptions } from "../../../src/channels/phone/index.ts";
import type { PhoneTiming } from "../../../src/channels/phone/settings.ts";
import type { CallParty } from "../../../src/core/call.ts";
import type { Clock, Ids } from "../../../src/core/clock.ts";
import type { Line, LineEvent } from "../../../src/core/line.ts";
import type { Meter } from "../../../src/core/observe.ts";
import type { Socket, SocketListener } from "../../../src/core/socket.ts";
import type { ResumeCause } from "../../../src/core/state.ts";
import { createMetrics } from "../../../src/observe/metrics.ts";
import { createMemoryState } from "../../../src/state/memory.ts";
import { createMemoryCallStore } from "../../../src/storage/memory.ts";
import { keptLog, testServer, until } from "../../http/support.ts";
import { countedClock } from "../../support/clock.ts";

export { until };

export const ACCOUNT = `AC${"0".repeat(32)}`;
export const TOKEN = "12345678901234567890123456789012";
export const WEBHOOK_URL = "https://voice.example.com";
export const STREAM = `MZ${"a".repeat(32)}`;

let calls = 0;
/** A CallSid that no other test has. */
export const newCallSid = (): string => `CA${String(++calls).padStart(32, "0")}`;

export interface ManualClock extends Clock {
  /** Moves time, running what falls due on the way, in order. */
  advance(ms: number): void;
  /** Timers that wait. */
  readonly waiting: () => number;
}

export function manualClock(): ManualClock {
  let time = 0;
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  return {
    now: () => time,
    date: () => new Date(Date.UTC(2026, 10, 21) + time),
    after(ms, fn) {
      const timer = { at: time + ms, fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const end = time + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        timers.delete(next);
        time = next.at;
        next.fn();
      }
      time = end;
    },
    waiting: () => timers.size,
  };
}

export const realClock: Clock = countedClock();

export interface KeptMeter extends Meter {
  /** The sum counted under a name, for all labels or those that hold these. */
  total(name: string, labels?: Readonly<Record<string, string>>): number;
  readonly observed: { readonly name: string; readonly value: number }[];
}

/** Keeps what is counted, and refuses what the real metrics would: unknown names and labels. */
export function keptMeter(): KeptMeter {
  const real = createMetrics();
  real.close();
  const counts: { name: string; labels: Readonly<Record<string, string>>; by: number }[] = [];
  const observed: { name: string; value: number }[] = [];
  return {
    count(name, labels = {}, by = 1) {
      real.count(name, labels, by);
      counts.push({ name, labels, by });
    },
    gauge: (name, value, labels) => real.gauge(name, value, labels),
    observe(name, value, labels) {
      real.observe(name, value, labels);
      observed.push({ name, value });
    },
    observed,
    total: (name, wanted = {}) =>
      counts
        .filter((one) => one.name === name && Object.entries(wanted).every(([key, value]) => one.labels[key] === value))
        .reduce((sum, { by }) => sum + by, 0),
  };
}

export interface FakeSocket extends Socket {
  /** What was sent, parsed. */
  readonly sent: Record<string, unknown>[];
  readonly closes: { readonly code: number; readonly reason: string }[];
  terminated: number;
  pings: number;
  bufferedBytes: number;
  /** A message from the far side; objects are made JSON. */
  receive(message: unknown, isBinary?: boolean): void;
  /** The far side closes. */
  gone(code: number): void;
}

export function fakeSocket(): FakeSocket {
  let listener: SocketListener | undefined;
  const socket: FakeSocket = {
    sent: [],
    closes: [],
    terminated: 0,
    pings: 0,
    bufferedBytes: 0,
    listen: (given) => void (listener = given),
    send: (data) => void socket.sent.push(JSON.parse(String(data)) as Record<string, unknown>),
    sendAscii(...texts) {
      for (const text of texts)
        // What goes out as ASCII has to be that.
        if (text !== undefined)
          socket.sent.push(JSON.parse(Buffer.from(text, "ascii").toString()) as Record<string, unknown>);
    },
    ping: () => void socket.pings++,
    close: (code, reason) => void socket.closes.push({ code, reason }),
    terminate: () => void socket.terminated++,
    receive(message, isBinary = false) {
      const data = typeof message === "string" ? Buffer.from(message) : message;
      listener?.message(Buffer.isBuffer(data) ? data : Buffer.from(JSON.stringify(data)), isBinary);
    },
    gone: (code) => listener?.closed(code),
  };
  return socket;
}

/** Messages of one stream, numbered as Twilio numbers them. */
export function twilioSide({
  callSid,
  token,
  streamSid = STREAM,
  accountSid = ACCOUNT,
}: {
  readonly callSid: string;
  readonly token?: string | undefined;
  readonly streamSid?: string;
  readonly accountSid?: string;
}) {
  let sequence = 0;
  let chunk = 0;
  const next = () => String(++sequence);
  return {
    connected: () => ({ event: "connected", protocol: "Call", version: "1.0.0" }),
    start: () => ({
      event: "start",
      sequenceNumber: next(),
      streamSid,
      start: {
        streamSid,
        accountSid,
        callSid,
        tracks: ["inbound"],
        customParameters: token === undefined ? {} : { token },
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      },
    }),
    media(fields: Readonly<Record<string, unknown>> = {}) {
      chunk++;
      const payload = Buffer.alloc(160, chunk & 0x7f).toString("base64");
      const timestamp = String((chunk - 1) * 20);
      return {
        event: "media",
        sequenceNumber: next(),
        streamSid,
        media: { track: "inbound", chunk: String(chunk), timestamp, payload, ...fields },
      };
    },
    digit: (digit: string) => ({ event: "dtmf", sequenceNumber: next(), streamSid, dtmf: { digit } }),
    mark: (name: string) => ({ event: "mark", sequenceNumber: next(), streamSid, mark: { name } }),
    stop: () => ({ event: "stop", sequenceNumber: next(), streamSid, stop: { accountSid, callSid } }),
  };
}

/** A call that the bridge was given. */
export interface Entered {
  readonly line: Line;
  readonly party: CallParty;
  readonly events: LineEvent[];
  /** Told of each event as it comes. */
  listen: (event: LineEvent) => void;
}

export interface FakeCalls extends PhoneCalls {
  /** What the bridge does with a call, before its line is attached. */
  onEnter: (entered: Entered) => void;
  verdict: "ok" | "busy" | "draining";
  readonly admitted: CallParty[];
  readonly prewarmed: string[];
  readonly cooled: string[];
  readonly abandoned: string[];
  readonly entered: Entered[];
  readonly ended: (readonly [string, string])[];
  readonly recalled: (readonly [string, ResumeCause])[];
  /** Another instance that holds the call, is it told that the line is over. */
  holder: (carrierId: string) => boolean;
  /** Slots reserved now. */
  readonly slots: () => number;
}

/** Admission and the bridge, as app.ts will be: a slot is freed by abandoning and by the end of the line. */
export function fakeCalls(): FakeCalls {
  const slots = new Map<string, CallParty>();
  const fake: FakeCalls = {
    verdict: "ok",
    onEnter: () => undefined,
    admitted: [],
    prewarmed: [],
    cooled: [],
    abandoned: [],
    entered: [],
    ended: [],
    recalled: [],
    holder: () => false,
    slots: () => slots.size,
    async admit(party) {
      if (fake.verdict === "ok") {
        slots.set(party.callId, party);
        fake.admitted.push(party);
      }
      return fake.verdict;
    },
    prewarm: ({ callId }) => void fake.prewarmed.push(callId),
    cool: (callId) => void fake.cooled.push(callId),
    abandon(callId) {
      if (slots.delete(callId)) fake.abandoned.push(callId);
    },
    enter(line, party) {
      const entered: Entered = { line, party, events: [], listen: () => undefined };
      fake.entered.push(entered);
      fake.onEnter(entered);
      line.attach((event) => {
        entered.events.push(event);
        entered.listen(event);
        if (event.type === "line.closed") slots.delete(party.callId);
      });
    },
    recall: async ({ callId }, resumes) => void (resumes && fake.recalled.push([callId, resumes])),
    lineIsOver: async (carrierId) => fake.holder(carrierId),
    isLive: (carrierId) => [...slots.values()].some((party) => party.carrierId === carrierId),
    carrierEnded: (carrierId, status) => void fake.ended.push([carrierId, status]),
  };
  return fake;
}

export type Form = Readonly<Record<string, string | string[]>>;

export const incoming = (callSid: string, more: Form = {}): Form => ({
  CallSid: callSid,
  AccountSid: ACCOUNT,
  From: "+15550001111",
  To: "+15550002222",
  CallStatus: "ringing",
  Direction: "inbound",
  ApiVersion: "2010-04-01",
  ...more,
});

export const sign = (url: string, form: Form = {}, token = TOKEN): string =>
  twilio.getExpectedTwilioSignature(token, url, form);

/** The whole channel inside a real HTTP server on a free port. */
export async function phone({
  timing = {},
  clock = realClock,
  ...options
}: Partial<Omit<PhoneChannelOptions, "timing">> & { readonly timing?: Partial<PhoneTiming> } = {}) {
  const log = keptLog();
  const meter = keptMeter();
  const calls = fakeCalls();
  const state = options.state ?? createMemoryState({ clock });
  const store = options.store ?? createMemoryCallStore();
  let count = 0;
  const tokens: string[] = [];
  const ids: Ids = {
    callId: () => `call-${++count}`,
    id: (prefix) => `${prefix}-${++count}`,
    token() {
      const token = randomUUID();
      tokens.push(token);
      return token;
    },
  };
  const account = { accountSid: ACCOUNT, authTokens: [TOKEN], webhookUrl: WEBHOOK_URL, validate: true };
  const channel = createPhoneChannel({
    organizationOf: () => "default",
    outbound: {
      from: undefined,
      countries: undefined,
      doNotCallFile: undefined,
      perDay: 100,
      perNumberPerDay: 3,
      longestSeconds: 3600,
    },
    messageFor: () => undefined,
    humanFor: () => undefined,
    transferBriefing: false,
    apiBaseUrl: "http://127.0.0.1:9",
    log,
    meter,
    clock,
    ids,
    calls,
    ...options,
    phone: options.phone ?? account,
    state,
    store,
    timing,
  });
  const server = testServer({ routers: [channel.router], sockets: channel.sockets, log, closeTimeoutMs: 200 });
  const { port } = await server.listen(0, "127.0.0.1");
  const base = options.phone?.webhookUrl ?? WEBHOOK_URL;

  return {
    channel,
    server,
    port,
    log,
    meter,
    calls,
    state,
    store,
    tokens,
    /** A form as Twilio posts it. */
    post: (path: string, form: Form) =>
      request(server.app)
        .post(path)
        .type("form")
        .set("X-Twilio-Signature", sign(base + path, form))
        .send(encode(form)),
    /** Answers the webhook of a new call and resolves to its token. */
    async ring(callSid: string): Promise<string> {
      const answer = await this.post("/voice", incoming(callSid));
      const token = /name="token" value="([^"]+)"/.exec(answer.text)?.[1];
      if (!token) throw new Error(`no token in ${answer.status} ${answer.text}`);
      return token;
    },
    /** Opens the media socket, signed; rejects with the HTTP status when refused. */
    connect: (path = "/media-stream", signature = sign(`wss://voice.example.com${path}`)) =>
      openSocket(port, path, { "X-Twilio-Signature": signature }),
    async close() {
      channel.close();
      await server.close();
    },
  };
}

export type Phone = Awaited<ReturnType<typeof phone>>;

export function encode(form: Form): string {
  const pairs = Object.entries(form).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return new URLSearchParams(pairs as [string, string][]).toString();
}

export interface Client {
  readonly ws: WebSocket;
  readonly send: (...messages: readonly unknown[]) => void;
  readonly received: Record<string, unknown>[];
  /** Resolves to the close code. */
  readonly closed: Promise<number>;
}

/** @throws an error whose `status` is the HTTP status of a refusal. */
export async function openSocket(port: number, path: string, headers: Record<string, string>): Promise<Client> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  const received: Record<string, unknown>[] = [];
  ws.on("message", (data: Buffer) => received.push(JSON.parse(data.toString()) as Record<string, unknown>));
  const closed = new Promise<number>((resolve) => ws.on("close", resolve));
  const refused = new Promise<never>((_, reject) => {
    ws.on("unexpected-response", (_request, response: IncomingMessage) => {
      response.resume();
      ws.terminate();
      reject(Object.assign(new Error(`refused with ${response.statusCode}`), { status: response.statusCode }));
    });
  });
  refused.catch(() => undefined);
  ws.on("error", () => undefined);
  await Promise.race([once(ws, "open"), refused]);
  return {
    ws,
    received,
    closed,
    send(...messages) {
      for (const message of messages) ws.send(typeof message === "string" ? message : JSON.stringify(message));
    },
  };
}
