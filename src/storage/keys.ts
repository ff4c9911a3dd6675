// API keys, of which only the hash is known here.
import type { Selectable } from "kysely";
import type { Role } from "../core/access.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { KeyRow, KeyStore } from "../core/stores.ts";
import type { Ask, Tables } from "./database.ts";

export function createKeyStore(ask: Ask, { clock, ids }: { readonly clock: Clock; readonly ids: Ids }): KeyStore {
  return {
    create: ({ name, role, orgId, hash, revokedAt }) =>
      ask(async (db) => {
        const row = await db
          .insertInto("api_keys")
          .values({
            key_id: ids.id("key"),
            name,
            role,
            org_id: orgId ?? null,
            hash,
            created_at: clock.date().toISOString(),
            revoked_at: revokedAt?.toISOString() ?? null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        return keyOf(row);
      }),
    list: () => ask(async (db) => (await db.selectFrom("api_keys").selectAll().orderBy("key_id").execute()).map(keyOf)),
    revoke: (nameOrId) =>
      ask(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable("api_keys")
          .set({ revoked_at: clock.date().toISOString() })
          .where("revoked_at", "is", null)
          .where((eb) => eb.or([eb("key_id", "=", nameOrId), eb("name", "=", nameOrId)]))
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    byHash: (hash) =>
      ask(async (db) => {
        const query = db.selectFrom("api_keys").selectAll().where("hash", "=", hash).where("revoked_at", "is", null);
        const row = await query.executeTakeFirst();
        return row && keyOf(row);
      }),
  };
}

function keyOf(row: Selectable<Tables["api_keys"]>): KeyRow {
  return {
    id: row.key_id,
    name: row.name,
    role: row.role as Role,
    hash: row.hash,
    createdAt: row.created_at,
    ...(row.org_id !== null && { orgId: row.org_id }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
  };
}
