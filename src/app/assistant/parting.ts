// How a conversation with the personal assistant ends by itself: after the goodbye was heard, when nobody has said anything for long, or when
// it is as long as one may be.
import type { EndReason } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";

export interface PartingParts {
  readonly clock: Clock;
  readonly maxCallMs: number;
  /** Something is being said, made or worked at. */
  readonly isBusy: () => boolean;
  /** ms until what was sent is played. */
  readonly leftMs: () => number;
  readonly finish: (reason: EndReason, why?: string) => void;
}

export type Parting = ReturnType<typeof createParting>;

/** Nobody has said anything for so long. ms. */
const IDLE_MS = 600_000;
/** A goodbye, at the longest. ms. */
const GOODBYE_MS = 15_000;

export function createParting({ clock, maxCallMs, isBusy, leftMs, finish }: PartingParts) {
  let ending: EndReason | undefined;
  let isClosed = false;
  let cancelIdle = idle();
  let cancelEnding = (): void => {};
  const cancelLongest = clock.after(maxCallMs, () => finish("time-limit", "The session is as long as one may be"));

  function idle(): () => void {
    return clock.after(IDLE_MS, () => finish("silence", "Nobody has said anything for a while"));
  }

  function endIn(ms: number, reason: EndReason): void {
    cancelEnding();
    cancelEnding = clock.after(ms, () => finish(reason));
  }

  return {
    /** Somebody said something. */
    touch(): void {
      if (isClosed) return;
      cancelIdle();
      cancelIdle = idle();
    },
    /** Ends it once the reply that is being made was heard. */
    afterReply(reason: EndReason): void {
      ending ??= reason;
      endIn(GOODBYE_MS, ending);
    },
    /** Something was said, or a tool came back: perhaps that was all. */
    look(): void {
      if (ending !== undefined && !isClosed && !isBusy()) endIn(Math.min(leftMs(), GOODBYE_MS), ending);
    },
    close(): void {
      isClosed = true;
      cancelIdle();
      cancelEnding();
      cancelLongest();
    },
  };
}
