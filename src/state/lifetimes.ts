// How long what is kept in State can be asked for where its owner does not say: everything there goes by itself.

const HOUR_MS = 3_600_000;

export const LIFETIMES = {
  endingMs: HOUR_MS,
  /** A call has at most 55 minutes; what its instance does not renew is gone after this. */
  callMs: 2 * HOUR_MS,
  draftMs: 2 * HOUR_MS,
} as const;
