// Notices that the caller says nothing: counts from the last sound they heard, asks after them, and gives up after the
// second question. It decides when, the bridge says it.

export interface SilenceWatch {
  /** The line fell quiet and it is the caller's turn. */
  start(): void;
  /** Someone speaks, thinks or types: nobody waits for the caller. */
  stop(): void;
  /** The caller took part: the questions count anew. */
  reset(): void;
}

const QUESTIONS = 2;

export function createSilenceWatch(parts: {
  readonly promptMs: number;
  readonly after: (ms: number, fn: () => void) => () => void;
  /** False when there is nothing to ask with. */
  readonly onPrompt: () => boolean;
  readonly onGiveUp: () => void;
}): SilenceWatch {
  let asked = 0;
  let cancel = (): void => {};

  function start(): void {
    cancel();
    cancel = parts.after(parts.promptMs, () => {
      if (asked >= QUESTIONS) return parts.onGiveUp();
      asked++;
      // The question's own end starts the next wait; where there is none the caller still gets the time for it.
      if (!parts.onPrompt()) start();
    });
  }

  return {
    start,
    stop() {
      cancel();
    },
    reset() {
      cancel();
      asked = 0;
    },
  };
}
