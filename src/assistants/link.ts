// One reply's (or repair's) way to the far side: every request and every read ends when its signal is aborted, requests are
// repeated once where that is safe, and a stream that stops before its last event is a failure.
import type { Clock } from "../core/clock.ts";
import { failure, ThreadFailure, toFailure } from "./failure.ts";
import type { Link } from "./wire.ts";

export interface LinkOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Asked before a request is repeated: false once anything was streamed or a tool was started. */
  readonly mayRepeat: () => boolean;
  /** Told of every event read. */
  readonly onEvent: () => void;
  readonly said: Link["said"];
}

/** ms a far side may ask us to wait; longer than this a caller should rather hear an apology. */
const LONGEST_WAIT_MS = 1000;
/** 409: the thread is still busy with a reply we have just cancelled, which passes by itself. */
const BUSY = { status: 409, firstWaitMs: 50, longestWaitMs: 400, times: 8 };
/** ms a stream may take to end after its last event, so that its connection can be used again. */
const DRAIN_MS = 1000;

export function createLink({ signal, clock, mayRepeat, onEvent, said }: LinkOptions): Link {
  let repeats = 0;
  let busy = 0;

  /** ms to wait before the request is repeated, or undefined when it is not to be. */
  function repeatAfter(error: unknown): number | undefined {
    if (!mayRepeat() || !(error instanceof ThreadFailure)) return undefined;
    const { status, retryAfterMs, upstreamCode } = error.facts;
    if (status === BUSY.status) {
      return ++busy <= BUSY.times ? Math.min(BUSY.firstWaitMs * 2 ** (busy - 1), BUSY.longestWaitMs) : undefined;
    }
    let wait: number | undefined;
    if (error.code === "unavailable") wait = retryAfterMs ?? (status === undefined ? 20 : 200);
    if (error.code === "rate-limited" && upstreamCode !== "insufficient_quota") wait = retryAfterMs;
    if (wait === undefined || wait > LONGEST_WAIT_MS) return undefined;
    return ++repeats <= 1 ? wait : undefined;
  }

  const link: Link = {
    signal,
    said,
    async send(request, undo) {
      for (;;) {
        try {
          signal.throwIfAborted();
          return await orAborted(request(signal), signal);
        } catch (error) {
          signal.throwIfAborted();
          const failed = toFailure(error);
          const wait = repeatAfter(failed);
          if (wait === undefined) throw failed;
          await link.pause(wait);
          if (undo && failed instanceof ThreadFailure && failed.facts.reached) await undo();
        }
      }
    },
    async *read(stream, isLast, mayEnd = () => false) {
      const iterator = stream[Symbol.asyncIterator]();
      let drained = false;
      try {
        for (;;) {
          const next = await orAborted(iterator.next(), signal).catch((error: unknown) => {
            signal.throwIfAborted();
            if (mayEnd()) return { done: true, value: undefined } as const;
            throw toFailure(error);
          });
          // The package ends a stream quietly when it is aborted.
          signal.throwIfAborted();
          if (next.done) {
            drained = true;
            if (mayEnd()) return;
            throw failure("unavailable", "The answer stopped before its end");
          }
          onEvent();
          yield next.value;
          if (isLast(next.value)) {
            drained = true;
            void drain(iterator, clock);
            return;
          }
        }
      } finally {
        if (!drained) letGo(iterator);
      }
    },
    async pause(ms) {
      let cancel: () => void = () => undefined;
      try {
        await orAborted(
          new Promise<void>((resolve) => {
            cancel = clock.after(ms, resolve);
          }),
          signal,
        );
      } finally {
        cancel();
      }
    },
  };
  return link;
}

/** Resolves or rejects as the promise does, or rejects with the signal's reason as soon as that is aborted. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let forget: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    forget = () => signal.removeEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    forget();
  }
}

/** Reads on to the end, so that the connection stays usable; gives up after a second. */
async function drain<E>(iterator: AsyncIterator<E>, clock: Clock): Promise<void> {
  const cancel = clock.after(DRAIN_MS, () => letGo(iterator));
  try {
    while (!(await iterator.next()).done);
  } catch {
    // The reply is complete; how its connection ends concerns nobody.
  } finally {
    cancel();
  }
}

function letGo<E>(iterator: AsyncIterator<E>): void {
  iterator.return?.().catch(() => undefined);
}
