// Time, ids and randomness as ports, so that a call can be replayed exactly in a test.

export interface Clock {
  /** Monotonic ms with fractions; only differences mean anything. */
  now(): number;
  /** Wall clock, for records only. */
  date(): Date;
  /** Runs `fn` once after `ms`; the returned function cancels and may be called any number of times. */
  after(ms: number, fn: () => void): () => void;
}

export interface Ids {
  /** A call id: sorts by time, unguessable. */
  callId(): string;
  /** An id with this prefix that sorts by time, unguessable: `esc_...`, `key_...`. */
  id(prefix: string): string;
  /** An unguessable one-time token of at least 128 bits, URL-safe. */
  token(): string;
}
