// Memories with the models in front of the store: facts are found in what was said, get their numbers, and are searched by meaning.
// Models may be missing, slow or wrong; what is kept is then found by its words, and gets its numbers later.
import type { Clock } from "../core/clock.ts";
import {
  wordsOf,
  type Dropped,
  type Embedder,
  type Fact,
  type FactFinder,
  type FoundMemory,
  type Learned,
  type Memories,
  type MemoryOrigin,
  type MemoryOwner,
  type MemoryStore,
  type SaidLine,
} from "../core/memory.ts";
import type { Log } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import { ThreadError } from "../core/thread.ts";
import { createMeanings } from "./meanings.ts";
import { secretIn } from "./secrets.ts";

export interface MemoriesParts {
  readonly store: MemoryStore;
  /** Absent: memories are found by their words. */
  readonly embedder: Embedder | undefined;
  /** Absent: nothing is found in what was said; facts can be given. */
  readonly finder: FactFinder | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenMemories extends Memories {
  /** Lets what is at work come to its end, for a moment, and ends it then. Idempotent. */
  close(): Promise<void>;
}

/** What a search waits for the meaning of its question, ms: somebody on the phone waits for the search. */
const QUESTION_MS = 2500;
const FACTS_MS = 10_000;
/** At the end, for what was said last. */
const LAST_MS = 3000;
/** Conversations that facts are being looked for in. */
const MOST_AT_WORK = 32;
/** Of a conversation the end is looked at. */
const MOST_LINES = 60;
const MOST_LETTERS = 24_000;
/** Memories the finder is shown, so that the same thing gets the same name. */
const MOST_KNOWN = 100;
/** Memories that get their numbers in passing. */
const MOST_HEALED = 32;

export function createMemories({ store, embedder, finder, clock, log }: MemoriesParts): OpenMemories {
  const meanings = createMeanings(embedder, clock);
  const over = new AbortController();
  const atWork = new Set<Promise<unknown>>();
  let learning = 0;

  async function keep(owner: MemoryOwner, facts: readonly Fact[], origin: MemoryOrigin): Promise<Learned> {
    const source = { ...origin, at: clock.date().toISOString() };
    const { given, dropped } = withoutSecrets(facts);
    const embeddings = await meanings.of(given.map(wordsOf), FACTS_MS, over.signal);
    const kept: Learned["facts"][number][] = [];
    for (const [i, fact] of given.entries())
      kept.push({ ...fact, kept: await store.keep(owner, fact, source, embeddings?.[i]) });
    const [first] = embeddings ?? [];
    if (first) void own(heal(owner, { model: first.model, dimension: first.vector.length }));
    return { facts: kept, dropped };
  }

  /** Memories that have no numbers of this model yet (it failed then, or was another) get them. */
  async function heal(owner: MemoryOwner, wanted: { model: string; dimension: number }): Promise<void> {
    const waiting = await store.unembedded(owner, wanted, MOST_HEALED);
    const embeddings = await meanings.of(waiting.map(wordsOf), FACTS_MS, over.signal);
    for (const [i, memory] of waiting.entries()) {
      const embedding = embeddings?.[i];
      if (embedding) await store.embed(owner, memory, embedding);
    }
  }

  async function learn(owner: MemoryOwner, lines: readonly SaidLine[], origin: MemoryOrigin): Promise<Learned> {
    if (!finder) throw new Problem(503, "There is no model that could find facts: OPENAI_API_KEY is not set");
    if (learning >= MOST_AT_WORK)
      throw new Problem(503, "Too much is being remembered at the moment", { "Retry-After": "5" });
    learning++;
    try {
      const known = await store.list(owner, { limit: MOST_KNOWN });
      over.signal.throwIfAborted();
      const facts = await finder.find(theEndOf(lines), known, over.signal);
      const { facts: kept, dropped } = await keep(owner, facts, origin);
      // Whether the model has written it down or not, it was said there.
      const said = secretLines(lines);
      return { facts: kept, dropped: said.length > 0 ? said : dropped.map(({ at: _at, ...one }) => one) };
    } catch (error) {
      throw error instanceof ThreadError ? new Problem(502, "The model that finds facts gave no usable answer") : error;
    } finally {
      learning--;
    }
  }

  /** Work that somebody may not wait for has an owner, and tells when it failed. */
  function own<Result>(work: Promise<Result>): Promise<Result> {
    const told: Promise<unknown> = work
      .catch((error: unknown) => {
        if (!over.signal.aborted) log.warn("memories were not kept", { error: nameOf(error) });
      })
      .finally(() => atWork.delete(told));
    atWork.add(told);
    return work;
  }

  return {
    async search(owner, query, limit, signal) {
      const embeddings = await meanings.of([query], QUESTION_MS, signal);
      const [embedding] = embeddings ?? [];
      const found = await store.search(owner, { text: query, limit, ...(embedding && { embedding }) });
      if (found.length >= limit || found.some(({ by }) => by === "meaning")) return found;
      // "Who is this?" has no word in common with a name.
      const identity = await store.list(owner, { limit, kind: "identity" });
      const more = identity.filter(({ memoryId }) => found.every((one) => one.memoryId !== memoryId));
      return [...found, ...more.map((one): FoundMemory => ({ ...one, by: "words", score: 0 }))].slice(0, limit);
    },
    list: (owner, page) => store.list(owner, page),
    learn: (owner, lines, origin) => own(learn(owner, lines, origin)),
    async learnSoon(owner, lines, origin, ms) {
      let cancel = (): void => undefined;
      const later = new Promise<"later">((resolve) => {
        cancel = clock.after(ms, () => resolve("later"));
      });
      try {
        return await Promise.race([own(learn(owner, lines, origin)), later]);
      } finally {
        cancel();
      }
    },
    keep: (owner, facts, origin) => own(keep(owner, facts, origin)),
    remove: (owner, memoryId) => store.remove(owner, memoryId),
    removeAll: (owner) => store.removeAll(owner),
    ownersNamed: (userId) => store.ownersNamed(userId),
    async close() {
      const cancel = clock.after(atWork.size > 0 ? LAST_MS : 0, () => over.abort());
      await Promise.all(atWork);
      cancel();
      over.abort();
    },
  };
}

function theEndOf(lines: readonly SaidLine[]): readonly SaidLine[] {
  const kept: SaidLine[] = [];
  let letters = 0;
  for (const { role, content } of lines.slice(-MOST_LINES).toReversed()) {
    const room = MOST_LETTERS - letters;
    if (room <= 0) break;
    letters += content.length;
    kept.unshift({ role, content: content.slice(-room) });
  }
  return kept;
}

function withoutSecrets(facts: readonly Fact[]): { readonly given: Fact[]; readonly dropped: Dropped[] } {
  const given: Fact[] = [];
  const dropped: Dropped[] = [];
  for (const [i, fact] of facts.entries()) {
    const secret = secretIn(wordsOf(fact));
    if (!secret) given.push(fact);
    else dropped.push({ secret, at: { fact: i }, ...(!/\d/.test(fact.subject) && { subject: fact.subject }) });
  }
  return { given, dropped };
}

const secretLines = (lines: readonly SaidLine[]): Dropped[] =>
  lines.flatMap(({ role, content }, line) => {
    const secret = role === "user" ? secretIn(content) : undefined;
    return secret ? [{ secret, at: { line } }] : [];
  });

const nameOf = (error: unknown): string => (error instanceof Problem ? error.detail : (error as Error).name);
