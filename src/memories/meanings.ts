// Asks for meanings in numbers, as long as somebody waits for them: after a failure it rests for a while, and memories are found by
// their words meanwhile.
import type { Clock } from "../core/clock.ts";
import type { Embedder, Embedding } from "../core/memory.ts";

/** After a failure nothing is asked for so long: a server that hangs would otherwise hold up every search. ms. */
const REST_MS = 30_000;

export interface Meanings {
  /** Undefined where there is no model, or it does not answer within `ms`. Rejects only when the signal aborts. */
  of(texts: readonly string[], ms: number, signal?: AbortSignal): Promise<readonly Embedding[] | undefined>;
}

export function createMeanings(embedder: Embedder | undefined, clock: Clock): Meanings {
  let restsUntil = -Infinity;
  return {
    async of(texts, ms, signal) {
      if (!embedder || texts.length === 0 || clock.now() < restsUntil) return undefined;
      const limit = new AbortController();
      const cancel = clock.after(ms, () => limit.abort(new Error("the embeddings did not come in time")));
      try {
        return await embedder.embed(texts, signal ? AbortSignal.any([signal, limit.signal]) : limit.signal);
      } catch {
        // What failed was told in the log by who knows it.
        signal?.throwIfAborted();
        restsUntil = clock.now() + REST_MS;
        return undefined;
      } finally {
        cancel();
      }
    },
  };
}
