// A limit on how long the far side may be silent, for requests whose package knows only one for the whole.
import type { Clock } from "../core/clock.ts";
import { speechError } from "./speech-failure.ts";

export interface Patience {
  /** Aborted with a SpeechError when it was too long, or with the reason of whoever asked. */
  readonly signal: AbortSignal;
  /** Something came: it begins anew. */
  renew(): void;
  end(): void;
}

export function createPatience(clock: Clock, ms: number, asked: AbortSignal): Patience {
  const limit = new AbortController();
  const begin = (): (() => void) => clock.after(ms, () => limit.abort(speechError("timeout")));
  let cancel = begin();
  return {
    signal: AbortSignal.any([asked, limit.signal]),
    renew() {
      cancel();
      cancel = begin();
    },
    end: () => cancel(),
  };
}
