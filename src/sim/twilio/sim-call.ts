// A simulated call from outside: what is planned for it, what all calls share, and what its owner and the REST fake can do
// with it while it lives. Declarations only.
import type { LineOptions } from "./call-options.ts";
import type { CallerScript } from "./caller.ts";
import type { EndedBy, Next, Speak } from "./leg.ts";
import type { CallIdentity, CallStatus } from "./request-params.ts";
import type { RestCall } from "./registry.ts";
import type { CallResult } from "./result.ts";
import type { Chance } from "./sids.ts";
import type { StatusCallback } from "./status-callbacks.ts";
import type { MediaStream } from "./stream.ts";
import type { StreamReport } from "./stream-report.ts";
import type { RequestPurpose, Timeline, TimelineEntry } from "./timeline.ts";
import type { Route, Target } from "./webhook-request.ts";

/** What all calls of one simulation share. */
export interface Network {
  authToken: string;
  chance: Chance;
  speak: Speak | undefined;
  /** The account's own numbers, which may be shown when dialling. */
  owns: (number: string) => boolean;
  /** The REST API knows this call from now on. */
  register: (call: RestCall) => void;
  /** Streams whose sockets are open, to be cut when the simulation closes. */
  streams: Set<MediaStream>;
  /** Cuts requests short when the simulation closes. */
  closing: AbortSignal;
  log: ((callSid: string, entry: TimelineEntry) => void) | undefined;
}

/** How a call placed over REST went until somebody could speak; `extra` goes with the first document's request. */
export interface Connected {
  outcome: "answered" | "busy" | "no-answer" | "failed" | "canceled";
  extra?: Record<string, string>;
}

export type Connect = (call: LiveCall) => Promise<Connected>;

export interface CallPlan extends LineOptions {
  identity: CallIdentity;
  route: Route;
  caller: CallerScript;
  first: Next;
  fallback: Target | undefined;
  statusCallback: StatusCallback | undefined;
  extraParams: Record<string, string>;
  /** How the far end comes to the telephone, or not; without it (inbound) the first document picks up. */
  connect?: Connect;
  ringMs: number;
}

/** A call in progress, as its owner sees it. All of it is harmless after the end. */
export interface SimCall {
  readonly callSid: string;
  /** The stream that is up, or else the last one; empty before the first. */
  readonly streamSid: string;
  readonly timeline: readonly TimelineEntry[];
  /** Books of all streams so far; the last one is live. */
  readonly streams: readonly StreamReport[];
  /** Resolves when the call and all its callbacks are over; rejects only for a mistake of the simulation itself. */
  readonly done: Promise<CallResult>;
  /** Call time, ms since the call was placed. */
  nowMs(): number;
  /** How much of the agent's audio the caller has heard up to this moment, ms. */
  playedMs(): number;
  /** Calls back for every later entry of a kind, "*" for all; returns the function that stops it. */
  on: Timeline["on"];
  /** Resolves with the first entry, past or coming, that satisfies a predicate. */
  waitFor: Timeline["waitFor"];
  hangUp(): void;
  press(digit: string): void;
  say(audio: Uint8Array, text?: string): void;
  /** Cuts the stream's socket without stop or close frame. */
  abort(): void;
  /** Stops reading from the stream, and reads again. */
  pause(): void;
  resume(): void;
  /** Half-open: the stream's socket stays, nothing is sent or read. */
  vanish(): void;
  /** Sends anything on the stream, as text or as a binary frame. */
  sendRaw(data: string | Buffer): void;
}

/** A call as the REST fake sees it. */
export interface LiveCall extends SimCall {
  readonly identity: CallIdentity;
  status(): CallStatus;
  /** Moves a call that is not picked up yet along, and tells the status callback. */
  progress(status: "initiated" | "ringing"): void;
  /** The far end picks up. */
  answer(): void;
  ended(): boolean;
  /** A callback about the call with the standard parameters, which nobody waits for. */
  tell(purpose: RequestPurpose, target: Target, extra: Record<string, string>): void;
  end(by: EndedBy): void;
  /** Lets call time pass, ms; false when the call ended first. */
  wait(ms: number): Promise<boolean>;
  replace(next: Next): void;
}
