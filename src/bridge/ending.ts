// The way out of a call: what is to happen next is agreed on, said, stored where the carrier will ask for it, and only then is
// the line closed. docs/closing.md has the table of causes.
import type { CallEnding, EndReason } from "../core/call.ts";
import type { LineCloseCause } from "../core/line.ts";

/** A goodbye nobody hears to its end must not keep the call, ms. */
const GOODBYE_LIMIT_MS = 12_000;
/** A store that hangs does not keep the caller, ms. */
const STORE_LIMIT_MS = 1000;

export type Ending = ReturnType<typeof createEnding>;

export function createEnding(parts: {
  readonly after: (ms: number, fn: () => void) => () => void;
  /** Runs in the call's mailbox. */
  readonly post: (what: () => void) => void;
  /** Keeps what the carrier is to do next. */
  readonly store: (ending: CallEnding) => Promise<void>;
  readonly closeLine: () => void;
}) {
  const { after, post } = parts;
  let wanted: CallEnding | undefined;
  let closing = false;
  let cancelLimit = (): void => {};

  function close(how: CallEnding): void {
    if (closing) return;
    closing = true;
    wanted = how;
    cancelLimit();
    // The carrier asks the moment the line closes, so the answer has to be there before.
    after(STORE_LIMIT_MS, parts.closeLine);
    void parts
      .store(how)
      .catch(() => {})
      .then(() => post(parts.closeLine));
  }

  return {
    /** The call is to end like this once nothing is left to be heard. */
    want(how: CallEnding, extraMs = 0): void {
      if (closing) return;
      wanted = how;
      cancelLimit();
      cancelLimit = after(GOODBYE_LIMIT_MS + extraMs, () => close(how));
    },
    /** True when there was something to take back. */
    withdraw(): boolean {
      if (closing || !wanted) return false;
      cancelLimit();
      wanted = undefined;
      return true;
    },
    close,
    wanted: () => wanted,
    isClosing: () => closing,
  };
}

/** The reason to record when the line closed before we asked it to. */
export function reasonOf(cause: LineCloseCause): EndReason {
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
