// A bounded map whose entries expire. Without timers: what has expired is found out when it is asked for and swept when
// something new comes in.
import type { Clock } from "../core/clock.ts";

export interface Expiring<Value> {
  put(key: string, value: Value, ttlMs: number): void;
  get(key: string): Value | undefined;
  take(key: string): Value | undefined;
  keys(): readonly string[];
  clear(): void;
}

/** @param limit entries kept at most; beyond it the oldest go first. */
export function createExpiring<Value>(clock: Clock, limit: number): Expiring<Value> {
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
      entries.delete(key); // So that a renewed entry counts as new.
      for (const [old, { expiresAt }] of entries) {
        if (expiresAt > now && entries.size < limit) break;
        entries.delete(old);
      }
      entries.set(key, { value, expiresAt: now + ttlMs });
    },
    get,
    take(key) {
      const value = get(key);
      entries.delete(key);
      return value;
    },
    keys: () => [...entries.keys()].filter((key) => get(key) !== undefined),
    clear: () => entries.clear(),
  };
}
