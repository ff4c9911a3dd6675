// Short-lived shared state of a single process: stream tokens and the endings of calls. Bounded, and without timers: what has
// expired is found out when it is asked for and swept when something new comes in.
import type { CallEnding } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { StreamGrant, StreamState } from "../core/state.ts";

/** How long an ending can be asked for. */
const ENDING_TTL_MS = 3_600_000;

export function createMemoryState({
  clock,
  limit = 20_000,
}: {
  readonly clock: Clock;
  /** Tokens, and endings, kept at most; beyond it the oldest go first. */
  readonly limit?: number;
}): StreamState & { close(): Promise<void> } {
  const tokens = createExpiring<StreamGrant>(clock, limit);
  const tokenOf = createExpiring<string>(clock, limit);
  const endings = createExpiring<CallEnding>(clock, limit);

  // Every body runs to its end without awaiting: that is what makes taking a token atomic.
  return {
    async putToken(token, grant, ttlMs) {
      const { carrierId } = grant.party;
      const previous = tokenOf.get(carrierId);
      if (previous !== undefined) tokens.take(previous);
      tokens.put(token, grant, ttlMs);
      tokenOf.put(carrierId, token, ttlMs);
    },
    async takeToken(token) {
      const grant = tokens.take(token);
      if (grant) tokenOf.take(grant.party.carrierId);
      return grant;
    },
    async unspentToken(carrierId) {
      const token = tokenOf.get(carrierId);
      return token !== undefined && tokens.get(token) ? token : undefined;
    },
    async putEnding(carrierId, ending) {
      endings.put(carrierId, ending, ENDING_TTL_MS);
    },
    async getEnding(carrierId) {
      return endings.get(carrierId);
    },
    async close() {
      for (const map of [tokens, tokenOf, endings]) map.clear();
    },
  };
}

interface Expiring<Value> {
  put(key: string, value: Value, ttlMs: number): void;
  get(key: string): Value | undefined;
  take(key: string): Value | undefined;
  clear(): void;
}

function createExpiring<Value>(clock: Clock, limit: number): Expiring<Value> {
  // A Map keeps the order of insertion, so the first entries are the oldest.
  const entries = new Map<string, { readonly value: Value; readonly expiresAt: number }>();

  function get(key: string): Value | undefined {
    const entry = entries.get(key);
    if (!entry) return undefined;
    if (clock.now() < entry.expiresAt) return entry.value;
    entries.delete(key);
    return undefined;
  }

  return {
    put(key, value, ttlMs) {
      const now = clock.now();
      for (const [old, { expiresAt }] of entries) {
        if (expiresAt > now && entries.size < limit) break;
        entries.delete(old);
      }
      entries.delete(key); // So that a renewed entry counts as new.
      entries.set(key, { value, expiresAt: now + ttlMs });
    },
    get,
    take(key) {
      const value = get(key);
      entries.delete(key);
      return value;
    },
    clear: () => entries.clear(),
  };
}
