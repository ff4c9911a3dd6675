// Leaving decently: no new calls, the live ones have their time, and the carrier its last questions.
import type { Clock } from "../core/clock.ts";
import type { LiveCalls } from "../live-calls.ts";

/** After the goodbye of a shutdown a call has this long to close, ms. */
const LAST_WORDS_MS = 15_000;
/** Twilio asks what comes next the moment a stream is closed; were the server gone by then, its caller would hear an error. ms. */
const LAST_REQUESTS_MS = 600;

/** Resolves when no call is left. `now` cuts the waiting short. */
export async function drainCalls(
  calls: Pick<LiveCalls, "counts" | "drain">,
  {
    clock,
    timeoutMs,
    now,
  }: { readonly clock: Clock; readonly timeoutMs: number; readonly now?: AbortSignal | undefined },
): Promise<void> {
  const limit = new AbortController();
  const force = new AbortController();
  const cancels = [
    clock.after(timeoutMs, () => limit.abort()),
    clock.after(timeoutMs + LAST_WORDS_MS, () => force.abort()),
  ];
  const hurry = (): void => force.abort();
  if (now?.aborted) hurry();
  now?.addEventListener("abort", hurry, { once: true });
  const hadCalls = calls.counts().active > 0;
  await calls.drain(limit.signal, force.signal);
  if (hadCalls) await pause(clock, LAST_REQUESTS_MS, force.signal);
  for (const cancel of cancels) cancel();
  now?.removeEventListener("abort", hurry);
}

const LOOK_AGAIN_MS = 250;

/** Resolves when there are none, or their time is over: they are cut then, which a client that comes back can mend. */
export async function untilNone(
  count: () => number,
  {
    clock,
    timeoutMs,
    now,
  }: { readonly clock: Clock; readonly timeoutMs: number; readonly now?: AbortSignal | undefined },
): Promise<void> {
  const deadline = clock.now() + timeoutMs;
  const never = new AbortController().signal;
  while (count() > 0 && clock.now() < deadline && now?.aborted !== true)
    await pause(clock, LOOK_AGAIN_MS, now ?? never);
}

function pause(clock: Clock, ms: number, cutShort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    const cut = (): void => {
      cancel();
      resolve();
    };
    if (cutShort.aborted) cut();
    else cutShort.addEventListener("abort", cut, { once: true });
  });
}
