// What is kept of one phone number: given out, and deleted.
import { z } from "zod";
import { sees, type Principal } from "../core/access.ts";
import { userOfNumber } from "../core/caller-user.ts";
import { MOST_MEMORIES, type Memories, type MemoryOwner } from "../core/memory.ts";
import type { Log } from "../core/observe.ts";
import type { CallRecord } from "../core/call.ts";
import type { CallStore } from "../core/stores.ts";
import { callDetail, e164 } from "../wire/rest/call.ts";
import { detailOf } from "./call-view.ts";
import { pages } from "./calls.ts";
import { json, route, WRITERS, type Route } from "./define-route.ts";
import { exportedMemory, exportOf } from "./memory-view.ts";
import type { Erasure } from "./ports.ts";

export interface NumberRouteParts {
  readonly store: CallStore;
  readonly erasure: Erasure;
  readonly memories: Memories;
  readonly log: Log;
}

const params = z.strictObject({ e164 });
/** Whole records in one answer; a number with more calls is read on from the cursor. */
const MOST_EXPORTED = 1000;
const exportQuery = z.strictObject(pages(MOST_EXPORTED, MOST_EXPORTED));
const exportedCall = z.strictObject({
  ...callDetail.shape,
  /** Path of its sound. */
  recording_url: z.string().nullable(),
});

export function numberRoutes({ store, erasure, memories, log }: NumberRouteParts): Route[] {
  const callsOf = async (number: string, principal: Principal) =>
    (await store.ofNumber(number)).filter(({ orgId }) => sees(principal, orgId));
  /** What is remembered of whoever calls from it, in each organization. */
  const ownersOf = async (number: string, principal: Principal): Promise<MemoryOwner[]> =>
    (await memories.ownersNamed(userOfNumber(number))).filter(({ orgId }) => sees(principal, orgId));

  return [
    route(
      {
        method: "get",
        path: "/api/numbers/{e164}/export",
        summary: "Everything that is kept of a phone number",
        description:
          "Its calls, whole, each with the path of its recording where there is one, and what is remembered of whoever called from it: all of that with the first calls, none where a cursor goes on.",
        tag: "numbers",
        access: WRITERS,
        params,
        query: exportQuery,
        answers: {
          200: {
            description: "Its calls, newest first, the cursor that brings the next ones, or null, and memories.",
            schema: z.strictObject({
              number: e164,
              calls: z.array(exportedCall),
              next_cursor: z.string().nullable(),
              memories: z.array(z.strictObject({ org_id: z.string(), ...exportedMemory.shape })),
            }),
          },
        },
      },
      async ({ params: { e164: number }, query: { limit, cursor }, principal, signal }) => {
        // The cursor's own call may have been deleted meanwhile.
        const found = (await callsOf(number, principal)).filter(
          ({ callId }) => cursor === undefined || callId < cursor,
        );
        const page = found.slice(0, limit);
        const calls = [];
        for (const { callId } of page) {
          signal.throwIfAborted();
          const record = await store.get(callId);
          if (record) calls.push(exportedOf(record));
        }
        const remembered = [];
        for (const owner of cursor === undefined ? await ownersOf(number, principal) : [])
          for (const memory of await memories.list(owner, { limit: MOST_MEMORIES }))
            remembered.push({ org_id: owner.orgId, ...exportOf(memory) });
        log.info("the calls of a number were exported", { by: principal.name, calls: calls.length });
        const next = found.length > page.length ? (page.at(-1)?.callId ?? null) : null;
        return json({ number, calls, next_cursor: next, memories: remembered });
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
            description: "How many calls and memories were deleted.",
            schema: z.strictObject({
              deleted: z.number().int(),
              live: z.number().int(),
              memories: z.number().int(),
            }),
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
        let forgotten = 0;
        for (const owner of await ownersOf(number, principal)) forgotten += await memories.removeAll(owner);
        log.info("the calls of a number were deleted", { by: principal.name, deleted, live, memories: forgotten });
        return json({ deleted, live, memories: forgotten });
      },
    ),
  ];
}

function exportedOf(record: CallRecord): z.infer<typeof exportedCall> {
  return { ...detailOf(record), recording_url: record.recording ? `/api/calls/${record.callId}/recording` : null };
}
