// What a check of `npm run doctor` is: a question about the settings and the world around them, answered in one line. A check
// changes nothing, costs nothing, and tells how to mend what it finds.
import type { Config } from "../../config.ts";
import type { Clock } from "../../core/clock.ts";

export type Status = "ok" | "warn" | "fail" | "skipped";

export interface Verdict {
  readonly status: Status;
  /** What was found, without a full stop; no secrets. */
  readonly found: string;
  /** What a person should do about it; absent where nothing is to be done. */
  readonly mend?: string;
  /** More of the same kind, a line each. */
  readonly details?: readonly string[];
}

export interface Check {
  /** The same in every version: programs look for it. */
  readonly id: string;
  /** Two or three words for people. */
  readonly what: string;
  /** A check without whose success this one could only repeat its complaint: it is skipped then. */
  readonly after?: string;
  /** ms; 10 000 unless told. Counted from the moment it begins, not while it waits for another. */
  readonly limitMs?: number;
  /** What it throws counts as a failure. The signal fires when its time is over. */
  run(signal: AbortSignal): Promise<Verdict>;
}

export interface CheckPorts {
  readonly clock: Clock;
  /** Certificates (PEM) trusted beside the public authorities; for tests. */
  readonly ca?: string;
}

/** What the families of checks are made from. */
export interface Subject extends CheckPorts {
  readonly config: Config;
}

export const ok = (found: string): Verdict => ({ status: "ok", found });
export const warn = (found: string, mend: string): Verdict => ({ status: "warn", found, mend });
export const fail = (found: string, mend: string): Verdict => ({ status: "fail", found, mend });
export const skipped = (found: string): Verdict => ({ status: "skipped", found });

/** Runs once, however often it is asked for: several checks look at different sides of one answer. */
export function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => (result ??= work());
}
