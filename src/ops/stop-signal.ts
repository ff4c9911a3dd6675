// The wish to stop, from a person, a closed terminal or a supervisor, while a command is still putting things up.
import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Signal = (typeof SIGNALS)[number];

/** Calls back for every signal to stop until the returned function is called. */
export type OnStop = (listener: (signal: Signal) => void) => () => void;

/** The signals of this process; while somebody listens, they do not end it. */
export const onStopSignal: OnStop = (listener) => {
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
};

/** Thrown out of the work that was under way. */
export class Stopped extends Error {
  /** As a shell tells it: 128 and the signal's number. */
  readonly exitCode: number;
  constructor(signal: Signal) {
    super(`stopped by ${signal}`);
    this.name = "Stopped";
    this.exitCode = 128 + constants.signals[signal];
  }
}

export type StopWish = ReturnType<typeof createStopWish>;

/** @param onFirst told of the first signal; @param onAgain of every later one. */
export function createStopWish(onStop: OnStop, onFirst: (signal: Signal) => void, onAgain: () => void) {
  let first: Signal | undefined;
  let settle: (signal: Signal) => void;
  const asked = new Promise<Signal>((resolve) => (settle = resolve));
  const unlisten = onStop((signal) => {
    if (first !== undefined) return onAgain();
    first = signal;
    onFirst(signal);
    settle(signal);
  });
  return {
    /** Resolves at the first signal. */
    asked,
    isAsked: () => first !== undefined,
    /** @throws Stopped once a signal came. */
    goOn(): void {
      if (first !== undefined) throw new Stopped(first);
    },
    /** The work's result. @throws Stopped as soon as a signal comes; the work goes on behind it. */
    unlessAsked: <Result>(work: Promise<Result>): Promise<Result> =>
      Promise.race([work, asked.then((signal) => Promise.reject(new Stopped(signal)))]),
    close: unlisten,
  };
}
