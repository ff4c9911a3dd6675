// The keys a party presses, for a <Gather> that listens: kept in order from the moment it starts to the moment it is done.
import { waitWallMs } from "./clock.ts";
import type { KeyCollector } from "./leg.ts";

export interface Keypad {
  /** True when somebody collected the key. */
  press(key: string): boolean;
  collect(): KeyCollector;
}

export function createKeypad(speed: number, signal: () => AbortSignal): Keypad {
  let take: ((key: string) => void) | undefined;
  return {
    press(key) {
      take?.(key);
      return take !== undefined;
    },
    collect() {
      const keys: string[] = [];
      const first = new AbortController();
      let arrived = new AbortController();
      take = (key) => {
        keys.push(key);
        first.abort();
        arrived.abort();
      };
      return {
        pressed: first.signal,
        async next(ms) {
          if (keys.length === 0) {
            arrived = new AbortController();
            await waitWallMs(ms / speed, AbortSignal.any([arrived.signal, signal()]));
          }
          return keys.shift();
        },
        close() {
          take = undefined;
        },
      };
    },
  };
}
