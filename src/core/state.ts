// Short-lived state that several instances share: tokens, endings, who holds which call, what live calls have so far, counters,
// and messages between instances. In memory for one instance, in Redis for more. Nothing of it is on the media path.
import type { CallEnding, CallParty, CallPhase, EscalationRecord, IntakeRecord } from "./call.ts";

/** What a stream token stands for. */
export interface StreamGrant {
  readonly party: CallParty;
  readonly accountId: string;
  /** The stream goes on with a call that had one before: why it broke, so that the agent can say so. */
  readonly resumes?: ResumeCause;
}

/** line: the stream broke; instance: the server that held the call died; human: nobody took the call that was passed on. */
export type ResumeCause = "line" | "instance" | "human";

/** A call that some instance holds. */
export interface LiveCall {
  readonly callId: string;
  readonly carrierId: string;
  readonly orgId: string;
  readonly channel: CallParty["channel"];
  readonly direction: CallParty["direction"];
  readonly from: string;
  readonly to: string;
  readonly instance: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** What a live call has so far; read by another instance when this one is gone, and by whoever watches. */
export interface CallDraft {
  readonly phase: CallPhase;
  readonly transcript: readonly { readonly role: "caller" | "agent"; readonly text: string }[];
  readonly escalation?: EscalationRecord;
  readonly intake?: IntakeRecord;
  readonly threadId?: string;
  /** As in the record, which gets it at the end only. */
  readonly usage?: Readonly<Record<string, number>>;
}

/** Something happened in a call, for live pages and event streams. Words are in it: it goes to those who may read the call only. */
export interface LiveEvent {
  readonly callId: string;
  readonly orgId: string;
  /** Such as "call.started", "turn", "reply", "words", "escalation", "call.ended". */
  readonly type: string;
  /** ISO 8601. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The shared state cannot be reached: what needs it answers 503, what does not goes on. */
export class StateUnavailable extends Error {
  constructor(options?: ErrorOptions) {
    super("the shared state cannot be reached", options);
    this.name = "StateUnavailable";
  }
}

/** Every method rejects with StateUnavailable within a second when the shared state is away; publish and heartbeat never do. */
export interface State {
  /** Keeps a one-time token for `ttlMs`; an older one of the same call is void from then on. */
  putToken(token: string, grant: StreamGrant, ttlMs: number): Promise<void>;
  /** Takes a token: the first taker of all instances gets the grant, everyone else undefined. */
  takeToken(token: string): Promise<StreamGrant | undefined>;
  /** The token given out for a carrier call and not spent yet. */
  unspentToken(carrierId: string): Promise<string | undefined>;
  /** What the carrier is to do when it asks after the stream; kept for some hours. */
  putEnding(carrierId: string, ending: CallEnding): Promise<void>;
  getEnding(carrierId: string): Promise<CallEnding | undefined>;
  /** The call has a stream again: what was to be done after the last one holds no more. */
  dropEnding(carrierId: string): Promise<void>;

  /** This instance holds the call, for as long as its heartbeat is heard; whoever held it before does not any more. */
  enlist(call: LiveCall): Promise<void>;
  /** This instance does not hold the call any more. Nothing happens when another one holds it by now. */
  delist(callId: string, instance: string): Promise<void>;
  /** Every live call of every instance that is alive. */
  live(): Promise<readonly LiveCall[]>;
  /** By our id or the carrier's; undefined too when its instance is not alive. */
  findLive(id: string): Promise<LiveCall | undefined>;
  /** This instance lives for `ttlMs` more. Never rejects. */
  heartbeat(instance: string, ttlMs: number): Promise<void>;
  /**
   * Instances that hold calls and whose heartbeat has stopped, each given to one asker only, with the calls they left behind:
   * those that no other instance has taken over.
   */
  takeDead(): Promise<readonly { readonly instance: string; readonly calls: readonly LiveCall[] }[]>;
  putDraft(callId: string, draft: CallDraft): Promise<void>;
  getDraft(callId: string): Promise<CallDraft | undefined>;
  dropDraft(callId: string): Promise<void>;

  /** Counts one more and returns the count of the window of `windowMs` that began with the first. */
  hit(key: string, windowMs: number): Promise<number>;
  /** Adds a whole number to a sum that lives for `ttlMs` after the last addition, and returns the sum. */
  add(key: string, amount: number, ttlMs: number): Promise<number>;
  /** True for the first asker of all instances within `ttlMs`. */
  first(key: string, ttlMs: number): Promise<boolean>;
  /**
   * Takes a place at the end of a line, or keeps the one taken, and returns how many stand before it: whoever has 0 may go on. A
   * place that is not kept again within `ttlMs` (the same for all of a line) is lost, so that nobody waits for the dead.
   */
  stand(line: string, who: string, ttlMs: number): Promise<number>;
  /** Gives up the place. */
  leave(line: string, who: string): Promise<void>;
  /**
   * Takes one of the `most` places of a room, and keeps it for `ttlMs`. Who has one keeps it for longer, however many there are.
   * False when all are taken.
   */
  takePlace(room: string, who: string, most: number, ttlMs: number): Promise<boolean>;
  leavePlace(room: string, who: string): Promise<void>;
  /** Small values under a key of the caller's choosing, JSON. */
  put(key: string, value: unknown, ttlMs: number): Promise<void>;
  get(key: string): Promise<unknown>;
  drop(key: string): Promise<void>;

  /** To every subscriber of the topic on every instance, this one included. At most once; never rejects. */
  publish(topic: string, message: unknown): void;
  /** Returns the unsubscribe. The listener must not throw. */
  subscribe(topic: string, listener: (message: unknown) => void): () => void;
  /** Whether anybody, on whichever instance, listens to the topic at this moment. */
  isHeard(topic: string): Promise<boolean>;
  /** The same at once, and so without asking anybody: false only where it is certain that nobody does. */
  mayBeHeard(topic: string): boolean;
  /** False while the shared state is away. */
  isUp(): boolean;
  close(): Promise<void>;
}

/** What the life of one media stream needs of it. */
export type StreamState = Pick<
  State,
  "putToken" | "takeToken" | "unspentToken" | "putEnding" | "getEnding" | "dropEnding"
>;

/** What the carrier's questions about a call need of it, which may come to any instance. */
export type CarrierState = StreamState &
  Pick<State, "first" | "hit" | "put" | "get" | "drop" | "publish" | "subscribe">;

/** Key under which the party of a call stands that had a stream and has not ended. */
export const streamedKey = (carrierId: string): string => `streamed:${carrierId}`;
