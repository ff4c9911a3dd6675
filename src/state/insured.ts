// Shared state that lets this instance go on taking calls while it is away: what one call needs between webhook, stream and
// ending is then kept here. It is found by this process alone, so such a call works when the carrier's requests reach it.
import type { CallEnding } from "../core/call.ts";
import { StateUnavailable, type State } from "../core/state.ts";
import { LIFETIMES } from "./lifetimes.ts";

/** @param local holds only what could not be shared. */
export function insured<Shared extends State>(shared: Shared, local: State): Shared {
  /** Runs `instead` where the shared state is away, and only there. */
  async function or<Result>(attempt: Promise<Result>, instead: () => Promise<Result>): Promise<Result> {
    try {
      return await attempt;
    } catch (error) {
      if (!(error instanceof StateUnavailable)) throw error;
      return instead();
    }
  }
  const endingKey = (carrierId: string): string => `ending:${carrierId}`;
  const nothing = async (): Promise<undefined> => undefined;

  return {
    ...shared,
    putToken: (token, grant, ttlMs) =>
      or(shared.putToken(token, grant, ttlMs), () => local.putToken(token, grant, ttlMs)),
    async takeToken(token) {
      return (await local.takeToken(token)) ?? shared.takeToken(token);
    },
    async unspentToken(carrierId) {
      return (await local.unspentToken(carrierId)) ?? or(shared.unspentToken(carrierId), nothing);
    },
    async putEnding(carrierId, ending) {
      await local.drop(endingKey(carrierId));
      await or(shared.putEnding(carrierId, ending), () => local.put(endingKey(carrierId), ending, LIFETIMES.endingMs));
    },
    async getEnding(carrierId) {
      const kept = (await local.get(endingKey(carrierId))) as CallEnding | undefined;
      return kept ?? or(shared.getEnding(carrierId), nothing);
    },
    async dropEnding(carrierId) {
      await local.drop(endingKey(carrierId));
      await or(shared.dropEnding(carrierId), nothing);
    },
    first: (key, ttlMs) => or(shared.first(key, ttlMs), () => local.first(key, ttlMs)),
    stand: (line, who, ttlMs) => or(shared.stand(line, who, ttlMs), () => local.stand(line, who, ttlMs)),
    async leave(line, who) {
      await local.leave(line, who);
      await or(shared.leave(line, who), nothing);
    },
    put: (key, value, ttlMs) => or(shared.put(key, value, ttlMs), () => local.put(key, value, ttlMs)),
    async get(key) {
      return (await local.get(key)) ?? or(shared.get(key), nothing);
    },
    async drop(key) {
      await local.drop(key);
      await or(shared.drop(key), nothing);
    },
    async close() {
      await Promise.all([shared.close(), local.close()]);
    },
  };
}
