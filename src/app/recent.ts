// A bounded memory of things that can be made again: what was not asked for in the longest time goes first.

export interface Recent<Value> {
  /** The one under this key, made when there is none. */
  get(key: string, make: () => Value): Value;
}

export function createRecent<Value extends object>(most: number): Recent<Value> {
  const kept = new Map<string, Value>();
  return {
    get(key, make) {
      const value = kept.get(key) ?? make();
      kept.delete(key);
      kept.set(key, value);
      for (const oldest of kept.keys()) {
        if (kept.size <= most) break;
        kept.delete(oldest);
      }
      return value;
    },
  };
}
