// What is remembered of people. The numbers of a meaning are plain reals: the step is the same with and without pgvector, and what
// was stored before the extension came is searched by meaning as soon as it is there.
import type { Migration } from "./migration.ts";

export const memories: Migration = {
  name: "0003-memories",
  statements: [
    `create table memories (
  memory_id text collate "C" primary key,
  org_id text collate "C" not null references organizations on delete cascade,
  user_id text collate "C" not null,
  kind text not null,
  subject_key text collate "C" not null,
  subject text not null,
  text text not null,
  text_key text not null,
  steps jsonb,
  words tsvector not null,
  source jsonb not null,
  earlier jsonb not null default '[]',
  embedding real[],
  embedding_model text,
  embedding_dimension integer generated always as (cardinality(embedding)) stored,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (org_id, user_id, subject_key),
  check ((embedding is null) = (embedding_model is null))
)`,
    `create index memories_by_age on memories (org_id, user_id, updated_at desc, memory_id desc)`,
    // To take away everything of a person, in whatever organization.
    `create index memories_by_user on memories (user_id)`,
  ],
};
