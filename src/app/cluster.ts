// This instance among the others on the same shared state: which calls it holds, what it is asked about them, what it tells of
// them, and what it does about the calls of those that died. One instance alone is a cluster of one.
import type { Call, CallWatch } from "../bridge/parts.ts";
import type { CallParty } from "../core/call.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { ControlCall } from "../core/control.ts";
import type { Log, Meter } from "../core/observe.ts";
import { recall, type Resumption } from "../core/resumption.ts";
import { streamedKey, type LiveCall, type ResumeCause, type State, type StreamState } from "../core/state.ts";
import type { CallStore } from "../core/stores.ts";
import { createControl } from "./control.ts";
import { createLiveEvents } from "./live-events.ts";
import { createReaper } from "./reaper.ts";
import { createRegistry } from "./registry.ts";
import { createSoon, type Soon } from "./soon.ts";
import { createWordsSoFar } from "./words-so-far.ts";

export interface ClusterParts {
  readonly state: State;
  readonly store: CallStore;
  /** Other instances may be on the same state. */
  readonly isShared: boolean;
  readonly maxCallMs: number;
  readonly isHere: (carrierId: string) => boolean;
  readonly loseLine: (carrierId: string) => void;
  /** Looks after a browser's call, which nobody has to hold, in place of a dead instance. */
  readonly adopt: (call: LiveCall) => Promise<void>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

export interface Cluster {
  /** The name of this process, made for this one run. */
  readonly instance: string;
  readonly control: ControlCall;
  /** For the bridge of this call. */
  watch(party: CallParty): CallWatch;
  /** The state for the bridge of this call. */
  stateFor(party: CallParty): StreamState;
  /** The call is held here from now on. */
  began(call: Call, resumed: Resumption | undefined): void;
  readonly recall: (party: CallParty, cause: ResumeCause) => Promise<Resumption>;
  /** What is wanted before a call begins, unless it takes too long or fails: the caller hears nothing meanwhile. */
  readonly soon: Soon;
  readonly elsewhere: {
    readonly lineIsOver: (carrierId: string) => Promise<boolean>;
    readonly carrierEnded: (carrierId: string) => void;
  };
  start(): void;
  close(): Promise<void>;
}

/** A caller whose line was lost is back in seconds, or not at all; ms. */
const RETURN_MS = 30_000;
/** An end that another instance has recorded can be read here by then, ms. */
const RECORDED_MS = 5000;
/** Where nobody tells who lives, a call is given up when it would have ended by itself, and this much later, ms. */
const LENIENCY_MS = 300_000;
const SHARED_LENIENCY_MS = 120_000;

export function createCluster(parts: ClusterParts): Cluster {
  const { state, store, clock, ids, log } = parts;
  const soon = createSoon(clock);
  const instance = ids.id("instance");
  const registry = createRegistry({ state, instance, clock, log });
  const soFar = createWordsSoFar({ state, instance, flush: (callId) => registry.flush(callId) });
  const events = createLiveEvents({ state, clock, soFar, onChange: (callId) => registry.changed(callId) });
  const control = createControl({ ...parts, instance, find: (id) => registry.find(id) });
  const reaper = createReaper({
    ...parts,
    events,
    sweepOlderThanMs: parts.isShared ? SHARED_LENIENCY_MS : parts.maxCallMs + LENIENCY_MS,
  });

  async function carrierEnded(carrierId: string): Promise<void> {
    if ((await control.ask(carrierId, { kind: "gone" })) === "done") return;
    const record = await store.findByCarrierId(carrierId);
    if (!record || record.status === "completed") return;
    const ending = await state.getEnding(carrierId);
    reaper.suspect(record.callId, ending?.kind === "reconnect" ? ending.reason : "instance-lost", RECORDED_MS);
  }

  return {
    instance,
    control: control.control,
    watch: events.watch,
    stateFor: ({ callId }) => ({
      ...state,
      async putEnding(carrierId, ending) {
        // Whoever goes on with the call reads both.
        if (ending.kind === "reconnect") await Promise.all([registry.flush(callId), soon(store.flush())]);
        await state.putEnding(carrierId, ending);
      },
    }),
    began(call, resumed) {
      const { callId, carrierId } = call.party;
      registry.add(call, resumed?.startedAt ?? clock.date().toISOString());
      store.update(callId, { instance });
      void call.ended.then((reason) => {
        if (call.returns()) {
          reaper.suspect(callId, reason, RETURN_MS);
          if (parts.isShared) store.release(callId);
        } else state.drop(streamedKey(carrierId)).catch(() => undefined);
      });
    },
    async recall({ callId }, cause) {
      const [record, draft] = await Promise.all([soon(store.get(callId)), soon(state.getDraft(callId))]);
      return recall(cause, record, draft, clock.date().toISOString());
    },
    soon,
    elsewhere: {
      lineIsOver: async (carrierId) => (await control.ask(carrierId, { kind: "lost" })) === "done",
      carrierEnded: (carrierId) =>
        void carrierEnded(carrierId).catch((error: unknown) =>
          log.warn("the end of a call could not be passed on", { call: carrierId, error: String(error) }),
        ),
    },
    start() {
      // By this name records and answers tell where a call was held.
      if (parts.isShared) log.info("this instance is one of several", { instance });
      control.start();
      registry.start();
      reaper.start();
    },
    async close() {
      control.close();
      soFar.close();
      reaper.close();
      await registry.close();
    },
  };
}
