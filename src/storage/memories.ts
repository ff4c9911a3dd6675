// What is remembered of people, in the database. Every statement names the organization and the user; meanings are compared within
// one model and length only, exactly and not by an index, because one user's memories are few.
import { sql, type Kysely, type SelectQueryBuilder, type Transaction } from "kysely";
import type { Clock, Ids } from "../core/clock.ts";
import {
  MOST_EARLIER,
  MOST_MEMORIES,
  SAME_MEANING,
  type EarlierMemory,
  type Embedding,
  type Fact,
  type FoundMemory,
  type Kept,
  type MemoryOwner,
  type MemorySource,
  type MemoryStore,
} from "../core/memory.ts";
import type { Ask, Tables } from "./database.ts";
import { anyOf } from "./lexemes.ts";
import {
  keyOf,
  MEMORY_COLUMNS,
  memoryOf,
  numbers,
  saying,
  textKey,
  type MemoryRow,
  type Scored,
} from "./memory-rows.ts";
import { clean, json } from "./rows.ts";
import type { Vectors } from "./vectors.ts";

export interface MemoryStoreParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly vectors: Vectors;
  /** Of one user; for tests. */
  readonly most?: number;
}

/** Somebody else may add the same subject at the same moment, and somebody take it away again. */
const TRIES = 5;

export function createMemoryStore(
  ask: Ask,
  { clock, ids, vectors, most = MOST_MEMORIES }: MemoryStoreParts,
): MemoryStore {
  async function keepOnce(
    trx: Transaction<Tables>,
    owner: MemoryOwner,
    fact: Fact,
    source: MemorySource,
    embedding: Embedding | undefined,
    space: string | undefined,
  ): Promise<Kept | undefined> {
    const now = clock.date().toISOString();
    const subjectKey = keyOf(fact.subject);
    const said = saying(fact, embedding);
    const mine = () => ownedBy(trx, owner).select([...MEMORY_COLUMNS, "text_key"]);
    const found =
      (await mine().where("subject_key", "=", subjectKey).forUpdate().executeTakeFirst()) ??
      (await mine().where("text_key", "=", said.text_key).limit(1).forUpdate().executeTakeFirst()) ??
      (embedding && space !== undefined ? await nearest(trx, owner, fact, embedding, space) : undefined);
    if (!found) {
      const row = await trx
        .insertInto("memories")
        .values({
          memory_id: ids.id("mem"),
          ...columnsOf(owner),
          subject_key: subjectKey,
          subject: clean(fact.subject),
          source: json(source),
          earlier: "[]",
          created_at: now,
          updated_at: now,
          ...said,
        })
        .onConflict((oc) => oc.columns(["org_id", "user_id", "subject_key"]).doNothing())
        .returning("memory_id")
        .executeTakeFirst();
      if (!row) return undefined;
      await trim(trx, owner, most);
      return "added";
    }
    const change = trx.updateTable("memories").where("memory_id", "=", found.memory_id);
    if (found.text_key === said.text_key) {
      await change.set({ updated_at: now, ...(embedding && numbers(embedding)) }).execute();
      return "known";
    }
    const before: EarlierMemory = {
      text: found.text,
      ...(found.steps && { steps: found.steps }),
      source: found.source as unknown as MemorySource,
      until: now,
    };
    const earlier = [before, ...found.earlier].slice(0, MOST_EARLIER);
    await change.set({ ...said, source: json(source), earlier: json(earlier), updated_at: now }).execute();
    return "replaced";
  }

  return {
    async keep(owner, fact, source, embedding) {
      const space = embedding && (await ask(vectors));
      for (let tries = 1; tries <= TRIES; tries++) {
        const kept = await ask((db) =>
          db.transaction().execute((trx) => keepOnce(trx, owner, fact, source, embedding, space)),
        );
        if (kept) return kept;
      }
      throw new Error("the same memory is changed by others again and again");
    },
    list: (owner, { limit, after, kind }) =>
      ask(async (db) => {
        let query = ownedBy(db, owner).select(MEMORY_COLUMNS);
        if (kind !== undefined) query = query.where("kind", "=", kind);
        if (after) {
          const place = sql<boolean>`(updated_at, memory_id) < (${after.updatedAt.toISOString()}::timestamptz, ${after.memoryId})`;
          query = query.where(place);
        }
        const rows = await query.orderBy("updated_at", "desc").orderBy("memory_id", "desc").limit(limit).execute();
        return rows.map(memoryOf);
      }),
    async search(owner, { text, embedding, limit }) {
      const space = embedding && (await ask(vectors));
      const isComparable = embedding && space !== undefined ? embedding : undefined;
      const [byMeaning, byWords] = await Promise.all([
        isComparable && space !== undefined
          ? ask((db) => closest(db, owner, isComparable, space).limit(limit).execute())
          : [],
        ask((db) => saidLike(db, owner, text, isComparable, limit)),
      ]);
      return alternately(
        byMeaning.map((row) => found(row, "meaning")),
        byWords.map((row) => found(row, "words")),
      ).slice(0, limit);
    },
    unembedded: (owner, { model, dimension }, limit) =>
      ask(async (db) => {
        const query = ownedBy(db, owner).select(MEMORY_COLUMNS).where(isOther(model, dimension));
        return (await query.orderBy("updated_at", "desc").limit(limit).execute()).map(memoryOf);
      }),
    embed: (owner, memory, embedding) =>
      ask(async (db) => {
        await db
          .updateTable("memories")
          .set(numbers(embedding))
          .where("memory_id", "=", memory.memoryId)
          .where("org_id", "=", owner.orgId)
          .where("user_id", "=", clean(owner.userId))
          .where("text_key", "=", textKey(memory))
          .execute();
      }),
    remove: (owner, memoryId) =>
      ask(async (db) => {
        const query = deleteOf(db, owner).where("memory_id", "=", clean(memoryId));
        return Number((await query.executeTakeFirst()).numDeletedRows) > 0;
      }),
    removeAll: (owner) => ask(async (db) => Number((await deleteOf(db, owner).executeTakeFirst()).numDeletedRows)),
    ownersNamed: (userId) =>
      ask(async (db) => {
        const query = db.selectFrom("memories").select("org_id").distinct().where("user_id", "=", clean(userId));
        return (await query.orderBy("org_id").execute()).map(({ org_id: orgId }) => ({ orgId, userId }));
      }),
  };
}

const columnsOf = ({ orgId, userId }: MemoryOwner) => ({ org_id: orgId, user_id: clean(userId) });

type Owned = SelectQueryBuilder<Tables, "memories", object>;

function ownedBy(db: Kysely<Tables>, { orgId, userId }: MemoryOwner): Owned {
  return db.selectFrom("memories").where("org_id", "=", orgId).where("user_id", "=", clean(userId));
}

function deleteOf(db: Kysely<Tables>, { orgId, userId }: MemoryOwner) {
  return db.deleteFrom("memories").where("org_id", "=", orgId).where("user_id", "=", clean(userId));
}

const isOther = (model: string, dimension: number) =>
  sql<boolean>`(embedding_model, embedding_dimension) is distinct from (${model}::text, ${dimension}::integer)`;

/** Nearest first. The extension may be in a schema that is not looked into by itself (Supabase's is). */
function closest(db: Kysely<Tables>, owner: MemoryOwner, { model, vector }: Embedding, space: string) {
  const type = sql.id(space, "vector");
  const distance = sql<number>`embedding::${type} operator(${sql.id(space)}.<=>) ${`[${vector.join(",")}]`}::${type}`;
  return ownedBy(db, owner)
    .select(MEMORY_COLUMNS)
    .select("text_key")
    .select(sql<number>`1 - (${distance})`.as("score"))
    .where("embedding_model", "=", model)
    .where("embedding_dimension", "=", vector.length)
    .orderBy("score", "desc")
    .orderBy("memory_id", "desc");
}

/** One of the same kind that says nearly the same. Sentences that differ in a number mean two things, however near they are. */
async function nearest(
  trx: Transaction<Tables>,
  owner: MemoryOwner,
  fact: Fact,
  embedding: Embedding,
  space: string,
): Promise<(MemoryRow & { readonly text_key: string }) | undefined> {
  const near = await closest(trx, owner, embedding, space).where("kind", "=", fact.kind).limit(1).executeTakeFirst();
  const digits = (text: string): string => (text.match(/\p{N}+/gu) ?? []).join(" ");
  return near && near.score >= SAME_MEANING && digits(near.text) === digits(fact.text) ? near : undefined;
}

/** By words, among those that are not compared by meaning. */
async function saidLike(
  db: Kysely<Tables>,
  owner: MemoryOwner,
  text: string,
  compared: Embedding | undefined,
  limit: number,
): Promise<readonly Scored[]> {
  const any = anyOf(clean(text));
  if (any === undefined) return [];
  const wanted = sql`${any}::tsquery`;
  let query = ownedBy(db, owner)
    .select(MEMORY_COLUMNS)
    .select(sql<number>`ts_rank(words, ${wanted})`.as("score"))
    .where(sql<boolean>`words @@ ${wanted}`);
  if (compared) query = query.where(isOther(compared.model, compared.vector.length));
  return query.orderBy("score", "desc").orderBy("updated_at", "desc").limit(limit).execute();
}

/** No more than there may be; who somebody is and what they do every day goes last. */
async function trim(trx: Transaction<Tables>, owner: MemoryOwner, most: number): Promise<void> {
  const rest = ownedBy(trx, owner)
    .select("memory_id")
    .orderBy(sql`kind in ('identity', 'routine')`, "desc")
    .orderBy("updated_at", "desc")
    .orderBy("memory_id", "desc")
    .offset(most);
  await trx.deleteFrom("memories").where("memory_id", "in", rest).execute();
}

function found(row: Scored, by: FoundMemory["by"]): FoundMemory {
  return { ...memoryOf(row), by, score: row.score };
}

/** Scores of the two are not of one measure: the best of each, the second of each, ... */
function alternately(one: readonly FoundMemory[], other: readonly FoundMemory[]): FoundMemory[] {
  const all: FoundMemory[] = [];
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    for (const list of [one, other]) if (list[i]) all.push(list[i] as FoundMemory);
  }
  return all;
}
