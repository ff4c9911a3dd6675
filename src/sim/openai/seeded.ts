/** Repeatable chance: a small seeded generator and OpenAI-looking ids made from it, so that a run can be told again exactly. */

export interface Seeded {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [min, max]. */
  between(min: number, max: number): number;
  /** `prefix` plus `length` letters and digits. */
  id(prefix: string, length?: number): string;
  /** An independent generator for part `n`, so that two sessions do not disturb each other's order. */
  fork(n: number): Seeded;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function seeded(seed: number): Seeded {
  let state = seed >>> 0;
  // mulberry32: tiny, fast, and plenty for ids and delta sizes.
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  return {
    next,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
    id(prefix, length = 21) {
      let id = prefix;
      for (let i = 0; i < length; i++) id += LETTERS[Math.floor(next() * LETTERS.length)];
      return id;
    },
    fork: (n) => seeded(Math.imul(seed ^ 0x9e3779b9, n * 2 + 1) + n),
  };
}
