// Confirmations over the shared state, so that whichever instance holds the call, any other can settle it: asked for, decided and
// used up one change at a time, told to watchers as they happen, and written into the call's time line.
import { createHash } from "node:crypto";
import type { Clock, Ids } from "../core/clock.ts";
import {
  TooManyConfirmations,
  type Confirmation,
  type ConfirmationRequest,
  type Confirmations,
  type ConfirmationStatus,
} from "../core/confirmation.ts";
import type { Log } from "../core/observe.ts";
import type { LiveEvent, State } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import { CONFIRMATION_NEWS, listenFor } from "./confirmation-news.ts";
import { EVENTS_TOPIC } from "./live-events.ts";
import { createSharedValues } from "./shared-value.ts";
import { createSoon } from "./soon.ts";

export interface ConfirmationsParts {
  readonly state: State;
  readonly store: Pick<CallStore, "get" | "note">;
  readonly confirmMs: number;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

type Entry = Confirmation & { readonly run: string };

const ALL = "all";
/** Waiting at once: of one call, of one organization (which must not use up what others may need), and of all. */
const MOST_OF_A_CALL = 3;
const MOST_OF_AN_ORGANIZATION = 25;
const MOST = 100;
/** A settled one is remembered for so long after it would have expired, ms: a denial is not asked about again and again. */
const REMEMBERED_MS = 60_000;
/** Messages between instances can be lost: so often it is looked at all the same, ms. */
const LOOK_MS = 1000;
/** A timer and the date need not agree to the millisecond. */
const SURELY_OVER_MS = 50;

/** `close` ends the waiting for those that nobody decides on. */
export function createConfirmations(parts: ConfirmationsParts): Confirmations & { close(): void } {
  const { state, store, confirmMs, clock, ids, log } = parts;
  const soon = createSoon(clock);
  const shared = createSharedValues<readonly Entry[]>({
    state,
    clock,
    name: "confirmations",
    ttlMs: confirmMs + REMEMBERED_MS * 2,
    fallback: async () => [],
  });

  let audits = Promise.resolve();
  /** Those that were asked for here and are not settled, with what cancels their end. */
  const ends = new Map<string, { readonly callId: string; readonly cancel: () => void }>();
  const unsubscribe = state.subscribe(EVENTS_TOPIC, (message) => {
    const { type, callId } = message as LiveEvent;
    if (type !== "call.ended") return;
    for (const [id, asked] of ends) if (asked.callId === callId) void undecided(id, "ended");
  });

  const now = (): number => clock.date().getTime();
  const asOf = (entry: Entry, at = now()): Entry =>
    entry.status === "pending" && Date.parse(entry.expiresAt) <= at ? { ...entry, status: "expired" } : entry;

  async function change<Result>(make: (entries: readonly Entry[]) => { entries?: readonly Entry[]; result: Result }) {
    const done = await shared.change(ALL, (value) => {
      const at = now();
      const entries = value
        .filter(({ expiresAt }) => Date.parse(expiresAt) + REMEMBERED_MS > at)
        .map((entry) => asOf(entry, at));
      const made = make(entries);
      return { value: made.entries ?? value, result: { made: made.result } };
    });
    return (done as { made: Result }).made;
  }

  function tell({ run: _run, ...confirmation }: Entry, by?: string): void {
    const { callId, orgId, userId, id, tool, status, expiresAt, arguments: args } = confirmation;
    const event: LiveEvent = {
      callId,
      orgId,
      type: "confirmation",
      at: clock.date().toISOString(),
      data: { confirmation_id: id, user: userId ?? null, tool, arguments: args, status, expires_at: expiresAt },
    };
    state.publish(EVENTS_TOPIC, event);
    if (status === "pending")
      ends.set(id, { callId, cancel: clock.after(confirmMs + SURELY_OVER_MS, () => void undecided(id, "expired")) });
    else {
      ends.get(id)?.cancel();
      ends.delete(id);
      state.publish(CONFIRMATION_NEWS, { id });
    }
    log.info("confirmation of a tool", { callId, confirmation: id, tool, status, ...(by !== undefined && { by }) });
    // One after the other, in the order in which it happened.
    audits = audits.then(() => audit(confirmation, by));
  }

  /** Who asked for what and who decided how, in the call's own story. The arguments stand there by their hash. */
  async function audit({ callId, id, tool, status, arguments: args }: Confirmation, by?: string): Promise<void> {
    const record = await store.get(callId).catch(() => undefined);
    if (!record) return;
    store.note(callId, {
      atMs: Math.max(0, now() - Date.parse(record.startedAt)),
      what: "confirmation",
      detail: { confirmation: id, tool, status, arguments_sha256: hashOf(args), ...(by !== undefined && { by }) },
    });
  }

  /** Nobody decided, here or elsewhere, in time or before the call was over: told once, by whoever asked or sees it first. */
  async function undecided(id: string, status: "expired" | "ended"): Promise<void> {
    ends.get(id)?.cancel();
    ends.delete(id);
    try {
      const over = await change((entries) => {
        const entry = entries.find((one) => one.id === id && one.status === (status === "ended" ? "pending" : status));
        if (!entry) return { result: undefined };
        const settled: Entry = { ...entry, status };
        return { entries: entries.map((one) => (one === entry ? settled : one)), result: settled };
      });
      if (over) tell(over);
    } catch (error) {
      // Whoever looks later finds it so all the same.
      log.warn("that nobody confirmed could not be told", { confirmation: id, status, error: nameOf(error) });
    }
  }

  /** The word of its end may have been lost; where the record cannot be read, or not soon, what the shared state says holds. */
  async function isOver(callId: string): Promise<boolean> {
    return (await soon(store.get(callId)))?.status === "completed";
  }

  async function entryOf(id: string): Promise<Entry | undefined> {
    const entry = ((await shared.get(ALL)) ?? []).find((one) => one.id === id);
    return entry && asOf(entry);
  }

  async function statusOf(id: string): Promise<ConfirmationStatus> {
    return (await entryOf(id))?.status ?? "expired";
  }

  return {
    async ask(request) {
      const run = runOf(request);
      const id = ids.id("conf");
      const found = await change((entries) => {
        const before = entries.find((one) => one.run === run && ["pending", "approved", "denied"].includes(one.status));
        if (before) return { result: { entry: before, isNew: false } };
        const waiting = entries.filter(({ status }) => status === "pending");
        const ofCall = waiting.filter(({ callId }) => callId === request.callId);
        const ofOrg = waiting.filter(({ orgId }) => orgId === request.orgId);
        if (waiting.length >= MOST || ofOrg.length >= MOST_OF_AN_ORGANIZATION || ofCall.length >= MOST_OF_A_CALL)
          return { result: undefined };
        const at = now();
        const entry: Entry = {
          ...request,
          id,
          run,
          status: "pending",
          askedAt: new Date(at).toISOString(),
          expiresAt: new Date(at + confirmMs).toISOString(),
        };
        // Of those that are settled only the newest are remembered, so that all of them stay small.
        return { entries: [...entries, entry].slice(-2 * MOST), result: { entry, isNew: true } };
      });
      if (!found) throw new TooManyConfirmations();
      if (found.isNew) tell(found.entry);
      return { confirmation: found.entry, isNew: found.isNew };
    },
    async settled(id, ms, signal) {
      const deadline = clock.now() + ms;
      // Before it is looked at: what is told meanwhile is not missed.
      const news = listenFor(id, { state, clock, signal });
      try {
        let status = await statusOf(id);
        while (status === "pending" && clock.now() < deadline && !signal.aborted) {
          await news.next(Math.min(LOOK_MS, deadline - clock.now()));
          status = await statusOf(id);
        }
        signal.throwIfAborted();
        return status;
      } finally {
        news.close();
      }
    },
    async redeem(id) {
      const entry = await change((entries) => {
        const one = entries.find((entry) => entry.id === id && entry.status === "approved");
        if (!one || Date.parse(one.expiresAt) + REMEMBERED_MS <= now()) return { result: undefined };
        const used: Entry = { ...one, status: "used" };
        return { entries: entries.map((entry) => (entry === one ? used : entry)), result: used };
      });
      if (entry) tell(entry, entry.decidedBy);
      return entry !== undefined;
    },
    async decide(id, decision, by, mayDecide) {
      const asked = await entryOf(id);
      if (asked?.status === "pending" && mayDecide(asked) && (await isOver(asked.callId))) await undecided(id, "ended");
      type Decision = { readonly kind: "done" | "late"; readonly entry: Entry } | undefined;
      const decided = await change<Decision>((entries) => {
        const one = entries.find((entry) => entry.id === id);
        if (!one || !mayDecide(one)) return { result: undefined };
        if (one.status !== "pending") return { result: { kind: "late", entry: one } };
        const entry: Entry = { ...one, status: decision === "approve" ? "approved" : "denied", decidedBy: by };
        return {
          entries: entries.map((other) => (other === one ? entry : other)),
          result: { kind: "done", entry },
        };
      });
      if (!decided) return undefined;
      if (decided.kind === "done") tell(decided.entry, by);
      return { kind: decided.kind, confirmation: decided.entry };
    },
    async pending() {
      const at = now();
      return ((await shared.get(ALL)) ?? [])
        .map((entry) => asOf(entry, at))
        .filter(({ status }) => status === "pending");
    },
    close() {
      unsubscribe();
      for (const { cancel } of ends.values()) cancel();
      ends.clear();
    },
  };
}

/** The very same run: this call, this user, this tool, exactly these arguments. */
const runOf = ({ callId, orgId, userId, tool, arguments: args }: ConfirmationRequest): string =>
  hashOf([callId, orgId, userId ?? null, tool, args]);

/** Of a value's canonical JSON: the order of keys is no difference. */
function hashOf(value: unknown): string {
  const sorted = (_key: string, part: unknown): unknown =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return createHash("sha256")
    .update(JSON.stringify(value, sorted) ?? "")
    .digest("hex");
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "unknown");
