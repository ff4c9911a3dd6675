// The way out of a call: what is to happen next is agreed on, said, stored where the carrier will ask for it, and only then is
// the line closed. docs/closing.md has the table of causes.
import type { CallEnding, EndReason } from "../core/call.ts";
import type { LineCloseCause } from "../core/line.ts";
import type { Resumption } from "../core/resumption.ts";

/** A goodbye nobody hears to its end must not keep the call, ms. */
export const GOODBYE_LIMIT_MS = 12_000;
/** A store that hangs does not keep the caller, ms. */
const STORE_LIMIT_MS = 1000;
/** A line that was closed and does not say so is taken for gone, ms. */
const LINE_LIMIT_MS = 8000;

/** A line that was given in place of a lost one has to last this long, ms, to be replaced in turn. */
const SETTLED_MS = 5000;
export type Ending = ReturnType<typeof createEnding>;

export function createEnding(parts: {
  readonly after: (ms: number, fn: () => void) => () => void;
  /** Runs in the call's mailbox. */
  readonly post: (what: () => void) => void;
  /** Keeps what the carrier is to do next. */
  readonly store: (ending: CallEnding) => Promise<void>;
  /** The carrier will not find what it is to do. */
  readonly onUnstored: (error: unknown) => void;
  readonly closeLine: () => void;
  /** The line was closed long ago and never said so. */
  readonly onLineStuck: () => void;
  /** The line is one that was given in place of a lost one. */
  readonly resumed?: Resumption | undefined;
  /** The line is gone. `returns`: the carrier was told to open another one. */
  readonly onOver: (reason: EndReason, returns: boolean) => void;
}) {
  const { after, post } = parts;
  let wanted: CallEnding | undefined;
  let final = false;
  let closing = false;
  let lineClosed = false;
  let settled = parts.resumed === undefined;
  let cancelLimit = (): void => {};
  if (!settled) after(SETTLED_MS, () => (settled = true));

  function closeLine(): void {
    if (lineClosed) return;
    lineClosed = true;
    after(LINE_LIMIT_MS, parts.onLineStuck);
    parts.closeLine();
  }

  function close(how: CallEnding): void {
    if (closing) return;
    closing = true;
    wanted = how;
    cancelLimit();
    // The carrier asks the moment the line closes, so the answer has to be there before.
    after(STORE_LIMIT_MS, closeLine);
    void parts
      .store(how)
      .catch(parts.onUnstored)
      .then(() => post(closeLine));
  }

  /** Not where the far side breaks the rules, or reads nothing: another line to it would be no better. */
  function afterLoss(cause: LineCloseCause): CallEnding {
    const isWorthIt = cause === "network" || cause === "no-media";
    const kind = isWorthIt && settled ? "reconnect" : "apologise";
    return { kind, reason: reasonOf(cause) };
  }

  /** The reason to record for a line that closed for this cause. */
  function reasonFor(cause: LineCloseCause): EndReason {
    // A server that is stopped at once closes its lines without waiting for us to do it.
    const isOurDoing = lineClosed || cause === "closed-by-us";
    return isOurDoing ? (wanted?.reason ?? "agent-hangup") : reasonOf(cause);
  }

  return {
    /** The call is to end like this once nothing is left to be heard. `final`: whatever the caller says to it. */
    want(how: CallEnding, { limitMs = GOODBYE_LIMIT_MS, final: isFinal = false } = {}): void {
      if (closing) return;
      wanted = how;
      final ||= isFinal;
      cancelLimit();
      cancelLimit = after(limitMs, () => close(how));
    },
    /** What was taken back, if there was something that can be. */
    withdraw(): CallEnding | undefined {
      if (closing || final || !wanted) return undefined;
      const how = wanted;
      cancelLimit();
      wanted = undefined;
      return how;
    },
    close,
    wanted: () => wanted,
    isFinal: () => closing || final,
    isClosing: () => closing,
    /** The line has closed. Where the caller may still be there, the carrier is told what to do before the call is let go of. */
    lineClosed(cause: LineCloseCause): void {
      if (lineClosed || closing || cause === "hangup" || cause === "closed-by-us")
        return parts.onOver(reasonFor(cause), false);
      const next = wanted ?? afterLoss(cause);
      // Half a goodbye is a lost line; a caller who is passed on is passed on.
      const reason = next.kind === "transfer" ? next.reason : reasonOf(cause);
      closing = true;
      cancelLimit();
      const over = (returns: boolean) => post(() => parts.onOver(reason, returns));
      // It may still be stored, and bring the caller back: a record that was closed would be closed twice.
      after(STORE_LIMIT_MS, () => parts.onOver(reason, next.kind === "reconnect"));
      void parts.store(next).then(
        () => over(next.kind === "reconnect"),
        (error: unknown) => {
          parts.onUnstored(error);
          over(false);
        },
      );
    },
  };
}

/** The reason to record when the line closed before we asked it to. */
function reasonOf(cause: LineCloseCause): EndReason {
  switch (cause) {
    case "hangup":
      return "caller-hangup";
    case "network":
      return "line-lost";
    case "closed-by-us":
      return "agent-hangup";
    default:
      return cause;
  }
}
