// What the calls of browsers are given: the organization's side of a call, the engine's credentials, and the program's ports.
import type { EndReason } from "../core/call.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { PlanEscalation } from "../core/escalation.ts";
import type { Verdict } from "../core/guard.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import type { Tool } from "../core/tool.ts";
import type { VoiceSettings } from "../speech/session-config.ts";

/** What an organization brings to a browser's call. */
export interface BrowserKit {
  /** Of a session that answers by itself: instructions and tools are offered to the engine. */
  readonly voice: VoiceSettings;
  readonly tools: readonly Tool[];
  readonly planEscalation: PlanEscalation;
  /** Calls of the organization at once; none when its limits of the day are used up, absent: as many as there is room for. */
  readonly concurrentCalls?: number;
  /** How long one may last. */
  readonly maxCallMs: number;
}

/** A short-lived secret with which a browser opens its own session. */
export interface Minted {
  readonly sessionId?: string;
  readonly secret: string;
  readonly model: string;
  /** s since the epoch. */
  readonly expiresAt: number;
}

export interface SpokenLine {
  readonly callId: string;
  readonly role: "caller" | "agent";
  readonly text: string;
}

/** The guard, after the fact. */
export type Judge = (orgId: string, line: SpokenLine) => Verdict | Promise<Verdict>;

export type Took = (orgId: string, ms: number) => EndReason | undefined;

export interface BrowserCallLimits {
  /** Calls that this instance watches over at once. */
  readonly maxCalls: number;
  /** The longest that any may last. */
  readonly maxCallMs: number;
  /** A minted session that is not begun in this time is given up. */
  readonly unstartedMs: number;
  /** A call of which nothing is heard for so long is given up. */
  readonly idleMs: number;
}

export interface BrowserCallParts {
  readonly store: CallStore;
  readonly state: State;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
  readonly instance: string;
  readonly limits: BrowserCallLimits;
  /** Other instances share the state, and go on with calls when this one leaves. */
  readonly isShared: boolean;
  /** @throws Problem when the configuration cannot be read now. */
  readonly kitOf: (orgId: string) => Promise<BrowserKit>;
  /** @throws Problem when the engine gives none. */
  readonly mint: (kit: BrowserKit, signal: AbortSignal) => Promise<Minted>;
  readonly judge: Judge;
  /** A call of the organization lasted for so long more: why it may not go on, if so. */
  readonly took: Took;
}
