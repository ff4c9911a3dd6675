// Memories and their rows: one becomes the other here. The numbers of a meaning are written and compared, never read back.
import type { Selectable } from "kysely";
import { sql } from "kysely";
import {
  sameWords,
  wordsOf,
  type EarlierMemory,
  type Embedding,
  type Fact,
  type Memory,
  type MemoryKind,
  type MemorySource,
} from "../core/memory.ts";
import type { MemoriesTable, Tables } from "./database.ts";
import { wordsIn } from "./lexemes.ts";
import { clean, json } from "./rows.ts";

/** All but the numbers and what is made for comparing. */
export const MEMORY_COLUMNS = [
  "memory_id",
  "kind",
  "subject",
  "text",
  "steps",
  "source",
  "earlier",
  "embedding_model",
  "embedding_dimension",
  "created_at",
  "updated_at",
] as const satisfies readonly (keyof Tables["memories"])[];

export type MemoryRow = Pick<Selectable<MemoriesTable>, (typeof MEMORY_COLUMNS)[number]>;

export const keyOf = (text: string): string => sameWords(clean(text));

export function textKey({ text, steps = [] }: Pick<Fact, "text" | "steps">): string {
  return [text, ...steps].map(keyOf).join("\n");
}

/** What a fact says, in columns. */
export function saying(fact: Fact, embedding: Embedding | undefined) {
  return {
    kind: fact.kind,
    text: clean(fact.text),
    text_key: textKey(fact),
    steps: fact.steps ? json(fact.steps) : null,
    words: sql<string>`array_to_tsvector(${wordsIn(clean(wordsOf(fact)))}::text[])`,
    ...numbers(embedding),
  };
}

export function numbers(embedding: Embedding | undefined) {
  return {
    embedding: embedding ? sql<number[]>`${[...embedding.vector]}::real[]` : null,
    embedding_model: embedding?.model ?? null,
  };
}

/** What the columns of a search return beside the memory. */
export type Scored = MemoryRow & { readonly score: number };

export function memoryOf(row: MemoryRow): Memory {
  const { embedding_model: model, embedding_dimension: dimension } = row;
  return {
    memoryId: row.memory_id,
    kind: row.kind as MemoryKind,
    subject: row.subject,
    text: row.text,
    ...(row.steps && { steps: row.steps }),
    source: row.source as unknown as MemorySource,
    earlier: row.earlier as readonly EarlierMemory[],
    ...(model !== null && dimension !== null && { embedded: { model, dimension } }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
