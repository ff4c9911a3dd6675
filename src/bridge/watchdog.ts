// Notices that nothing happened for a while, with one timer and not one per sign of life.

export interface Watchdog {
  /** A sign of life: cheap enough for every delta. */
  fed(): void;
  /** Nothing is expected until `resume`. */
  pause(): void;
  resume(): void;
  /** For good. */
  stop(): void;
}

/** `onSilence` is called once, between `ms` and 1.5 times `ms` after the last sign of life. */
export function createWatchdog(parts: {
  readonly ms: number;
  /** A sign of life that nobody told of: asked when there would be none. */
  readonly isAlive?: () => boolean;
  readonly after: (ms: number, fn: () => void) => () => void;
  readonly onSilence: () => void;
}): Watchdog {
  let quietHalves = 0;
  let cancel = (): void => {};
  let stopped = false;

  function arm(): void {
    cancel = parts.after(parts.ms / 2, () => {
      quietHalves = parts.isAlive?.() ? 0 : quietHalves + 1;
      if (quietHalves >= 2) parts.onSilence();
      else arm();
    });
  }

  function resume(): void {
    cancel();
    quietHalves = 0;
    if (!stopped) arm();
  }

  resume();
  return {
    fed: () => {
      quietHalves = -1;
    },
    pause: () => cancel(),
    resume,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
