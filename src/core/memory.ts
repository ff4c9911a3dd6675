// What is remembered of a person: facts, preferences, projects, routines. The ports to where it is kept and to the models that find
// facts in what was said and put meanings into numbers; whose memories they are is always said first, and by the server.

/** A user of an organization. The same name in another organization is somebody else. */
export interface MemoryOwner {
  readonly orgId: string;
  readonly userId: string;
}

/** identity: who they are (name, job); routine: steps that are done when it is asked for by name. */
export const MEMORY_KINDS = ["identity", "fact", "preference", "project", "routine"] as const;
export type MemoryKind = (typeof MEMORY_KINDS)[number];

/** Where a memory comes from. */
export interface MemorySource {
  /** conversation: found by the model in what was said; given: told as it is, over the API. */
  readonly by: "conversation" | "given";
  /** ISO 8601. */
  readonly at: string;
  readonly callId?: string;
  readonly turn?: number;
}

/** What is to be remembered. */
export interface Fact {
  readonly kind: MemoryKind;
  /** What it is about, in a few words: "name", "favourite tea", "prep my day". A newer fact about the same replaces the older one. */
  readonly subject: string;
  /** One sentence. */
  readonly text: string;
  /** Of a routine, in order. */
  readonly steps?: readonly string[];
}

/** What a memory said before. */
export interface EarlierMemory extends Pick<Fact, "text" | "steps"> {
  readonly source: MemorySource;
  /** ISO 8601: when it was replaced. */
  readonly until: string;
}

export interface Memory extends Fact {
  readonly memoryId: string;
  readonly source: MemorySource;
  /** Newest first. */
  readonly earlier: readonly EarlierMemory[];
  /** Whose numbers stand beside it; absent while it is found by its words only. */
  readonly embedded?: { readonly model: string; readonly dimension: number };
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface FoundMemory extends Memory {
  /** How it was found; scores of the two are not of one measure. */
  readonly by: "meaning" | "words";
  readonly score: number;
}

/** A meaning in numbers. Those of another model or length say nothing about these. */
export interface Embedding {
  readonly model: string;
  readonly vector: readonly number[];
}

/** added: new; known: was there, in these words or nearly; replaced: something else was known about the subject. */
export type Kept = "added" | "known" | "replaced";

/** Memories of one user; beyond it the ones longest untouched go, who they are and their routines last. */
export const MOST_MEMORIES = 500;
export const LONGEST_MEMORY = 500;
export const LONGEST_SUBJECT = 80;
export const MOST_STEPS = 20;
/** Values that a memory had before. */
export const MOST_EARLIER = 10;
/** Cosine beyond which two memories of one kind say the same. Other words for one thing reach some 0.8, another number 0.95. */
export const SAME_MEANING = 0.97;

/** Every question is about one owner's memories; nothing of anybody else's is looked at, counted or told. */
export interface MemoryStore {
  /** The memory about the same subject, or that says the same, becomes this one; where there is none it is added. */
  keep(owner: MemoryOwner, fact: Fact, source: MemorySource, embedding?: Embedding): Promise<Kept>;
  /** Last changed first. */
  list(owner: MemoryOwner, page: MemoryPage): Promise<readonly Memory[]>;
  /** By meaning where numbers of the same model are there, by words where not; best first. */
  search(owner: MemoryOwner, query: MemoryQuery): Promise<readonly FoundMemory[]>;
  /** Memories without numbers of this model and length. */
  unembedded(owner: MemoryOwner, wanted: NonNullable<Memory["embedded"]>, limit: number): Promise<readonly Memory[]>;
  /** Sets the numbers of a memory that still says this. */
  embed(owner: MemoryOwner, memory: Memory, embedding: Embedding): Promise<void>;
  /** False when the owner has none of this id. */
  remove(owner: MemoryOwner, memoryId: string): Promise<boolean>;
  /** Returns how many there were. */
  removeAll(owner: MemoryOwner): Promise<number>;
  /** Organizations in which somebody of this name is remembered; for the erasure of a person. */
  ownersNamed(userId: string): Promise<readonly MemoryOwner[]>;
}

export interface MemoryPage {
  readonly limit: number;
  /** The last one of the page before. */
  readonly after?: Pick<Memory, "updatedAt" | "memoryId">;
  readonly kind?: MemoryKind;
}

export interface MemoryQuery {
  readonly text: string;
  readonly embedding?: Embedding;
  readonly limit: number;
}

/** One line of a conversation that facts are looked for in. */
export interface SaidLine {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** Finds facts about the user in what was said. */
export interface FactFinder {
  /**
   * @param known what is remembered already, so that the same subject gets the same name
   * @throws ThreadError when there is no answer; the signal's reason when it aborts
   */
  find(lines: readonly SaidLine[], known: readonly Fact[], signal: AbortSignal): Promise<readonly Fact[]>;
}

/** Puts meanings into numbers. */
export interface Embedder {
  readonly model: string;
  /** One for each text, in order. @throws ThreadError; the signal's reason when it aborts. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly Embedding[]>;
}

/** Equal for subjects, and for texts, that differ in nothing but how they are written. */
export function sameWords(text: string): string {
  const words = text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim();
  // Of one that is all punctuation nothing is left to compare: it stands for itself.
  return words === "" ? text : words;
}

/** All the words of a memory, for whatever looks for it. */
export function wordsOf({ subject, text, steps = [] }: Fact): string {
  return [subject, text, ...steps].join(". ");
}

/** Who said it where; the time is the server's. */
export type MemoryOrigin = Omit<MemorySource, "at">;

/** What must not be remembered: the number of a payment card; a password, PIN or code. */
export type Secret = "card" | "password";

/** Something that was not kept because of a secret in it, of which nothing stands here. */
export interface Dropped {
  readonly secret: Secret;
  /** What it was about, where that holds no digit. */
  readonly subject?: string;
  /** Where in what was given. */
  readonly at?: { readonly line: number } | { readonly fact: number };
}

/** What became of facts. */
export interface Learned {
  readonly facts: readonly (Fact & { readonly kept: Kept })[];
  readonly dropped: readonly Dropped[];
}

/** Memories as tools and the API have them: the models in front of the store. */
export interface Memories {
  /** By meaning where it can be, else by words; and who the user is, when nothing fits better. Best first. */
  search(owner: MemoryOwner, query: string, limit: number, signal: AbortSignal): Promise<readonly FoundMemory[]>;
  list(owner: MemoryOwner, page: MemoryPage): Promise<readonly Memory[]>;
  /**
   * Finds facts in what was said and keeps them. It goes on when nobody waits any more: a caller who speaks over the agent has not
   * taken anything back. @throws Problem 503 without a model, or with too much at work; 502 when the model fails.
   */
  learn(owner: MemoryOwner, lines: readonly SaidLine[], origin: MemoryOrigin): Promise<Learned>;
  /** As learn, but comes back after `ms` with "later" when it takes longer. */
  learnSoon(
    owner: MemoryOwner,
    lines: readonly SaidLine[],
    origin: MemoryOrigin,
    ms: number,
  ): Promise<Learned | "later">;
  /** Keeps facts as they are. */
  keep(owner: MemoryOwner, facts: readonly Fact[], origin: MemoryOrigin): Promise<Learned>;
  remove(owner: MemoryOwner, memoryId: string): Promise<boolean>;
  removeAll(owner: MemoryOwner): Promise<number>;
  ownersNamed(userId: string): Promise<readonly MemoryOwner[]>;
}
