// What is kept of one phone number: given out, and deleted.
import { z } from "zod";
import { sees, type Principal } from "../core/access.ts";
import type { Log } from "../core/observe.ts";
import type { CallStore } from "../core/stores.ts";
import { callDetail, e164 } from "../wire/rest/call.ts";
import { detailOf } from "./call-view.ts";
import { json, route, WRITERS, type Route } from "./define-route.ts";
import type { Erasure } from "./ports.ts";

export interface NumberRouteParts {
  readonly store: CallStore;
  readonly erasure: Erasure;
  readonly log: Log;
}

const params = z.strictObject({ e164 });
/** Whole records in one answer; who has more calls asks for them one by one. */
const MOST_EXPORTED = 1000;

export function numberRoutes({ store, erasure, log }: NumberRouteParts): Route[] {
  const callsOf = async (number: string, principal: Principal) =>
    (await store.ofNumber(number)).filter(({ orgId }) => sees(principal, orgId));

  return [
    route(
      {
        method: "get",
        path: "/api/numbers/{e164}/export",
        summary: "Everything that is kept of a phone number",
        description: `The newest ${MOST_EXPORTED} calls, whole.`,
        tag: "numbers",
        access: WRITERS,
        params,
        answers: {
          200: {
            description: "Its calls, newest first.",
            schema: z.strictObject({ number: e164, calls: z.array(callDetail), truncated: z.boolean() }),
          },
        },
      },
      async ({ params: { e164: number }, principal, signal }) => {
        const found = await callsOf(number, principal);
        const calls = [];
        for (const { callId } of found.slice(0, MOST_EXPORTED)) {
          signal.throwIfAborted();
          const record = await store.get(callId);
          if (record) calls.push(detailOf(record));
        }
        log.info("the calls of a number were exported", { by: principal.name, calls: calls.length });
        return json({ number, calls, truncated: found.length > calls.length });
      },
    ),
    route(
      {
        method: "delete",
        path: "/api/numbers/{e164}",
        summary: "Deletes everything that is kept of a phone number",
        description: "Live calls stay until they have ended; `live` says how many.",
        tag: "numbers",
        access: WRITERS,
        params,
        answers: {
          200: {
            description: "How many calls were deleted.",
            schema: z.strictObject({ deleted: z.number().int(), live: z.number().int() }),
          },
        },
      },
      async ({ params: { e164: number }, principal }) => {
        let deleted = 0;
        let live = 0;
        for (const { callId, status } of await callsOf(number, principal)) {
          if (status === "in-progress") live++;
          else if (await erasure.removeCall(callId)) deleted++;
        }
        log.info("the calls of a number were deleted", { by: principal.name, deleted, live });
        return json({ deleted, live });
      },
    ),
  ];
}
