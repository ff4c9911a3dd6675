// The tables as Kysely sees them, and what a store is given to work with. The tables themselves are made in migrations/; a test
// compares the two.
import type { ColumnType, Generated, Kysely } from "kysely";

/** A JSON column: written as text that is JSON already, read as the value. */
type Json<Value> = ColumnType<Value, string, string>;
/** Written as ISO 8601 text (so that a spooled row is the same as a fresh one), read as a Date. */
type Time = ColumnType<Date, string, string>;
type MaybeTime = ColumnType<Date | null, string | null, string | null>;

type JsonObject = Readonly<Record<string, unknown>>;

export interface Tables {
  organizations: { org_id: string; version: number; config: Json<JsonObject>; updated_at: Time; updated_by: string };
  organization_versions: {
    org_id: string;
    version: number;
    config: Json<JsonObject>;
    updated_at: Time;
    updated_by: string;
  };
  phone_numbers: { number: string; org_id: string };
  customers: { customer_id: string; org_id: string; external_id: string; created_at: Time };
  conversation_sessions: {
    session_id: string;
    org_id: string;
    customer_id: string | null;
    state: string;
    data: Json<JsonObject>;
    created_at: Time;
    updated_at: Time;
  };
  calls: CallsTable;
  call_transcripts: TranscriptsTable;
  call_intakes: {
    call_id: string;
    fields: Json<JsonObject>;
    urgency: string | null;
    status: string;
    updated_at_ms: number;
  };
  call_events: {
    call_id: string;
    /** Of the process that noted it, so that several can note things of one call. */
    writer: string;
    seq: number;
    at_ms: number;
    what: string;
    detail: Json<JsonObject | null> | null;
  };
  escalations: {
    escalation_id: string;
    call_id: string;
    position: number;
    trigger: string;
    urgency: string;
    reason: string;
    mode: string;
    contact: string | null;
    at_ms: number;
    outcome: string;
    decided_at_ms: number | null;
  };
  api_keys: {
    key_id: string;
    name: string;
    role: string;
    org_id: string | null;
    hash: string;
    created_at: Time;
    revoked_at: MaybeTime;
  };
  memories: MemoriesTable;
  schema_lock: { id: number };
  schema_migrations: { name: string; applied_at: Generated<Date> };
}

export interface CallsTable {
  call_id: string;
  org_id: string;
  carrier_id: string;
  from_number: string;
  to_number: string;
  attested: boolean | null;
  channel: string;
  direction: string;
  status: string;
  phase: string;
  instance: string | null;
  escalated: boolean;
  turn_count: number;
  flags: Json<readonly unknown[]>;
  recording: Json<JsonObject | null> | null;
  metadata: Json<JsonObject | null> | null;
  thread_id: string | null;
  cost: number | null;
  started_at: Time;
  ended_at: MaybeTime;
  duration_seconds: number | null;
  end_reason: string | null;
  tools: Json<readonly unknown[]>;
  usage: Json<Readonly<Record<string, number>>>;
  carrier_status: string | null;
  /** When status, phase, instance and end were last decided: an older decision that comes late changes nothing. */
  state_at: Time;
  /** Made by the database of both numbers, for the search. */
  number_parts: Generated<string>;
}

/** What is remembered of a person. `words` is for the search by words, and made by the database. */
export interface MemoriesTable {
  memory_id: string;
  org_id: string;
  user_id: string;
  kind: string;
  /** As it is compared. */
  subject_key: string;
  subject: string;
  text: string;
  /** As it is compared. */
  text_key: string;
  steps: Json<readonly string[] | null> | null;
  words: string;
  source: Json<JsonObject>;
  earlier: Json<readonly unknown[]>;
  embedding: number[] | null;
  embedding_model: string | null;
  embedding_dimension: Generated<number | null>;
  created_at: Time;
  updated_at: Time;
}

/** A turn of the caller or a reply of the agent, at its place in the record. */
export interface TranscriptsTable {
  call_id: string;
  role: "caller" | "agent";
  position: number;
  at_ms: number;
  // Of a turn.
  turn: number | null;
  by: string | null;
  text: string | null;
  latency_ms: number | null;
  cause: string | null;
  // Of a reply.
  kind: string | null;
  generated: string | null;
  sent: string | null;
  heard: string | null;
  cut: string | null;
  generated_ms: number | null;
  sent_ms: number | null;
  heard_ms: number | null;
  /** Computed by the database: what of the audio was not heard. */
  cut_ms: Generated<number | null>;
  interrupted: boolean | null;
  divergence: number | null;
  /** Of a turn, or of what was heard of a reply; for the search. */
  words: string | null;
}

/** Asks the database for something that is no call's business. Rejects with StoreUnavailable while it is away. */
export type Ask = <Result>(question: (db: Kysely<Tables>) => Promise<Result>) => Promise<Result>;
