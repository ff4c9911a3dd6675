// Meanings in numbers, over /embeddings. It asks for what it is given, in batches, and believes no answer that is not whole: numbers
// that belong to another text, or to none, would be found for ever after.
import type { Clock } from "../core/clock.ts";
import type { Embedder, Embedding } from "../core/memory.ts";
import type { Log } from "../core/observe.ts";
import type { ThreadError } from "../core/thread.ts";
import { createOpenAI, type Fetch } from "./connection.ts";
import { failure, logFailure, toFailure } from "./failure.ts";

export interface EmbedderOptions {
  /** May be empty. */
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
  /** ms for all of it. */
  readonly timeoutMs: number;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
}

const BATCH = 64;
/** Far below what every model reads; nothing that is remembered is as long. */
const LONGEST_TEXT = 8000;

export function createEmbedder(options: EmbedderOptions): Embedder {
  const { model, timeoutMs, clock, log } = options;
  const openai = createOpenAI(options);

  async function batch(texts: readonly string[], signal: AbortSignal): Promise<readonly Embedding[]> {
    // Plain numbers: what servers make of "base64", which the package would ask for by itself, differs.
    const { data } = await openai.embeddings.create(
      { model, input: texts.map((text) => text.slice(0, LONGEST_TEXT) || " "), encoding_format: "float" },
      { signal, maxRetries: 1 },
    );
    const vectors = new Map(data.map(({ index, embedding }) => [index, embedding]));
    const length = vectors.get(0)?.length ?? 0;
    return texts.map((_text, index) => {
      const vector = vectors.get(index);
      if (!vector || vector.length !== length || !isDirection(vector))
        throw failure("failed", "the answer is not one vector for each text");
      return { model, vector };
    });
  }

  return {
    model,
    async embed(texts, signal) {
      signal.throwIfAborted();
      const limit = new AbortController();
      const cancel = clock.after(timeoutMs, () =>
        limit.abort(failure("timeout", "The embeddings did not come in time")),
      );
      try {
        const all: Embedding[] = [];
        for (let from = 0; from < texts.length; from += BATCH)
          all.push(...(await batch(texts.slice(from, from + BATCH), AbortSignal.any([signal, limit.signal]))));
        return all;
      } catch (error) {
        signal.throwIfAborted();
        const known = limit.signal.aborted ? (limit.signal.reason as ThreadError) : toFailure(error);
        logFailure(log, known, { model });
        throw known;
      } finally {
        cancel();
      }
    },
  };
}

/** Numbers that point somewhere: of a vector without a direction nothing is near. */
function isDirection(vector: readonly unknown[]): boolean {
  return vector.every((value) => Number.isFinite(value)) && vector.some((value) => value !== 0);
}
