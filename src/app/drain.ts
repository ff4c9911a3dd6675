// Leaving decently: no new calls, the live ones have their time, and the carrier its last questions; then everything is closed. From
// the limit on whatever is left has a share of five seconds, so that the process is gone by then, whoever hangs.
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import { SHUTDOWN_GOODBYE_MS, type LiveCalls } from "../live-calls.ts";

/** Twilio asks what comes next the moment a stream is closed; were the server gone by then, its caller would hear an error. ms. */
const LAST_REQUESTS_MS = 600;
/** ms after the limit: no line is waited for any longer, and neither is Twilio. */
const LINES_MS = SHUTDOWN_GOODBYE_MS + LAST_REQUESTS_MS;
/** ms after the limit, or after the word to leave at once: what has not closed by then is left as it is. */
const CLOSED_MS = 4650;

export interface Patience {
  readonly clock: Clock;
  /** ms that calls have to end by themselves. */
  readonly timeoutMs: number;
  /** Cuts the waiting short. */
  readonly now?: AbortSignal | undefined;
}

export interface Leaving extends Patience {
  readonly calls: Pick<LiveCalls, "counts" | "drain">;
  /** Talks that are no calls of ours, and are cut at the limit. */
  readonly others: () => number;
  /** Ends and closes everything. */
  readonly close: () => Promise<void>;
  readonly log: Pick<Log, "warn">;
}

/** Resolves when everything is closed, or nobody may wait for it any longer. @throws what closing fails with. */
export async function leave(leaving: Leaving): Promise<void> {
  const { clock, timeoutMs, now, calls, others, log } = leaving;
  const over = new AbortController();
  const cancels = [clock.after(timeoutMs + CLOSED_MS, () => over.abort())];
  const hurry = (): void => void cancels.push(clock.after(CLOSED_MS, () => over.abort()));
  whenAborted(now, hurry);
  await Promise.all([drainCalls(calls, leaving), untilNone(others, leaving)]);
  try {
    await Promise.race([leaving.close(), aborted(over.signal)]);
  } finally {
    for (const cancel of cancels) cancel();
    now?.removeEventListener("abort", hurry);
  }
  // What a store was given and has not answered for is in the spool, as after a crash.
  if (over.signal.aborted) log.warn("not everything could be closed in time: leaving all the same");
}

/** Resolves when no call is left, or none may be waited for. */
export async function drainCalls(calls: Leaving["calls"], { clock, timeoutMs, now }: Patience): Promise<void> {
  const limit = new AbortController();
  const force = new AbortController();
  const cancels = [clock.after(timeoutMs, () => limit.abort()), clock.after(timeoutMs + LINES_MS, () => force.abort())];
  const hurry = (): void => force.abort();
  whenAborted(now, hurry);
  const hadCalls = calls.counts().active > 0;
  await calls.drain(limit.signal, force.signal);
  if (hadCalls) await pause(clock, LAST_REQUESTS_MS, force.signal);
  for (const cancel of cancels) cancel();
  now?.removeEventListener("abort", hurry);
}

const LOOK_AGAIN_MS = 250;

/** Resolves when there are none, or their time is over: they are cut then, which a client that comes back can mend. */
export async function untilNone(count: () => number, { clock, timeoutMs, now }: Patience): Promise<void> {
  const deadline = clock.now() + timeoutMs;
  const never = new AbortController().signal;
  while (count() > 0 && clock.now() < deadline && now?.aborted !== true)
    await pause(clock, LOOK_AGAIN_MS, now ?? never);
}

function pause(clock: Clock, ms: number, cutShort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      cancel();
      cutShort.removeEventListener("abort", over);
      resolve();
    };
    const cancel = clock.after(ms, over);
    whenAborted(cutShort, over);
  });
}

function whenAborted(signal: AbortSignal | undefined, then: () => void): void {
  if (signal?.aborted) then();
  else signal?.addEventListener("abort", then, { once: true });
}

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => whenAborted(signal, resolve));
