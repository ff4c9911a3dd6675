// Which calls this instance holds, as all instances see it: kept up by a heartbeat, with a draft of each call for whoever has to
// go on with it. Nothing of it is on the media path: changes are gathered and written once a second.
import type { Call } from "../bridge/parts.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { LiveCall, State } from "../core/state.ts";

export interface RegistryParts {
  readonly state: State;
  /** The name of this process, made for this one run. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Registry {
  /** The call is held here, until it ends. */
  add(call: Call, startedAt: string): void;
  /** Something of the call is to be written. */
  changed(callId: string): void;
  /** The draft stands written as it is now. Never rejects. */
  flush(callId: string): Promise<void>;
  /** A call held here, by our id or the carrier's. */
  find(id: string): Call | undefined;
  start(): void;
  close(): Promise<void>;
}

const BEAT_MS = 5000;
/** ms between two looks at whether the shared state is there. */
const LOOK_MS = 500;
/** An instance that was not heard of for so long is dead, ms. */
export const ALIVE_MS = 15_000;
const DRAFT_MS = 1000;
/** What has to be told at the end has so long, ms. */
const LAST_WORDS_MS = 1000;

interface Held {
  readonly call: Call;
  readonly entry: LiveCall;
}

export function createRegistry({ state, instance, clock, log }: RegistryParts): Registry {
  const held = new Map<string, Held>();
  const dirty = new Set<string>();
  const writing = new Map<string, Promise<void>>();
  let cancelBeat = (): void => {};
  let beatAt = -Infinity;
  let cancelDrafts: (() => void) | undefined;
  const leaving = new Set<Promise<void>>();
  let closed = false;

  /** The next beat makes up for whatever could not be told. */
  const quietly = (work: Promise<unknown>): void => void work.catch(() => undefined);

  function beat(): void {
    if (closed) return;
    cancelBeat = clock.after(LOOK_MS, beat);
    const now = clock.now();
    if (!state.isUp()) beatAt = -Infinity;
    // Whoever was away learns at once who is there: nobody reaches a call that it does not know of.
    if (!state.isUp() || now - beatAt < BEAT_MS) return;
    beatAt = now;
    quietly(state.heartbeat(instance, ALIVE_MS));
    // A shared state that comes back empty learns of the calls again.
    for (const { entry } of held.values()) quietly(state.enlist(entry));
  }

  /** Where it is being written already, that is what is waited for. */
  function write(callId: string): Promise<void> {
    const one = held.get(callId);
    if (!one) return Promise.resolve();
    const put = async (): Promise<void> => {
      dirty.delete(callId);
      try {
        await state.putDraft(callId, one.call.draft());
      } catch {
        dirty.add(callId);
      }
    };
    const under = writing.get(callId) ?? put().finally(() => writing.delete(callId));
    writing.set(callId, under);
    return under;
  }

  async function flush(callId: string): Promise<void> {
    const isOlder = writing.has(callId);
    await write(callId);
    // What changed meanwhile is not in the older one.
    if (isOlder && dirty.has(callId)) await write(callId);
  }

  function writeDrafts(): void {
    cancelDrafts = undefined;
    if (state.isUp()) for (const callId of dirty) void write(callId);
    for (const callId of dirty) if (!held.has(callId)) dirty.delete(callId);
    if (dirty.size > 0) schedule();
  }

  function schedule(): void {
    if (!closed) cancelDrafts ??= clock.after(DRAFT_MS, writeDrafts);
  }

  async function letGo(one: Held): Promise<void> {
    const { callId } = one.entry;
    // The last words are what the next instance goes on from.
    if (one.call.returns()) await flush(callId);
    // A second stream of the call may be held here by now.
    if (held.get(callId) !== one) return;
    held.delete(callId);
    dirty.delete(callId);
    await state.delist(callId, instance);
    if (!one.call.returns()) await state.dropDraft(callId);
  }

  return {
    add(call, startedAt) {
      const { callId, carrierId, orgId, channel, direction, from, to } = call.party;
      const entry = { callId, carrierId, orgId, channel, direction, from, to, instance, startedAt };
      const one = { call, entry };
      held.set(callId, one);
      quietly(state.enlist(entry));
      const left = call.ended
        .then(() => letGo(one))
        .catch(() => log.debug("a call could not be delisted", { call: carrierId }))
        .finally(() => leaving.delete(left));
      leaving.add(left);
    },
    changed(callId) {
      dirty.add(callId);
      schedule();
    },
    flush,
    find: (id) => held.get(id)?.call ?? [...held.values()].find(({ entry }) => entry.carrierId === id)?.call,
    start: beat,
    async close() {
      closed = true;
      cancelBeat();
      cancelDrafts?.();
      // Calls that were let go of at the last moment are nobody's, and not a dead instance's.
      let cancel = (): void => {};
      const limit = new Promise<void>((resolve) => (cancel = clock.after(LAST_WORDS_MS, resolve)));
      await Promise.race([Promise.all(leaving), limit]);
      cancel();
    },
  };
}
