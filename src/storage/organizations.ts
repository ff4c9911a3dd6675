// Organizations, every version of their configuration, and the numbers that belong to them.
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../core/clock.ts";
import { NumberTaken, type OrganizationRow, type OrganizationStore } from "../core/stores.ts";
import type { Ask, Tables } from "./database.ts";
import { sqlState } from "./failure.ts";
import { json } from "./rows.ts";

const UNIQUE_VIOLATION = "23505";

export function createOrganizationStore(ask: Ask, clock: Clock): OrganizationStore {
  /** Somebody took a number between our look and our insert: says which. */
  async function named(error: unknown, orgId: string, numbers: readonly string[]): Promise<unknown> {
    if (sqlState(error) !== UNIQUE_VIOLATION) return error;
    const taken = await ask((db) => ofOthers(db, orgId, numbers));
    return taken === undefined ? error : new NumberTaken(taken);
  }

  return {
    get: (orgId) =>
      ask(async (db) => {
        const row = await db.selectFrom("organizations").selectAll().where("org_id", "=", orgId).executeTakeFirst();
        return row && organizationOf(row);
      }),
    all: () =>
      ask(async (db) => {
        const rows = await db.selectFrom("organizations").selectAll().orderBy("org_id").execute();
        return rows.map(organizationOf);
      }),
    revisions: () =>
      ask(async (db) => {
        const rows = await db.selectFrom("organizations").select(["org_id", "version"]).execute();
        return new Map(rows.map(({ org_id, version }) => [org_id, version]));
      }),
    put: (orgId, config, expected, by, numbers) =>
      ask((db) =>
        db.transaction().execute(async (trx) => {
          const values = {
            version: expected + 1,
            config: json(config),
            updated_at: clock.date().toISOString(),
            updated_by: by,
          };
          // The version in the condition makes this safe beside others: of two who saw the same one, one changes no row.
          const row =
            expected === 0
              ? await trx
                  .insertInto("organizations")
                  .values({ org_id: orgId, ...values })
                  .onConflict((oc) => oc.doNothing())
                  .returningAll()
                  .executeTakeFirst()
              : await trx
                  .updateTable("organizations")
                  .set(values)
                  .where("org_id", "=", orgId)
                  .where("version", "=", expected)
                  .returningAll()
                  .executeTakeFirst();
          if (!row) return undefined;
          await trx
            .insertInto("organization_versions")
            .values({ org_id: orgId, ...values })
            .execute();
          if (numbers) await replaceNumbers(trx, orgId, numbers);
          return organizationOf(row);
        }),
      ).catch(async (error: unknown) => {
        throw await named(error, orgId, numbers ?? []);
      }),
    versions: (orgId) =>
      ask(async (db) => {
        const query = db.selectFrom("organization_versions").selectAll().where("org_id", "=", orgId);
        return (await query.orderBy("version", "desc").execute()).map(organizationOf);
      }),
    ownerOf: (number) =>
      ask(async (db) => {
        const query = db.selectFrom("phone_numbers").select("org_id").where("number", "=", number);
        return (await query.executeTakeFirst())?.org_id;
      }),
    numbersOf: (orgId) =>
      ask(async (db) => {
        const query = db.selectFrom("phone_numbers").select("number").where("org_id", "=", orgId);
        return (await query.orderBy("number").execute()).map(({ number }) => number);
      }),
    numbers: () =>
      ask(async (db) => {
        const rows = await db.selectFrom("phone_numbers").selectAll().execute();
        return new Map(rows.map(({ number, org_id }) => [number, org_id]));
      }),
    setNumbers: (orgId, numbers) =>
      ask((db) => db.transaction().execute((trx) => replaceNumbers(trx, orgId, numbers))).catch(
        async (error: unknown) => {
          throw await named(error, orgId, numbers);
        },
      ),
  };
}

async function replaceNumbers(trx: Kysely<Tables>, orgId: string, numbers: readonly string[]): Promise<void> {
  const wanted = [...new Set(numbers)].sort();
  const taken = await ofOthers(trx, orgId, wanted);
  if (taken !== undefined) throw new NumberTaken(taken);
  await trx.deleteFrom("phone_numbers").where("org_id", "=", orgId).execute();
  if (wanted.length > 0)
    await trx
      .insertInto("phone_numbers")
      .values(wanted.map((number) => ({ number, org_id: orgId })))
      .execute();
}

async function ofOthers(db: Kysely<Tables>, orgId: string, wanted: readonly string[]): Promise<string | undefined> {
  if (wanted.length === 0) return undefined;
  const query = db
    .selectFrom("phone_numbers")
    .select("number")
    .where("number", "in", wanted)
    .where("org_id", "!=", orgId);
  return (await query.orderBy("number").executeTakeFirst())?.number;
}

function organizationOf(row: Selectable<Tables["organizations"]>): OrganizationRow {
  const { org_id: orgId, version, config, updated_at: updatedAt, updated_by: updatedBy } = row;
  return { orgId, version, config, updatedAt, updatedBy };
}
