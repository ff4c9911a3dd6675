// Lets so many through at once; a few more wait in line, and whoever comes then is sent away.
import { ToolRefusal } from "../../core/tool.ts";

export interface Turnstile {
  /** @throws ToolRefusal when too many wait; what the signal aborts with. */
  pass<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
}

export function createTurnstile(most: number, mostWaiting = most * 4): Turnstile {
  let inside = 0;
  const waiting = new Set<() => void>();

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (inside < most) {
      inside++;
      return;
    }
    if (waiting.size >= mostWaiting)
      throw new ToolRefusal("busy", "The tool is busy. Try again in a moment.", "failed");
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener("abort", give);
        resolve();
      };
      const give = (): void => {
        waiting.delete(go);
        reject(signal.reason as Error);
      };
      waiting.add(go);
      signal.addEventListener("abort", give, { once: true });
    });
  }

  /** The place goes to whoever waited longest. */
  function leave(): void {
    const [next] = waiting;
    if (!next) inside--;
    else {
      waiting.delete(next);
      next();
    }
  }

  return {
    async pass(signal, work) {
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
