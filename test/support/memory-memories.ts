// What is remembered of people, in memory: the same promises as src/storage/memories.ts keeps, held to them by the same contract.
import type { Clock, Ids } from "../../src/core/clock.ts";
import {
  MOST_EARLIER,
  MOST_MEMORIES,
  SAME_MEANING,
  sameWords,
  wordsOf,
  type Embedding,
  type Fact,
  type FoundMemory,
  type Memory,
  type MemoryOwner,
  type MemoryStore,
} from "../../src/core/memory.ts";

interface Kept {
  readonly owner: MemoryOwner;
  readonly memory: Memory;
  readonly embedding: Embedding | undefined;
}

export function createMemoryMemories({
  clock,
  ids,
  most = MOST_MEMORIES,
}: {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly most?: number;
}): MemoryStore {
  const all = new Map<string, Kept>();
  const of = ({ orgId, userId }: MemoryOwner): Kept[] =>
    [...all.values()].filter(({ owner }) => owner.orgId === orgId && owner.userId === userId);
  const newestFirst = (one: Kept, other: Kept): number =>
    +other.memory.updatedAt - +one.memory.updatedAt || (one.memory.memoryId < other.memory.memoryId ? 1 : -1);
  const isLasting = ({ memory }: Kept): boolean => memory.kind === "identity" || memory.kind === "routine";
  const place = (one: Kept): void => void all.set(one.memory.memoryId, one);
  const mark = ({ model, vector }: Embedding) => ({ model, dimension: vector.length });

  return {
    async keep(owner, fact, source, embedding) {
      const mine = of(owner);
      const found =
        mine.find(({ memory }) => sameWords(memory.subject) === sameWords(fact.subject)) ??
        mine.find(({ memory }) => textOf(memory) === textOf(fact)) ??
        mine.find(
          (one) =>
            embedding &&
            one.memory.kind === fact.kind &&
            cosine(one.embedding, embedding) >= SAME_MEANING &&
            digits(one.memory.text) === digits(fact.text),
        );
      const now = clock.date();
      const said = { kind: fact.kind, text: fact.text, ...(fact.steps && { steps: fact.steps }) };
      const embedded = embedding && { embedded: mark(embedding) };
      if (!found) {
        const memory = { memoryId: ids.id("mem"), subject: fact.subject, ...said, source, earlier: [], ...embedded };
        place({ owner, memory: { ...memory, createdAt: now, updatedAt: now }, embedding });
        const order = of(owner).toSorted((a, b) => Number(isLasting(b)) - Number(isLasting(a)) || newestFirst(a, b));
        for (const { memory: gone } of order.slice(most)) all.delete(gone.memoryId);
        return "added";
      }
      const { memory } = found;
      if (textOf(memory) === textOf(fact)) {
        place({ owner, memory: { ...memory, ...embedded, updatedAt: now }, embedding: embedding ?? found.embedding });
        return "known";
      }
      const { memoryId, subject, createdAt, text, steps } = memory;
      const before = { text, ...(steps && { steps }), source: memory.source, until: now.toISOString() };
      const earlier = [before, ...memory.earlier].slice(0, MOST_EARLIER);
      place({
        owner,
        memory: { memoryId, subject, ...said, source, earlier, ...embedded, createdAt, updatedAt: now },
        embedding,
      });
      return "replaced";
    },
    async list(owner, { limit, after, kind }) {
      return of(owner)
        .toSorted(newestFirst)
        .filter(({ memory }) => kind === undefined || memory.kind === kind)
        .filter(
          ({ memory: { updatedAt, memoryId } }) =>
            !after || +updatedAt < +after.updatedAt || (+updatedAt === +after.updatedAt && memoryId < after.memoryId),
        )
        .slice(0, limit)
        .map(({ memory }) => memory);
    },
    async search(owner, { text, embedding, limit }) {
      const wanted = new Set(sameWords(text).split(" "));
      const scored = of(owner).map(({ memory, embedding: own }): FoundMemory => {
        if (embedding && own && comparable(own, embedding))
          return { ...memory, by: "meaning", score: cosine(own, embedding) };
        const shared = sameWords(wordsOf(memory))
          .split(" ")
          .filter((word) => wanted.has(word));
        return { ...memory, by: "words", score: shared.length };
      });
      return scored
        .filter(({ by, score }) => by === "meaning" || score > 0)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, limit);
    },
    async unembedded(owner, { model, dimension }, limit) {
      return of(owner)
        .map(({ memory }) => memory)
        .filter(({ embedded }) => embedded?.model !== model || embedded.dimension !== dimension)
        .slice(0, limit);
    },
    async embed(owner, memory, embedding) {
      const one = of(owner).find(({ memory: { memoryId } }) => memoryId === memory.memoryId);
      if (one && textOf(one.memory) === textOf(memory))
        place({ owner, memory: { ...one.memory, embedded: mark(embedding) }, embedding });
    },
    async remove(owner, memoryId) {
      return of(owner).some(({ memory }) => memory.memoryId === memoryId) && all.delete(memoryId);
    },
    async removeAll(owner) {
      const mine = of(owner);
      for (const { memory } of mine) all.delete(memory.memoryId);
      return mine.length;
    },
    async ownersNamed(userId) {
      const orgs = [...all.values()].flatMap(({ owner }) => (owner.userId === userId ? [owner.orgId] : []));
      return [...new Set(orgs)].toSorted().map((orgId) => ({ orgId, userId }));
    },
  };
}

const textOf = ({ text, steps = [] }: Pick<Fact, "text" | "steps">): string =>
  [text, ...steps].map(sameWords).join("\n");
const digits = (text: string): string => (text.match(/\p{N}+/gu) ?? []).join(" ");

function comparable(one: Embedding, other: Embedding): boolean {
  return one.model === other.model && one.vector.length === other.vector.length;
}

function cosine(one: Embedding | undefined, other: Embedding): number {
  if (!one || !comparable(one, other)) return 0;
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  return dot(one.vector, other.vector) / Math.sqrt(dot(one.vector, one.vector) * dot(other.vector, other.vector));
}
