// What calls cost and last, against what their organization allows: for each call as it goes on, and for the UTC day. How many there may
// be at the same time is told here and counted in places.ts.
import type { CallParty, EndReason } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import type { Resumption } from "../core/resumption.ts";
import type { State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import type { ModelUsage, Spending } from "../core/usage.ts";
import type { OrganizationConfig } from "../wire/rest/organization.ts";
import { createDaySums, MICRO, NOTHING, type Taken } from "./day-sums.ts";
import type { Organization } from "./directory.ts";
import { carrierCost, costOf, costOfBefore, type Prices } from "./prices.ts";

export type Limits = NonNullable<OrganizationConfig["limits"]>;
export type LimitReason = Extract<EndReason, "time-limit" | "spend-limit">;

export interface CallBudget extends Spending {
  /** The limits are heeded from now on; called once at most, when one is reached. */
  watch(onLimit: (reason: LimitReason) => void): void;
  /** The call is over. Idempotent. */
  close(): void;
}

/** What a call that goes on took before. */
export type CallBefore = Pick<Resumption, "startedAt" | "untilMs" | "usage">;

export interface Budgets {
  /** How many calls may be live at once; none when the day's limits are used up. */
  mostCalls(orgId: string, limits: Limits): number;
  /** The call begins now, or goes on from what it had before. */
  open(
    party: Pick<CallParty, "callId" | "orgId" | "channel" | "direction">,
    limits: Limits,
    before?: CallBefore,
  ): CallBudget;
  /** Time that a call took which nobody here holds, once for each piece of it. @returns the limit of the day that is reached. */
  took(orgId: string, ms: number, limits: Limits): LimitReason | undefined;
  /** Looks at what other instances took, now and every few seconds. */
  start(): void;
  close(): void;
}

export interface BudgetsParts {
  readonly prices: Prices | undefined;
  readonly organizations: () => readonly Organization[];
  readonly state: Pick<State, "add" | "first">;
  readonly store: Pick<CallStore, "list">;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** ms between two looks, at a call and at the other instances. */
const LOOK_MS = 5000;
const MINUTE_MS = 60_000;

export function createBudgets(parts: BudgetsParts): Budgets {
  const { prices, organizations, clock, log, meter } = parts;
  const sums = createDaySums(parts);
  const complained = new Set<string>();
  let isClosed = false;
  let cancelTimer = (): void => {};

  function reached({ ms, micros }: Taken, limits: Limits): LimitReason | undefined {
    if (ms >= (limits.minutes_per_day ?? Infinity) * MINUTE_MS) return "time-limit";
    return micros >= (limits.spend_per_day ?? Infinity) * MICRO ? "spend-limit" : undefined;
  }

  function count(kind: string, cost: number): void {
    if (!prices || cost === 0) return;
    if (prices.currency === "USD") meter.count("voice_cost_usd_total", { kind }, cost);
    else meter.count("voice_cost_total", { kind, currency: prices.currency }, cost);
  }

  /** @returns undefined, told once for each, where something has no price. */
  function priceOf(usage: ModelUsage): number | undefined {
    if (!prices) return undefined;
    const cost = costOf(prices, usage);
    if (cost !== undefined) return cost;
    const what = `${usage.model} (${Object.keys(usage.counts).join(", ")})`;
    if (!complained.has(what)) log.warn("what a call costs is not known: PRICES_FILE lacks a price", { what });
    complained.add(what);
    return undefined;
  }

  function open(party: Parameters<Budgets["open"]>[0], limits: Limits, before?: CallBefore): CallBudget {
    const { callId, orgId, direction, channel } = party;
    // A call that went through a break lasts on, and so does what it cost.
    const began = clock.now() - (before ? Math.max(0, +clock.date() - Date.parse(before.startedAt)) : 0);
    const first = prices && before ? costOfBefore(prices, before.usage) : { known: 0, isAll: true };
    let models = first.known;
    let isKnown = prices !== undefined && first.isAll;
    let onLimit: ((reason: LimitReason) => void) | undefined;
    let isOver = false;
    let cancelLook = (): void => {};

    const carrierFor = (ms: number): number => (prices && channel === "phone" ? carrierCost(prices, direction, ms) : 0);
    const carrier = (): number => carrierFor(clock.now() - began);
    // Whoever held the call before has told what it took until then.
    const carrierBefore = before ? carrierFor(before.untilMs) : 0;
    let told: Taken = before ? { ms: before.untilMs, micros: Math.round((models + carrierBefore) * MICRO) } : NOTHING;

    /** What the day's sums lack of this call. */
    function untold(): Taken {
      const ms = Math.round(clock.now() - began);
      return { ms: ms - told.ms, micros: Math.round((models + carrier()) * MICRO) - told.micros };
    }

    async function tell(): Promise<void> {
      const more = untold();
      told = { ms: told.ms + more.ms, micros: told.micros + more.micros };
      await sums.add(orgId, more);
    }

    function look(): void {
      if (isOver || !onLimit) return;
      const { ms, micros } = untold();
      const day = sums.of(orgId);
      // What has no price is not in it: a limit of what is known is better than none.
      const isTooDear = models + carrier() >= (limits.spend_per_call ?? Infinity);
      const reason = isTooDear ? "spend-limit" : reached({ ms: day.ms + ms, micros: day.micros + micros }, limits);
      if (!reason) return;
      const tellIt = onLimit;
      onLimit = undefined;
      log.warn("a call reached a limit of its organization", { callId, orgId, reason });
      tellIt(reason);
    }

    function keepLooking(): void {
      if (isOver) return;
      cancelLook = clock.after(LOOK_MS, keepLooking);
      if (isByDay(limits)) void tell().then(look);
      else look();
    }

    return {
      used(usage) {
        const cost = priceOf(usage);
        if (cost === undefined) {
          isKnown = false;
          return;
        }
        models += cost;
        count(usage.purpose, cost);
        look();
      },
      cost: () => (isKnown ? models + carrier() : undefined),
      watch(given) {
        onLimit = given;
        if (isByDay(limits) || limits.spend_per_call !== undefined) keepLooking();
      },
      close() {
        if (isOver) return;
        isOver = true;
        cancelLook();
        count("carrier", carrier() - carrierBefore);
        if (isByDay(limits)) void tell();
      },
    };
  }

  async function learn(): Promise<void> {
    const byDay = organizations().filter(({ config: { limits } }) => limits && isByDay(limits));
    await Promise.all(byDay.map(({ orgId }) => sums.add(orgId, NOTHING)));
  }

  async function keepLearning(): Promise<void> {
    await learn();
    if (!isClosed) cancelTimer = clock.after(LOOK_MS, () => void keepLearning());
  }

  return {
    mostCalls(orgId, limits) {
      return reached(sums.of(orgId), limits) ? 0 : (limits.concurrent_calls ?? Infinity);
    },
    open,
    took(orgId, ms, limits) {
      if (!isByDay(limits)) return undefined;
      void sums.add(orgId, { ms, micros: 0 });
      return reached(sums.of(orgId), limits);
    },
    start: () => void keepLearning(),
    close() {
      isClosed = true;
      cancelTimer();
    },
  };
}

function isByDay({ minutes_per_day: minutes, spend_per_day: spend }: Limits): boolean {
  return minutes !== undefined || spend !== undefined;
}
