// How long what is kept in State can be asked for where its owner does not say: everything there goes by itself.

const HOUR_MS = 3_600_000;

export const LIFETIMES = {
  /** A human may talk with the caller for four hours, the longest the carrier lets them; the end of that is about it. */
  endingMs: 5 * HOUR_MS,
  /** A call has at most 55 minutes; what its instance does not renew is gone after this. */
  callMs: 2 * HOUR_MS,
  draftMs: 2 * HOUR_MS,
} as const;
