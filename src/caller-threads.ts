// Which thread a caller's next call goes on with (THREAD_PER=caller). Only a caller the carrier vouches for has one, and only
// one call at a time may hold it: a forged or shared number must not read another person's conversation.
import type { CallParty } from "./core/call.ts";

const MOST_CALLERS = 10_000;
const E164 = /^\+[1-9]\d{6,14}$/;

export interface CallerThreads {
  /** The thread to go on with; undefined for a fresh one. The caller's place is taken until `release`. */
  claim(party: CallParty): string | undefined;
  /** The call is over; `threadId` is what its thread turned out to be. */
  release(party: CallParty, threadId: string | undefined): void;
}

export function createCallerThreads(per: "call" | "caller"): CallerThreads {
  /** Oldest first. */
  const known = new Map<string, string>();
  const holders = new Map<string, string>();

  function keyOf(party: CallParty): string | undefined {
    if (per === "call" || !party.attested || !E164.test(party.from)) return undefined;
    return `${party.to} ${party.from}`;
  }

  return {
    claim(party) {
      const key = keyOf(party);
      if (!key || holders.has(key)) return undefined;
      holders.set(key, party.callId);
      return known.get(key);
    },
    release(party, threadId) {
      const key = keyOf(party);
      if (!key || holders.get(key) !== party.callId) return;
      holders.delete(key);
      if (!threadId) return;
      known.delete(key);
      known.set(key, threadId);
      if (known.size > MOST_CALLERS) for (const oldest of known.keys()) return void known.delete(oldest);
    },
  };
}
