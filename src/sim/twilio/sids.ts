// Identifiers and chance of the simulated phone network, all from one seed, so that a run can be had again.
import { randomInt } from "node:crypto";

export interface Chance {
  /** A number in [0, 1). */
  next(): number;
  /** True once in 1/probability draws; 0 never draws. */
  happens(probability: number | undefined): boolean;
  /** A Twilio identifier: two letters and 32 hex digits. */
  sid(prefix: "AC" | "CA" | "MZ" | "PN"): string;
  /** A generator of its own for one call, so that calls do not disturb each other's draws. */
  fork(): Chance;
}

/** @param seed Any number; without one, chance is real chance. */
export function createChance(seed: number = randomInt(2 ** 32)): Chance {
  // Mulberry32: 32 bits of state, good enough for frames to drop and identifiers to differ.
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    happens: (probability) => probability !== undefined && probability > 0 && next() < probability,
    sid: (prefix) => prefix + Array.from({ length: 32 }, () => Math.floor(next() * 16).toString(16)).join(""),
    fork: () => createChance(Math.floor(next() * 2 ** 32)),
  };
}
