// Which thread a caller's next call goes on with (THREAD_PER=caller). Only a caller the carrier vouches for has one, and only
// one call at a time may hold it, on whichever instance: a forged or shared number must not read another person's conversation.
import { createHash } from "node:crypto";
import type { CallParty } from "./core/call.ts";
import type { Clock } from "./core/clock.ts";
import type { State } from "./core/state.ts";

export interface CallerThreads {
  /** The thread to go on with; undefined for a fresh one. The caller's place is taken until `release`. Never rejects. */
  claim(party: CallParty): Promise<string | undefined>;
  /** The call is over; `threadId` is what its thread turned out to be. Never rejects. */
  release(party: CallParty, threadId: string | undefined): Promise<void>;
  /** The caller's next call begins anew: what they said is to be forgotten. @throws StateUnavailable */
  readonly forget: (caller: Pick<CallParty, "orgId" | "from">) => Promise<void>;
}

const E164 = /^\+[1-9]\d{6,14}$/;
/** A call has 55 minutes at the most. */
const LEASE_MS = 3_600_000;
/** A place is taken a moment before its call counts as live; ms. */
const SETTLED_MS = 30_000;
const KNOWN_MS = 30 * 24 * 3_600_000;

interface Lease {
  readonly callId: string;
  /** ms since the epoch. */
  readonly since: number;
}

export function createCallerThreads(
  per: "call" | "caller",
  {
    state,
    clock,
  }: { readonly state: Pick<State, "first" | "put" | "get" | "drop" | "findLive">; readonly clock: Clock },
): CallerThreads {
  /** Calls of this process that hold their caller's place. */
  const holders = new Set<string>();

  // By organization and not by the number that was called: that may be another organization's tomorrow.
  function keyOf(party: CallParty): string | undefined {
    if (per === "call" || !party.attested || !E164.test(party.from)) return undefined;
    return nameOf(party);
  }

  const nameOf = ({ orgId, from }: Pick<CallParty, "orgId" | "from">): string =>
    `thread:${createHash("sha256").update(`${orgId} ${from}`).digest("base64url")}`;

  async function takePlace(key: string, callId: string): Promise<boolean> {
    const place = `${key}:place`;
    const lease: Lease = { callId, since: +clock.date() };
    if (!(await state.first(place, LEASE_MS))) {
      const other = (await state.get(place)) as Lease | undefined;
      // A call that goes on has it already; what a dead instance held is free, for one taker.
      const isMine = other?.callId === callId;
      if (
        !isMine &&
        !(other && (await isAbandoned(other)) && (await state.first(`${place}:${other.callId}`, LEASE_MS)))
      )
        return false;
    }
    await state.put(place, lease, LEASE_MS);
    return true;
  }

  async function isAbandoned({ callId, since }: Lease): Promise<boolean> {
    return +clock.date() - since > SETTLED_MS && (await state.findLive(callId)) === undefined;
  }

  return {
    async claim(party) {
      const key = keyOf(party);
      if (!key) return undefined;
      try {
        if (!(await takePlace(key, party.callId))) return undefined;
        holders.add(party.callId);
        return (await state.get(key)) as string | undefined;
      } catch {
        return undefined; // Whose place it is cannot be told: a fresh thread is always right.
      }
    },
    async release(party, threadId) {
      const key = keyOf(party);
      if (!key || !holders.delete(party.callId)) return;
      try {
        if (threadId) await state.put(key, threadId, KNOWN_MS);
        await state.drop(`${key}:place`);
      } catch {
        // The place is free again when its time is over.
      }
    },
    async forget(caller) {
      if (per === "caller") await state.drop(nameOf(caller));
    },
  };
}
