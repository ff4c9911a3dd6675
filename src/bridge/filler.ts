// Notices that the caller waits in silence for an answer that is owed, and has them told so. It decides when; what is said,
// and whether this is a moment for it, is the bridge's.

/** After a filler the next one takes this much more silence, ms. */
const AGAIN_MS = 4000;
/** It was not the moment: look again after this, ms. */
const RETRY_MS = 500;

export interface Filler {
  /** From this moment (monotonic ms) on the caller waits. */
  expect(since: number): void;
  stop(): void;
}

export function createFiller(parts: {
  /** ms of silence. */
  readonly afterMs: number;
  readonly now: () => number;
  readonly after: (ms: number, fn: () => void) => () => void;
  /** The moment, past or coming, at which all we sent has been heard. */
  readonly quietFrom: () => number;
  readonly isOwed: () => boolean;
  /** False when it was not the moment. */
  readonly say: () => boolean;
}): Filler {
  let since = 0;
  let patience = parts.afterMs;
  let cancel = (): void => {};

  const leftMs = (): number => Math.max(since, parts.quietFrom()) + patience - parts.now();

  function wait(ms: number): void {
    cancel();
    cancel = parts.after(ms, look);
  }

  /** One timer for as long as something is owed: an answer may begin, and fall silent again while a tool runs. */
  function look(): void {
    if (!parts.isOwed()) return;
    const left = leftMs();
    if (left > 0) return wait(left);
    if (!parts.say()) return wait(RETRY_MS);
    patience = AGAIN_MS;
    wait(leftMs());
  }

  return {
    expect(from) {
      since = from;
      patience = parts.afterMs;
      wait(leftMs());
    },
    stop: () => cancel(),
  };
}
