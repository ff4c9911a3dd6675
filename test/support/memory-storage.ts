// All stores in memory, for tests that are about something else: nothing to open, nothing on the disk.
import { DEFAULT_ORG } from "../../src/core/call.ts";
import type { Clock, Ids } from "../../src/core/clock.ts";
import {
  NumberTaken,
  type KeyRow,
  type OrganizationRow,
  type SessionRow,
  type Storage,
} from "../../src/core/stores.ts";
import { systemClock, systemIds } from "../../src/observe/system.ts";
import { createMemoryCallStore } from "../../src/storage/memory.ts";
import { createMemoryMemories } from "./memory-memories.ts";

export function createMemoryStorage({
  clock = systemClock,
  ids = systemIds,
}: { readonly clock?: Clock; readonly ids?: Ids } = {}): Storage {
  const versions = new Map<string, OrganizationRow[]>([
    [DEFAULT_ORG, [{ orgId: DEFAULT_ORG, version: 1, config: {}, updatedAt: clock.date(), updatedBy: "voicebridge" }]],
  ]);
  const numbers = new Map<string, string>();
  const keys = new Map<string, KeyRow>();
  const customers = new Map<string, string>();
  const sessions = new Map<string, SessionRow>();
  const kept = createMemoryCallStore();
  const calls: Storage["calls"] = {
    ...kept,
    async remove(callId) {
      sessions.delete(callId);
      return kept.remove(callId);
    },
  };
  const current = (orgId: string): OrganizationRow | undefined => versions.get(orgId)?.at(-1);
  function refuseTaken(orgId: string, wanted: readonly string[]): void {
    const taken = wanted.toSorted().find((number) => (numbers.get(number) ?? orgId) !== orgId);
    if (taken !== undefined) throw new NumberTaken(taken);
  }
  function give(orgId: string, wanted: readonly string[]): void {
    for (const [number, owner] of numbers) if (owner === orgId) numbers.delete(number);
    for (const number of wanted) numbers.set(number, orgId);
  }
  return {
    calls,
    organizations: {
      async get(orgId) {
        return current(orgId);
      },
      async all() {
        return [...versions.keys()].sort().map((orgId) => current(orgId) as OrganizationRow);
      },
      async revisions() {
        return new Map([...versions].map(([orgId, rows]) => [orgId, rows.length]));
      },
      async put(orgId, config, expected, by, wanted) {
        if ((current(orgId)?.version ?? 0) !== expected) return undefined;
        if (wanted) refuseTaken(orgId, wanted);
        const row = { orgId, version: expected + 1, config, updatedAt: clock.date(), updatedBy: by };
        versions.set(orgId, [...(versions.get(orgId) ?? []), row]);
        if (wanted) give(orgId, wanted);
        return row;
      },
      async versions(orgId) {
        return (versions.get(orgId) ?? []).toReversed();
      },
      async ownerOf(number) {
        return numbers.get(number);
      },
      async numbersOf(orgId) {
        return [...numbers].flatMap(([number, owner]) => (owner === orgId ? [number] : [])).sort();
      },
      async numbers() {
        return new Map(numbers);
      },
      async setNumbers(orgId, wanted) {
        refuseTaken(orgId, wanted);
        if (!versions.has(orgId)) throw new Error("there is no such organization");
        give(orgId, wanted);
      },
    },
    keys: {
      async create(key) {
        const live = [...keys.values()].some((one) => one.name === key.name && !one.revokedAt);
        if (live || [...keys.values()].some((one) => one.hash === key.hash)) throw new Error("there is such a key");
        const row = { ...key, id: ids.id("key"), createdAt: clock.date() };
        keys.set(row.id, row);
        return row;
      },
      async list() {
        return [...keys.values()];
      },
      async revoke(nameOrId) {
        const found = [...keys.values()].find((one) => !one.revokedAt && [one.id, one.name].includes(nameOrId));
        if (found) keys.set(found.id, { ...found, revokedAt: clock.date() });
        return found !== undefined;
      },
      async byHash(hash) {
        return [...keys.values()].find((one) => one.hash === hash && !one.revokedAt);
      },
    },
    customers: {
      async customer(orgId, externalId) {
        const name = JSON.stringify([orgId, externalId]);
        const known = customers.get(name);
        const id = known ?? ids.id("cus");
        customers.set(name, id);
        return { id, isNew: known === undefined };
      },
      async putSession(session) {
        const { createdAt = session.createdAt } = sessions.get(session.sessionId) ?? {};
        sessions.set(session.sessionId, { ...session, createdAt });
      },
      async session(sessionId) {
        return sessions.get(sessionId);
      },
      async forgetSessions(before) {
        let forgotten = 0;
        for (const { sessionId, updatedAt } of sessions.values())
          if (updatedAt < before && !(await calls.get(sessionId)) && sessions.delete(sessionId)) forgotten++;
        return forgotten;
      },
    },
    memories: createMemoryMemories({ clock, ids }),
    pendingRows: () => 0,
    async check() {},
    close: () => calls.close(),
  };
}
