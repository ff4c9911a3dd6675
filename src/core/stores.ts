// Ports to what outlives a moment: call records (Store) and short-lived shared state (State).
import type { CallEnding, CallParty, CallRecord, TimelineEntry } from "./call.ts";

export interface CallStore {
  open(party: CallParty, startedAt: Date): void;
  /** Changes the record by shallow merge; unknown ids are ignored. */
  update(callId: string, change: Partial<CallRecord>): void;
  /** Adds to the time line; beyond a bound, and for unknown ids, nothing happens. */
  note(callId: string, entry: TimelineEntry): void;
  get(callId: string): Promise<CallRecord | undefined>;
  findByCarrierId(carrierId: string): Promise<CallRecord | undefined>;
  /** Newest first; `before` is the id of a call: only those that began before it. */
  recent(limit: number, before?: string): Promise<readonly CallRecord[]>;
  close(): Promise<void>;
}

/** What a stream token stands for. */
export interface StreamGrant {
  readonly party: CallParty;
  readonly accountId: string;
}

export interface State {
  /** Keeps a one-time token for `ttlMs`. */
  putToken(token: string, grant: StreamGrant, ttlMs: number): Promise<void>;
  /** Takes a token: the first taker gets the grant, everyone else undefined. */
  takeToken(token: string): Promise<StreamGrant | undefined>;
  /** The token given out for a carrier call and not spent yet. */
  unspentToken(carrierId: string): Promise<string | undefined>;
  /** What the carrier is to do when it asks after the stream; kept for an hour. */
  putEnding(carrierId: string, ending: CallEnding): Promise<void>;
  getEnding(carrierId: string): Promise<CallEnding | undefined>;
  close(): Promise<void>;
}
