// The keys that open the management API: those of API_KEYS and those made with `npm run keys`. Keys are compared as SHA-256
// digests in constant time; the key itself is kept nowhere.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Principal, Role } from "../core/access.ts";
import type { Clock } from "../core/clock.ts";
import type { KeyRow, KeyStore } from "../core/stores.ts";

export interface ConfiguredKey {
  readonly name: string;
  readonly role: Role;
  readonly orgId?: string;
  readonly key: string;
}

/** Who holds a key, and which one it is. */
export interface KeyHolder {
  readonly principal: Principal;
  /** Names the key without being it: "env:0" or "key_...". */
  readonly ref: string;
  /** Hex SHA-256 of the key. */
  readonly hash: string;
}

export interface KeyRing {
  /** By the key's SHA-256. */
  find(hash: string): Promise<KeyHolder | undefined>;
  /** The holder of the key that `find` gave this ref to, if it still is one. */
  holder(ref: string): Promise<KeyHolder | undefined>;
  /** No key at all: nobody can come in. */
  isEmpty(): Promise<boolean>;
}

export interface KeyRingParts {
  readonly configured: readonly ConfiguredKey[];
  readonly store: Pick<KeyStore, "byHash" | "list">;
  readonly clock: Clock;
}

/** A key of the store is asked for once in so many ms; a revoked one opens for so long at most. */
const CACHED_MS = 5000;
const MOST_CACHED = 1000;

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Of digests in hexadecimal, which have one length. */
const same = (one: string, other: string): boolean => timingSafeEqual(Buffer.from(one), Buffer.from(other));

export function createKeyRing({ configured, store, clock }: KeyRingParts): KeyRing {
  const own = configured.map(({ key, name, role, orgId }, index): KeyHolder => {
    const principal = { name, role, ...(orgId !== undefined && { orgId }) };
    return { principal, ref: `env:${index}`, hash: sha256(key) };
  });
  const found = new Map<string, { readonly row: KeyRow; readonly until: number }>();
  let listed: { readonly rows: readonly KeyRow[]; readonly until: number } | undefined;

  async function stored(hash: string): Promise<KeyRow | undefined> {
    const kept = found.get(hash);
    if (kept && clock.now() < kept.until) return kept.row;
    found.delete(hash);
    const row = await store.byHash(hash);
    // Only good keys are remembered: a new one works at once, and bad ones cannot fill the memory.
    if (!row || row.revokedAt || !same(row.hash, hash)) return undefined;
    for (const oldest of found.keys()) {
      if (found.size < MOST_CACHED) break;
      found.delete(oldest);
    }
    found.set(hash, { row, until: clock.now() + CACHED_MS });
    return row;
  }

  async function list(): Promise<readonly KeyRow[]> {
    if (!listed || clock.now() >= listed.until) {
      const rows = (await store.list()).filter((row) => !row.revokedAt);
      listed = { rows, until: clock.now() + CACHED_MS };
    }
    return listed.rows;
  }

  return {
    async find(hash) {
      let mine: KeyHolder | undefined;
      // All are looked at, whichever fits.
      for (const one of own) if (same(one.hash, hash)) mine = one;
      if (mine) return mine;
      const row = await stored(hash);
      return row && holderOf(row);
    },
    async holder(ref) {
      const mine = own.find((one) => one.ref === ref);
      if (mine) return mine;
      const known = async () => (await list()).find(({ id }) => id === ref);
      let row = await known();
      if (!row) {
        // Made since: refs come out of cookies that we signed, so that nobody can make us ask for one that never was.
        listed = undefined;
        row = await known();
      }
      return row && holderOf(row);
    },
    isEmpty: async () => own.length === 0 && (await list()).length === 0,
  };
}

function holderOf({ id, hash, name, role, orgId }: KeyRow): KeyHolder {
  return { principal: { name, role, ...(orgId !== undefined && { orgId }) }, ref: id, hash };
}
