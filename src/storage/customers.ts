// Persons known by an id of the outside, and their text or voice sessions.
import type { CallPhase } from "../core/call.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { CustomerStore } from "../core/stores.ts";
import type { Ask } from "./database.ts";
import { clean, json } from "./rows.ts";

export function createCustomerStore(
  ask: Ask,
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
): CustomerStore {
  return {
    customer: (orgId, externalId) =>
      ask(async (db) => {
        const known = { org_id: orgId, external_id: clean(externalId) };
        const made = await db
          .insertInto("customers")
          .values({ customer_id: ids.id("cus"), ...known, created_at: clock.date().toISOString() })
          .onConflict((oc) => oc.doNothing())
          .returning("customer_id")
          .executeTakeFirst();
        if (made) return { id: made.customer_id, isNew: true };
        const query = db.selectFrom("customers").select("customer_id").where("org_id", "=", orgId);
        const found = await query.where("external_id", "=", known.external_id).executeTakeFirstOrThrow();
        return { id: found.customer_id, isNew: false };
      }),
    putSession: (session) =>
      ask(async (db) => {
        const changing = {
          customer_id: session.customerId ?? null,
          state: session.state,
          data: json(session.data),
          updated_at: session.updatedAt.toISOString(),
        };
        await db
          .insertInto("conversation_sessions")
          .values({
            session_id: session.sessionId,
            org_id: session.orgId,
            created_at: session.createdAt.toISOString(),
            ...changing,
          })
          .onConflict((oc) => oc.column("session_id").doUpdateSet(changing))
          .execute();
      }),
    forgetSessions: (before) =>
      ask(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom("conversation_sessions")
          .where("updated_at", "<", before)
          .where((eb) =>
            eb.not(eb.exists(eb.selectFrom("calls").select("call_id").whereRef("call_id", "=", "session_id"))),
          )
          .executeTakeFirst();
        return Number(numDeletedRows);
      }),
    session: (sessionId) =>
      ask(async (db) => {
        const query = db.selectFrom("conversation_sessions").selectAll().where("session_id", "=", sessionId);
        const row = await query.executeTakeFirst();
        return (
          row && {
            sessionId: row.session_id,
            orgId: row.org_id,
            state: row.state as CallPhase,
            data: row.data,
            createdAt: row.created_at,
            updatedAt: row.updated_at,
            ...(row.customer_id !== null && { customerId: row.customer_id }),
          }
        );
      }),
  };
}
