/** What the parts of one simulated Realtime session share: its config, its items, its way to send and to wait. No behaviour. */
import type { ErrorFields, Faults, Timing } from "../faults.ts";
import type { Brain, OpenAIScript } from "../script.ts";
import type { Seeded } from "../seeded.ts";
import type { SessionConfig } from "./config.ts";
import type { Conversation } from "./conversation.ts";
import type { RealtimeSession } from "./session.ts";

/**
 * Makes speech: linear 16-bit samples at `rate` Hz for a text. It is called once per sentence; the result is cached by the
 * simulator. Reject when `signal` fires is optional: the caller stops waiting by itself.
 */
export type Synthesize = (
  text: string,
  options: { voice: string; rate: 8000 | 24000; speed: number },
) => Promise<Int16Array>;

/** What all sessions and REST routes of one simulator share, read anew at each use so that it may change at run time. */
export interface Shared {
  script: OpenAIScript;
  faults: Faults;
  timing: Timing;
  readonly brain: Brain;
  readonly synthesize: Synthesize;
  /** `silence_duration_ms` of a session that does not set it; the docs say 500, an example of session.created 200. */
  readonly silenceMs: number;
  /** Wall clock, ms since the epoch. */
  now(): number;
  log(line: string, fields?: Record<string, unknown>): void;
}

export interface Context {
  readonly id: string;
  readonly shared: Shared;
  readonly chance: Seeded;
  readonly conversation: Conversation;
  readonly conversationId: string;
  /** The session as scripts see it. */
  readonly view: RealtimeSession;
  config: SessionConfig;
  readonly closed: boolean;
  /** A fault switch: the session's own value, else the simulator's. */
  fault<K extends keyof Faults>(name: K): Faults[K];
  /** Sends a server event; `event_id` is added. Nothing happens after the close. */
  send(type: string, fields?: Record<string, unknown>): void;
  /** Sends an `error` event about a client event (`clientEventId`), or about none. */
  sendError(error: ErrorFields, clientEventId?: string | null): void;
  /** Runs `act` after `ms`, unless the session closes first. Zero or less runs it at once. */
  later(ms: number, act: () => void): void;
  /** Resolves true after `ms`, or false as soon as `signal` fires or the session closes. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
}
