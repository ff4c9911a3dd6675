/**
 * One Realtime session on one WebSocket: takes client events in order, refuses bad ones, hands the good ones to the parts
 * that do them, and applies the fault switches to what is sent. The handshake before it is handshake.ts's.
 */
import type { WebSocket } from "ws";
import type { Json } from "../check.ts";
import type { Ending, ErrorFields, Faults } from "../faults.ts";
import type { Seeded } from "../seeded.ts";
import { applyUpdate, defaultConfig, type SessionConfig } from "./config.ts";
import type { Context, Shared } from "./context.ts";
import { createConversation, type Conversation } from "./conversation.ts";
import { createDispatch } from "./dispatch.ts";
import { createInput } from "./input.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createResponses } from "./responses.ts";

export interface RealtimeSession {
  readonly id: string;
  /** 0 for the first session of the simulator. */
  readonly number: number;
  readonly model: string;
  /** Client events with their arrival times. */
  readonly received: Journal;
  /** Server events. */
  readonly sent: Journal;
  readonly config: SessionConfig;
  readonly conversation: Conversation;
  /** Ids of the responses being generated. */
  readonly activeResponses: readonly string[];
  readonly open: boolean;
  /** Resolves when the socket has closed, with the code as this side saw it. */
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Milliseconds of input audio so far, counted in the session's input format. */
  readonly inputMs: number;
  /** The input audio as it arrived, concatenated; the first ten million bytes. */
  inputAudio(): Uint8Array;
  /** Switches of this session alone; they win over the simulator's. */
  readonly faults: Faults;
  /** Sends any server event, well-formed or not. */
  send(type: string, fields?: Json): void;
  /** Sends an `error` event that answers nothing in particular. */
  fail(error: ErrorFields): void;
  /** What happens after 60 minutes: error session_expired, close 1001. */
  expire(): void;
  /** Ends the connection: "terminate" cuts it, a number closes with that code. */
  end(how: Ending, reason?: string): void;
}

export interface SessionOptions {
  socket: WebSocket;
  shared: Shared;
  chance: Seeded;
  number: number;
  type: "realtime" | "transcription";
  model: string;
  faults: Faults;
  /** Seconds until the session expires. */
  lifeSeconds: number;
  /** A client secret's own session settings, applied before `session.created`. */
  preset: Json | undefined;
}

const KEEP_INPUT_BYTES = 10_000_000;
const ERROR_TYPES: Record<string, string> = { rate_limit_exceeded: "rate_limit_error", server_error: "server_error" };

export function createSession(options: SessionOptions): RealtimeSession {
  const { socket, shared, chance, faults } = options;
  const id = chance.id("sess_");
  const received = createJournal(`session ${options.number}, from the client`);
  const sent = createJournal(`session ${options.number}, from the simulator`);
  const conversation = createConversation();
  const conversationId = chance.id("conv_");
  const timers = new Set<NodeJS.Timeout>();
  const audio: Uint8Array[] = [];
  const counts = new Map<string, number>();
  let audioBytes = 0;
  let closed = false;
  let spoke = false;
  let stalled = false;

  const fault = <K extends keyof Faults>(name: K): Faults[K] => faults[name] ?? shared.faults[name];

  function emit(type: string, fields: Json): void {
    const event = { type, event_id: chance.id("event_"), ...fields };
    socket.send(JSON.stringify(event));
    sent.add(event);
  }

  function send(type: string, fields: Json = {}): void {
    if (closed || socket.readyState !== socket.OPEN) return;
    if (fault("mute") || (stalled && fault("stallOnResponse"))) return;
    if (type === "response.output_audio.delta") spoke = true;
    emit(type, fields);
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    if (fault("unknownEvents") && count % 3 === 1) emit("response.output_shimmer.delta", { weight: count });
    const error = fault("errorAfter");
    if (error?.after === type && count === (error.count ?? 1)) sendError(error.error);
    const drop = fault("drop");
    if (drop?.after === type && count >= (drop.count ?? 1)) later(drop.delayMs ?? 0, () => end(drop.how, drop.reason));
  }

  function sendError(error: ErrorFields, clientEventId: string | null = null): void {
    const type = error.type ?? ERROR_TYPES[error.code ?? ""] ?? "invalid_request_error";
    const message = error.message ?? `The simulator was told to fail with ${error.code}.`;
    send("error", { error: { type, code: error.code, message, param: error.param ?? null, event_id: clientEventId } });
  }

  function later(ms: number, act: () => void): void {
    if (closed) return;
    if (ms <= 0) return act();
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  }

  function wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const stop = () => {
        clearTimeout(timer);
        resolve(false);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve(true);
      }, ms);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  function end(how: Ending, reason = ""): void {
    if (how === "terminate") socket.terminate();
    else socket.close(how, reason);
  }

  function expire(): void {
    sendError({ code: "session_expired", message: "Your session hit the maximum duration of 60 minutes." });
    end(1001, "session_expired");
  }

  const whenClosed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => {
      closed = true;
      for (const response of responses.active) response.abort.abort();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      received.end();
      sent.end();
      resolve({ code, reason: reason.toString() });
    });
  });

  const view: RealtimeSession = {
    id,
    number: options.number,
    model: options.model,
    received,
    sent,
    faults,
    conversation,
    closed: whenClosed,
    get config() {
      return ctx.config;
    },
    get activeResponses() {
      return responses.active.map((response) => response.id);
    },
    get open() {
      return !closed;
    },
    get inputMs() {
      return input.positionMs;
    },
    inputAudio: () => Buffer.concat(audio),
    send,
    fail: (error) => sendError(error),
    expire,
    end,
  };
  const expiresAt = Math.floor(shared.now() / 1000) + options.lifeSeconds;
  const ctx: Context = {
    id,
    shared,
    chance,
    conversation,
    conversationId,
    view,
    config: defaultConfig({ ...options, id, expiresAt, silenceMs: shared.silenceMs }),
    get closed() {
      return closed;
    },
    fault,
    send,
    sendError,
    later,
    wait,
  };
  const state = () => ({
    responding: responses.active.length > 0,
    spoke,
    nowMs: shared.now(),
    faults: { ...shared.faults, ...faults },
  });
  const input = createInput(ctx, {
    speechStarted(interrupt) {
      if (interrupt) responses.interrupt();
    },
    turn: () => responses.answer(),
  });
  const responses = createResponses(ctx, input);
  function update(session: Json): void {
    ctx.config = applyUpdate(ctx.config, session, state(), shared.silenceMs);
    input.configure();
  }
  function keepAudio(event: Json): void {
    if (event["type"] !== "input_audio_buffer.append" || typeof event["audio"] !== "string") return;
    if (audioBytes >= KEEP_INPUT_BYTES) return;
    const bytes = Buffer.from(event["audio"], "base64");
    audioBytes += bytes.length;
    audio.push(bytes);
  }
  function seen(event: Json): void {
    if (event["type"] === "response.create" && fault("stallOnResponse")) stalled = true;
    keepAudio(event);
    received.add(event);
  }
  const dispatch = createDispatch(ctx, { input, responses, update, seen });

  socket.on("error", (error) => shared.log("realtime socket error", { session: id, error: String(error) }));
  socket.on("message", (data, isBinary) => dispatch(isBinary ? undefined : (data as Buffer).toString("utf8")));

  if (options.preset) update(options.preset);
  input.configure();
  later(options.lifeSeconds * 1000, expire);
  later(fault("createdDelayMs") ?? 0, () => {
    send("session.created", { session: ctx.config });
    if (!fault("legacyExtras")) return;
    send("conversation.created", { conversation: { id: conversationId, object: "realtime.conversation" } });
  });
  return view;
}
