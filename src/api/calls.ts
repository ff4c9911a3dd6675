// Call records over HTTP: the newest ones as a list, and one with everything that is known of it.
import express, { type RequestHandler, type Router } from "express";
import { z } from "zod";
import { Problem } from "../core/problem.ts";
import type { CallStore } from "../core/stores.ts";
import { detailOf, summaryOf } from "./call-view.ts";

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^call_[0-9a-z]{1,64}$/, "is not one that this list gave out")
    .optional(),
});

/** `guard` decides who may read. */
export function createCallsRouter({
  store,
  guard,
}: {
  readonly store: CallStore;
  readonly guard: RequestHandler;
}): Router {
  const router = express.Router();
  const allow = (response: RequestHandler): RequestHandler[] => [guard, response];
  const onlyGet: RequestHandler = (request) => {
    throw new Problem(405, `${request.method} is not served here`, { Allow: "GET, HEAD" });
  };

  router
    .route("/api/calls")
    .get(
      allow(async (request, response) => {
        const query = listQuery.safeParse(request.query);
        if (!query.success)
          throw new Problem(
            400,
            query.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "),
          );
        const { limit, cursor } = query.data;
        const found = await store.list({ limit: limit + 1, ...(cursor !== undefined && { before: cursor }) });
        const calls = found.slice(0, limit).map(summaryOf);
        response.json({ calls, next_cursor: found.length > limit ? (calls.at(-1)?.call_id ?? null) : null });
      }),
    )
    .all(onlyGet);
  router
    .route("/api/calls/:id")
    .get(
      allow(async (request, response) => {
        const id = String(request.params.id);
        // Operators have the carrier's id at hand more often than ours.
        const record = (await store.get(id)) ?? (await store.findByCarrierId(id));
        if (!record) throw new Problem(404, "There is no such call");
        response.json(detailOf(record));
      }),
    )
    .all(onlyGet);
  return router;
}
