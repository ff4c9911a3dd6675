// Ports to what outlives a moment: call records, organizations, customers, keys and memories. Shared short-lived state is in state.ts.
import type { Principal } from "./access.ts";
import type { CallParty, CallPhase, CallRecord, CallSummary, TimelineEntry } from "./call.ts";
import type { MemoryStore } from "./memory.ts";
import { Problem } from "./problem.ts";

/** The database cannot be reached: what has to ask it answers 503, what only writes goes on. */
export class StoreUnavailable extends Problem {
  constructor(options?: ErrorOptions) {
    super(503, "The database cannot be reached at the moment", { "Retry-After": "5" }, options);
    this.name = "StoreUnavailable";
  }
}

/**
 * Call records. The writes return at once and never throw or block: they are written behind, in batches, from a bounded
 * buffer, and spooled to disk while the database is away. Reads see what was written before them by this process.
 */
export interface CallStore {
  /** Opening a record that is there already changes nothing. */
  open(party: CallParty, startedAt: Date): void;
  /**
   * Changes the record by shallow merge; unknown ids are ignored. Lists (turns, replies, ...) are given whole each time. A status
   * of in-progress takes back what stood of an end: the call goes on.
   */
  update(callId: string, change: Partial<Omit<CallRecord, "timeline">>): void;
  /** Others may change the record from now on: readers are told what they have written, too. */
  release(callId: string): void;
  /** Adds to the time line; beyond a bound, and for unknown ids, nothing happens. */
  note(callId: string, entry: TimelineEntry): void;
  get(callId: string): Promise<CallRecord | undefined>;
  findByCarrierId(carrierId: string): Promise<CallRecord | undefined>;
  /** Newest first. */
  list(filter: CallFilter): Promise<readonly CallSummary[]>;
  /** Everything of a call, spool included. False when there is none. */
  remove(callId: string): Promise<boolean>;
  /** Every record with this number as caller or callee, newest first. */
  ofNumber(number: string): Promise<readonly CallSummary[]>;
  /** Calls that began before, oldest first; for retention. */
  startedBefore(date: Date, limit: number): Promise<readonly CallSummary[]>;
  /** Calls in progress that this instance is said to hold; for the reaper. */
  inProgressOf(instance: string): Promise<readonly CallSummary[]>;
  /** Resolves when everything written so far is in the database or in the spool. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface CallFilter {
  readonly limit: number;
  /** Id of a call: only those that began before it. */
  readonly before?: string;
  readonly orgId?: string;
  readonly status?: CallRecord["status"];
  readonly phase?: CallPhase;
  readonly escalated?: boolean;
  /** By start time. */
  readonly from?: Date;
  readonly to?: Date;
  /**
   * Words, each of which begins a word of one and the same turn or heard reply (case and order aside); or a part of either number;
   * or the whole id of the call or the carrier.
   */
  readonly text?: string;
}

/** Organizations and their numbers. The configuration is opaque here: its schema is wire/rest/organization.ts. */
export interface OrganizationStore {
  get(orgId: string): Promise<OrganizationRow | undefined>;
  all(): Promise<readonly OrganizationRow[]>;
  /** The current version of each, cheap enough to be asked for again and again. */
  revisions(): Promise<ReadonlyMap<string, number>>;
  /**
   * Stores the next version, creating the organization when it is new. `expected` is the version it was made from (0: new). With
   * `numbers` exactly these become the organization's, in the same transaction: both are stored, or nothing is.
   * @returns the stored row, or undefined when somebody else was faster: read again and merge anew.
   * @throws NumberTaken naming one that belongs to another organization.
   */
  put(
    orgId: string,
    config: OrganizationConfig,
    expected: number,
    by: string,
    numbers?: readonly string[],
  ): Promise<OrganizationRow | undefined>;
  /** Newest first, the current version included. */
  versions(orgId: string): Promise<readonly OrganizationRow[]>;
  /** The organization that owns a number. */
  ownerOf(number: string): Promise<string | undefined>;
  numbersOf(orgId: string): Promise<readonly string[]>;
  /** All numbers, for the directory kept in memory. */
  numbers(): Promise<ReadonlyMap<string, string>>;
  /** Makes exactly these the organization's numbers. @throws NumberTaken naming one that belongs to another. */
  setNumbers(orgId: string, numbers: readonly string[]): Promise<void>;
}

export type OrganizationConfig = Readonly<Record<string, unknown>>;

export interface OrganizationRow {
  readonly orgId: string;
  /** 1, 2, 3, ... */
  readonly version: number;
  readonly config: OrganizationConfig;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** A number belongs to another organization already. */
export class NumberTaken extends Error {
  readonly number: string;
  constructor(number: string) {
    super("the number belongs to another organization");
    this.name = "NumberTaken";
    this.number = number;
  }
}

/** Keys made with `npm run keys`; only their SHA-256 is stored. */
export interface KeyStore {
  create(key: Omit<KeyRow, "id" | "createdAt">): Promise<KeyRow>;
  list(): Promise<readonly KeyRow[]>;
  /** False when there is none by that name or id, or it was revoked before. */
  revoke(nameOrId: string): Promise<boolean>;
  /** A key that is not revoked. */
  byHash(hash: string): Promise<KeyRow | undefined>;
}

export interface KeyRow extends Principal {
  readonly id: string;
  /** Hex SHA-256 of the key. */
  readonly hash: string;
  readonly createdAt: Date;
  readonly revokedAt?: Date;
}

/** Persons known by an id of the outside (customers) and their text or voice sessions. */
export interface CustomerStore {
  /** The customer with this external id, made when new. */
  customer(orgId: string, externalId: string): Promise<{ readonly id: string; readonly isNew: boolean }>;
  /** Stores a session, new or changed. */
  putSession(session: SessionRow): Promise<void>;
  session(sessionId: string): Promise<SessionRow | undefined>;
  /** Takes away sessions that were not touched since and have no record to go with. Returns how many there were. */
  forgetSessions(before: Date): Promise<number>;
}

export interface SessionRow {
  readonly sessionId: string;
  readonly orgId: string;
  readonly customerId?: string;
  readonly state: CallPhase;
  /** What the session has to remember, as JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One database behind all of them. */
export interface Storage {
  readonly calls: CallStore;
  readonly organizations: OrganizationStore;
  readonly keys: KeyStore;
  readonly customers: CustomerStore;
  readonly memories: MemoryStore;
  /** Rows written and not yet in the database: buffered and spooled. */
  pendingRows(): number;
  /** @throws what the database says when it does not answer within `ms`. */
  check(ms: number): Promise<void>;
  close(): Promise<void>;
}
