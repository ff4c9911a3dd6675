// When a browser's call is over although nobody says so: its page was closed, its session never begun, its time is up. A timer for
// each call that this instance heard of last; what it finds in the shared state decides.
import { isReported, type EndReason } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import { hasEnded, type BrowserCall } from "./browser-call.ts";
import type { BrowserCallLimits } from "./browser-call-parts.ts";
import { openCalls } from "./open-calls.ts";

export interface BrowserDeadlineParts {
  readonly calls: { get(id: string): Promise<BrowserCall | undefined> };
  readonly clock: Clock;
  readonly limits: Pick<BrowserCallLimits, "maxCallMs" | "unstartedMs" | "idleMs">;
  readonly log: Log;
  readonly end: (callId: string, reason: EndReason) => Promise<unknown>;
}

/** The shared state did not answer: looked at again after this, ms. */
const AGAIN_MS = 15_000;
const SWEEP_MS = 600_000;

export function createBrowserDeadlines({ calls, clock, limits, log, end }: BrowserDeadlineParts) {
  const timers = new Map<string, () => void>();
  let cancelSweep = (): void => {};

  function due(call: BrowserCall): { readonly at: number; readonly reason: EndReason } {
    const patience = call.started || call.lines.length > 0 ? limits.idleMs : limits.unstartedMs;
    const ends = [
      { at: Date.parse(call.startedAt) + (call.maxMs ?? limits.maxCallMs), reason: "time-limit" as const },
      { at: call.activeAt + patience, reason: "abandoned" as const },
      ...(call.ending ? [call.ending] : []),
    ];
    return ends.reduce((first, one) => (one.at < first.at ? one : first));
  }

  function set(callId: string, ms: number, fn: () => Promise<unknown>): void {
    timers.get(callId)?.();
    timers.set(
      callId,
      clock.after(ms, () => {
        void fn().catch((error: unknown) => {
          log.warn("a browser call could not be looked after now", { callId, error: nameOf(error) });
          if (timers.has(callId)) set(callId, AGAIN_MS, fn);
        });
      }),
    );
  }

  async function look(callId: string): Promise<void> {
    const call = await calls.get(callId);
    if (!timers.has(callId)) return;
    if (!call || hasEnded(call)) {
      forget(callId);
      return;
    }
    const { at, reason } = due(call);
    if (at > +clock.date()) watch(call);
    else await end(callId, reason);
  }

  function watch(call: BrowserCall): void {
    const { callId } = call.party;
    set(callId, Math.max(0, due(call).at - +clock.date()), () => look(callId));
  }

  function forget(callId: string): void {
    timers.get(callId)?.();
    timers.delete(callId);
  }

  /** Records of calls that were forgotten: all instances died at once, or the shared state was emptied. */
  async function sweepOnce(store: Pick<CallStore, "list">): Promise<void> {
    const to = new Date(+clock.date() - limits.maxCallMs - limits.idleMs);
    for await (const record of openCalls(store, to)) if (isReported(record)) await end(record.callId, "abandoned");
  }

  return {
    watch,
    forget,
    /** Now, and again and again, by one instance each time. */
    sweep(store: Pick<CallStore, "list">, state: Pick<State, "first">): void {
      const again = (): void => {
        cancelSweep = clock.after(SWEEP_MS, again);
        void state
          .first("browser-calls-swept", SWEEP_MS / 2)
          .then((isFirst) => (isFirst ? sweepOnce(store) : undefined))
          .catch((error: unknown) =>
            log.debug("forgotten browser calls were not looked for", { error: nameOf(error) }),
          );
      };
      again();
    },
    count: () => timers.size,
    /** Those that were watched. */
    close(): string[] {
      cancelSweep();
      const left = [...timers.keys()];
      for (const callId of left) forget(callId);
      return left;
    },
  };
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "unknown");
