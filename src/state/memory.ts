// State of a single process: bounded, and without timers. It is the whole port, so that a program with one instance runs the
// same code as one of several.
import type { CallEnding } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { CallDraft, LiveCall, State, StreamGrant } from "../core/state.ts";
import { createExpiring } from "./expiring.ts";
import { LIFETIMES } from "./lifetimes.ts";
import { createTopics } from "./topics.ts";

export function createMemoryState({
  clock,
  limit = 20_000,
}: {
  readonly clock: Clock;
  /** Tokens, and endings, and so on, kept at most; beyond it the oldest go first. */
  readonly limit?: number;
}): State {
  const tokens = createExpiring<StreamGrant>(clock, limit);
  const tokenOf = createExpiring<string>(clock, limit);
  const endings = createExpiring<CallEnding>(clock, limit);
  const alive = createExpiring<true>(clock, limit);
  const calls = createExpiring<LiveCall>(clock, limit);
  const callIdOf = createExpiring<string>(clock, limit);
  const drafts = createExpiring<CallDraft>(clock, limit);
  const counters = createExpiring<{ count: number }>(clock, limit);
  const sums = createExpiring<number>(clock, limit);
  const taken = createExpiring<true>(clock, limit);
  const values = createExpiring<string>(clock, limit);
  /** In the order of coming; what each is, is when its place is lost. */
  const lines = createExpiring<Map<string, number>>(clock, limit);
  /** Who has a place, and until when. */
  const rooms = createExpiring<Map<string, number>>(clock, limit);
  const topics = createTopics();
  const all = [tokens, tokenOf, endings, alive, calls, callIdOf, drafts, counters, sums, taken, values, lines, rooms];

  function remove(call: LiveCall): void {
    calls.take(call.callId);
    if (callIdOf.get(call.carrierId) === call.callId) callIdOf.take(call.carrierId);
  }

  // Every body runs to its end without awaiting: that is what makes each of them atomic.
  return {
    async putToken(token, grant, ttlMs) {
      const { carrierId } = grant.party;
      const previous = tokenOf.get(carrierId);
      if (previous !== undefined) tokens.take(previous);
      tokens.put(token, grant, ttlMs);
      tokenOf.put(carrierId, token, ttlMs);
    },
    async takeToken(token) {
      const grant = tokens.take(token);
      if (grant) tokenOf.take(grant.party.carrierId);
      return grant;
    },
    async unspentToken(carrierId) {
      const token = tokenOf.get(carrierId);
      return token !== undefined && tokens.get(token) ? token : undefined;
    },
    async putEnding(carrierId, ending) {
      endings.put(carrierId, ending, LIFETIMES.endingMs);
    },
    async getEnding(carrierId) {
      return endings.get(carrierId);
    },
    async dropEnding(carrierId) {
      endings.take(carrierId);
    },

    async enlist(call) {
      calls.put(call.callId, call, LIFETIMES.callMs);
      callIdOf.put(call.carrierId, call.callId, LIFETIMES.callMs);
    },
    async delist(callId, instance) {
      const call = calls.get(callId);
      if (call?.instance === instance) remove(call);
    },
    async live() {
      return calls.keys().flatMap((callId) => {
        const call = calls.get(callId);
        return call && alive.get(call.instance) ? [call] : [];
      });
    },
    async findLive(id) {
      const call = calls.get(id) ?? calls.get(callIdOf.get(id) ?? "");
      return call && alive.get(call.instance) ? call : undefined;
    },
    async heartbeat(instance, ttlMs) {
      alive.put(instance, true, ttlMs);
    },
    async takeDead() {
      const dead = new Map<string, LiveCall[]>();
      for (const callId of calls.keys()) {
        const call = calls.get(callId);
        if (!call || alive.get(call.instance)) continue;
        remove(call);
        dead.set(call.instance, [...(dead.get(call.instance) ?? []), call]);
      }
      return [...dead].map(([instance, left]) => ({ instance, calls: left }));
    },
    async putDraft(callId, draft) {
      drafts.put(callId, draft, LIFETIMES.draftMs);
    },
    async getDraft(callId) {
      return drafts.get(callId);
    },
    async dropDraft(callId) {
      drafts.take(callId);
    },

    async hit(key, windowMs) {
      const counter = counters.get(key);
      if (counter) return ++counter.count;
      counters.put(key, { count: 1 }, windowMs);
      return 1;
    },
    async add(key, amount, ttlMs) {
      const sum = (sums.get(key) ?? 0) + amount;
      sums.put(key, sum, ttlMs);
      return sum;
    },
    async first(key, ttlMs) {
      if (taken.get(key)) return false;
      taken.put(key, true, ttlMs);
      return true;
    },
    async stand(line, who, ttlMs) {
      const places = lines.get(line) ?? new Map<string, number>();
      for (const [one, until] of places) if (until <= clock.now()) places.delete(one);
      places.set(who, clock.now() + ttlMs);
      lines.put(line, places, ttlMs);
      return [...places.keys()].indexOf(who);
    },
    async leave(line, who) {
      const places = lines.get(line);
      places?.delete(who);
      if (places?.size === 0) lines.take(line);
    },
    async takePlace(room, who, most, ttlMs) {
      const now = clock.now();
      const places = rooms.get(room) ?? new Map<string, number>();
      for (const [one, until] of places) if (until <= now) places.delete(one);
      if (!places.has(who) && places.size >= most) return false;
      places.set(who, now + ttlMs);
      rooms.put(room, places, Math.max(...places.values()) - now);
      return true;
    },
    async leavePlace(room, who) {
      rooms.get(room)?.delete(who);
    },
    async put(key, value, ttlMs) {
      values.put(key, JSON.stringify(value), ttlMs);
    },
    async get(key) {
      const text = values.get(key);
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    async drop(key) {
      values.take(key);
      taken.take(key);
    },

    publish: topics.deliver,
    subscribe: topics.subscribe,
    isHeard: async (topic) => topics.has(topic),
    mayBeHeard: topics.has,
    isUp: () => true,
    async close() {
      for (const map of all) map.clear();
      topics.clear();
    },
  };
}
