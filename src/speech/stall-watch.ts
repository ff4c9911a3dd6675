// The watchdog of a session that owes us something: nothing received for 3 s is trouble, for 6 s a dead session. A session
// that owes nothing may be silent for ever.
import type { Clock } from "../core/clock.ts";

const TROUBLE_MS = 3000;
const DEAD_MS = 6000;

export interface StallWatch {
  /** Something arrived. */
  heard(): void;
  /** Whether a response is expected now; `restart` when one was asked for just now. */
  owing(owes: boolean, restart?: boolean): void;
  close(): void;
}

export function createStallWatch(
  clock: Clock,
  { onTrouble, onDead }: { readonly onTrouble: () => void; readonly onDead: () => void },
): StallWatch {
  let since = 0;
  let troubled = false;
  let cancel: (() => void) | undefined;

  function check(): void {
    cancel = undefined;
    const silent = clock.now() - since;
    if (silent >= DEAD_MS) {
      onDead();
      return;
    }
    const tell = silent >= TROUBLE_MS && !troubled;
    troubled = silent >= TROUBLE_MS;
    // Timers may fire a fraction early; the extra millisecond keeps that from becoming a busy wait.
    cancel = clock.after((troubled ? DEAD_MS : TROUBLE_MS) - silent + 1, check);
    // Last, because whoever is told may close us.
    if (tell) onTrouble();
  }

  return {
    // Called for every message, so it only takes the time, in whole ms (a fraction would cost a heap object each); the one
    // timer looks at it when it fires.
    heard() {
      since = Math.floor(clock.now());
    },
    owing(owes, restart = false) {
      if (owes && (restart || !cancel)) since = clock.now();
      if (owes && !cancel) {
        troubled = false;
        cancel = clock.after(TROUBLE_MS, check);
      } else if (!owes && cancel) {
        cancel();
        cancel = undefined;
      }
    },
    close() {
      cancel?.();
      cancel = undefined;
    },
  };
}
