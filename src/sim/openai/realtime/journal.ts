/** The record of one session's traffic, both ways, with arrival times, and the way to wait for an entry without sleeping. */

export interface Entry {
  /** Milliseconds on the process's monotonic clock (`performance.now()`). */
  at: number;
  type: string;
  /** The event; base64 audio is replaced by its number of characters, as in "<216 base64>", to keep memory flat. */
  event: Record<string, unknown>;
}

export type Match = string | ((entry: Entry) => boolean);

export interface Journal {
  readonly entries: readonly Entry[];
  add(event: Record<string, unknown>): void;
  /**
   * The first entry from index `from` on that matches, now or later.
   * @throws Error after `timeoutMs` (default 20 000) or when the session ends, naming what was waited for and what came.
   */
  waitFor(match: Match, options?: { timeoutMs?: number; from?: number }): Promise<Entry>;
  /** Entries of one type so far. */
  of(type: string): Entry[];
  /** No more entries will come: pending waits fail. */
  end(): void;
}

/** Oldest entries go when there are more than this: about an hour of talk. */
const LIMIT = 200_000;

function slim(event: Record<string, unknown>): Record<string, unknown> {
  const key =
    typeof event["audio"] === "string" ? "audio" : event["type"] === "response.output_audio.delta" ? "delta" : "";
  return key === "" ? event : { ...event, [key]: `<${(event[key] as string).length} base64>` };
}

export function createJournal(what: string): Journal {
  const entries: Entry[] = [];
  const waiting = new Set<{ match: (entry: Entry) => boolean; resolve(entry: Entry): void; fail(why: string): void }>();
  let ended = false;

  return {
    entries,
    of: (type) => entries.filter((entry) => entry.type === type),
    add(event) {
      const entry = { at: performance.now(), type: String(event["type"]), event: slim(event) };
      entries.push(entry);
      if (entries.length > LIMIT) entries.splice(0, LIMIT / 10);
      for (const waiter of waiting) if (waiter.match(entry)) waiter.resolve(entry);
    },
    waitFor(match, options = {}) {
      const test = typeof match === "string" ? (entry: Entry) => entry.type === match : match;
      const found = entries.slice(options.from ?? 0).find(test);
      if (found) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const fail = (why: string) => {
          waiting.delete(waiter);
          clearTimeout(timer);
          const came = entries.slice(-12).map((entry) => entry.type);
          const wanted = typeof match === "string" ? match : "a matching event";
          reject(new Error(`${what}: ${why} while waiting for ${wanted}; last: ${came.join(", ") || "nothing"}`));
        };
        const waiter = {
          match: test,
          fail,
          resolve(entry: Entry) {
            waiting.delete(waiter);
            clearTimeout(timer);
            resolve(entry);
          },
        };
        const timeoutMs = options.timeoutMs ?? 20_000;
        const timer = setTimeout(() => fail(`nothing came within ${timeoutMs} ms`), timeoutMs);
        if (ended) fail("the session is closed");
        else waiting.add(waiter);
      });
    },
    end() {
      ended = true;
      for (const waiter of waiting) waiter.fail("the session closed");
    },
  };
}
