// The tables of the call platform. Ids sort by time and are compared byte by byte (collate "C"), whatever language the database
// speaks; times are UTC; what is listed by something has an index for it.
import type { Migration } from "./migration.ts";

export const platform: Migration = {
  name: "0001-platform",
  statements: [
    `create table organizations (
  org_id text collate "C" primary key,
  version integer not null check (version >= 1),
  config jsonb not null,
  updated_at timestamptz not null,
  updated_by text not null
)`,
    `create table organization_versions (
  org_id text collate "C" not null references organizations on delete cascade,
  version integer not null,
  config jsonb not null,
  updated_at timestamptz not null,
  updated_by text not null,
  primary key (org_id, version)
)`,
    // Calls to numbers that nobody claimed belong to it, so it has to be there before the first call.
    `insert into organizations (org_id, version, config, updated_at, updated_by) values ('default', 1, '{}', now(), 'voicebridge')`,
    `insert into organization_versions select org_id, version, config, updated_at, updated_by from organizations`,
    `create table phone_numbers (
  number text primary key,
  org_id text collate "C" not null references organizations on delete cascade
)`,
    `create index phone_numbers_by_org on phone_numbers (org_id)`,
    `create table customers (
  customer_id text collate "C" primary key,
  org_id text collate "C" not null references organizations on delete cascade,
  external_id text not null,
  created_at timestamptz not null,
  unique (org_id, external_id)
)`,
    `create table conversation_sessions (
  session_id text collate "C" primary key,
  org_id text collate "C" not null references organizations on delete cascade,
  customer_id text collate "C" references customers on delete cascade,
  state text not null,
  data jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
)`,
    `create index conversation_sessions_by_customer on conversation_sessions (customer_id)`,
    `create index conversation_sessions_by_age on conversation_sessions (org_id, updated_at)`,
    `create table calls (
  call_id text collate "C" primary key,
  org_id text collate "C" not null references organizations,
  carrier_id text not null,
  from_number text not null,
  to_number text not null,
  attested boolean,
  channel text not null,
  direction text not null,
  status text not null,
  phase text not null,
  instance text,
  escalated boolean not null default false,
  turn_count integer not null default 0,
  flags jsonb not null default '[]',
  recording jsonb,
  metadata jsonb,
  thread_id text,
  cost double precision,
  started_at timestamptz not null,
  ended_at timestamptz,
  duration_seconds double precision,
  end_reason text,
  tools jsonb not null default '[]',
  usage jsonb not null default '{}',
  carrier_status text,
  state_at timestamptz not null
)`,
    `create index calls_by_org on calls (org_id, call_id desc)`,
    `create index calls_by_status on calls (status, call_id desc)`,
    `create index calls_by_phase on calls (phase, call_id desc)`,
    `create index calls_escalated on calls (call_id desc) where escalated`,
    `create index calls_by_start on calls (started_at)`,
    `create index calls_by_carrier on calls (carrier_id, call_id desc)`,
    `create index calls_by_caller on calls (from_number, call_id desc)`,
    `create index calls_by_callee on calls (to_number, call_id desc)`,
    `create index calls_held on calls (instance) where status = 'in-progress'`,
    `create table call_transcripts (
  call_id text collate "C" not null references calls on delete cascade,
  role text not null check (role in ('caller', 'agent')),
  position integer not null,
  at_ms double precision not null,
  turn integer,
  by text,
  text text,
  latency_ms double precision,
  cause text,
  kind text,
  generated text,
  sent text,
  heard text,
  cut text,
  generated_ms double precision,
  sent_ms double precision,
  heard_ms double precision,
  cut_ms double precision generated always as (greatest(generated_ms - heard_ms, 0)) stored,
  interrupted boolean,
  divergence double precision,
  primary key (call_id, role, position)
)`,
    `create table call_intakes (
  call_id text collate "C" primary key references calls on delete cascade,
  fields jsonb not null,
  urgency text,
  status text not null,
  updated_at_ms double precision not null
)`,
    `create table call_events (
  call_id text collate "C" not null references calls on delete cascade,
  writer text not null,
  seq integer not null,
  at_ms double precision not null,
  what text not null,
  detail jsonb,
  primary key (call_id, writer, seq)
)`,
    `create table escalations (
  escalation_id text collate "C" primary key,
  call_id text collate "C" not null references calls on delete cascade,
  position integer not null,
  trigger text not null,
  urgency text not null,
  reason text not null,
  mode text not null,
  contact text,
  at_ms double precision not null,
  outcome text not null,
  decided_at_ms double precision
)`,
    `create index escalations_by_call on escalations (call_id, position)`,
    `create table api_keys (
  key_id text collate "C" primary key,
  name text not null,
  role text not null,
  org_id text collate "C" references organizations on delete cascade,
  hash text not null unique,
  created_at timestamptz not null,
  revoked_at timestamptz
)`,
    // Two keys of one name could not be told apart by whoever revokes one.
    `create unique index api_keys_by_name on api_keys (name) where revoked_at is null`,
  ],
};
