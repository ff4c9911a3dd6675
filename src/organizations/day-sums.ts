// What the calls of an organization took in a UTC day, in sums that all instances share. What this instance adds counts at once;
// where the shared sums cannot be reached it goes on with what it knows, and tells them later.
import type { Clock } from "../core/clock.ts";
import type { State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";

export interface Taken {
  readonly ms: number;
  /** Millionths of the currency. */
  readonly micros: number;
}

export interface DaySums {
  /** Today, as far as this instance knows. */
  of(orgId: string): Taken;
  /** Adds, and learns what others have added. Never rejects. */
  add(orgId: string, taken: Taken): Promise<void>;
}

export interface DaySumsParts {
  readonly state: Pick<State, "add" | "first">;
  readonly store: Pick<CallStore, "list">;
  readonly clock: Clock;
}

export const NOTHING: Taken = { ms: 0, micros: 0 };
export const MICRO = 1_000_000;

const KEPT_MS = 48 * 3_600_000;
const PAGE = 500;
/** Ten thousand calls: more than that are not read back after a restart. */
const MOST_PAGES = 20;

interface Day {
  readonly date: string;
  ms: number;
  micros: number;
  /** Counted here, and not in the shared sums yet. */
  owed: Taken;
  ready: Promise<void> | undefined;
}

export function createDaySums({ state, store, clock }: DaySumsParts): DaySums {
  const days = new Map<string, Day>();

  function dayOf(orgId: string): Day {
    const date = clock.date().toISOString().slice(0, 10);
    const known = days.get(orgId);
    if (known?.date === date) return known;
    // What yesterday still owes is of no use to anybody.
    const day: Day = { date, ms: 0, micros: 0, owed: NOTHING, ready: undefined };
    days.set(orgId, day);
    return day;
  }

  function count(day: Day, { ms, micros }: Taken): void {
    day.ms += ms;
    day.micros += micros;
    day.owed = { ms: day.owed.ms + ms, micros: day.owed.micros + micros };
  }

  /** Sums in memory are gone with the process: whoever is first in the day begins with what the records say. */
  async function begin(orgId: string, day: Day): Promise<void> {
    try {
      if (!(await state.first(`taken-from-records:${orgId}:${day.date}`, KEPT_MS))) return;
      count(day, await recorded(store, orgId, new Date(`${day.date}T00:00:00Z`)));
    } catch {
      // The limits of today count from now on.
    }
  }

  async function share(orgId: string, day: Day): Promise<void> {
    const { owed } = day;
    day.owed = NOTHING;
    const one = async (what: "ms" | "micros"): Promise<void> => {
      try {
        const all = await state.add(`${what}:${orgId}:${day.date}`, owed[what], KEPT_MS);
        // The other instances' with it, and what was counted here since.
        day[what] = Math.max(day[what], all + day.owed[what]);
      } catch {
        day.owed = { ...day.owed, [what]: day.owed[what] + owed[what] };
      }
    };
    await Promise.all([one("ms"), one("micros")]);
  }

  return {
    of: (orgId) => dayOf(orgId),
    async add(orgId, taken) {
      const day = dayOf(orgId);
      day.ready ??= begin(orgId, day);
      count(day, taken);
      await day.ready;
      await share(orgId, day);
    },
  };
}

/** What calls that began since then took, of those that are over. */
async function recorded(store: Pick<CallStore, "list">, orgId: string, from: Date): Promise<Taken> {
  const sum = { ms: 0, micros: 0 };
  let before: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const calls = await store.list({
      orgId,
      from,
      status: "completed",
      limit: PAGE,
      ...(before !== undefined && { before }),
    });
    for (const { durationSeconds = 0, cost = 0 } of calls) {
      sum.ms += Math.round(durationSeconds * 1000);
      sum.micros += Math.round(cost * MICRO);
    }
    before = calls.at(-1)?.callId;
    if (calls.length < PAGE) break;
  }
  return sum;
}
