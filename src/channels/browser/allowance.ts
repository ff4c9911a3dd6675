// How many messages a socket may send: so many a second on average, and a burst of them now and then.
import type { Clock } from "../../core/clock.ts";
import type { BrowserTiming } from "./settings.ts";

/** over: to be dropped. flood: it went on and on. */
export type Allowed = "ok" | "over" | "flood";

export function createAllowance(
  clock: Pick<Clock, "now">,
  { messageBurst, messagesPerSecond }: Pick<BrowserTiming, "messageBurst" | "messagesPerSecond">,
): () => Allowed {
  let left = messageBurst;
  let countedAt = clock.now();
  return () => {
    const now = clock.now();
    left = Math.min(messageBurst, left + ((now - countedAt) / 1000) * messagesPerSecond);
    countedAt = now;
    left--;
    if (left >= 0) return "ok";
    return left < -messageBurst ? "flood" : "over";
  };
}
