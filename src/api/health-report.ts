// What `npm run doctor` would say of this server, for its operators. It asks other servers, names settings and costs time: not for
// everybody, and not at every look.
import { z } from "zod";
import { Problem } from "../core/problem.ts";
import { allows, json, route, type Route } from "./define-route.ts";
import type { HealthReport } from "./ports.ts";

const report = z.strictObject({
  at: z.iso.datetime(),
  /** False: the time was over before every check had answered. */
  complete: z.boolean(),
  checks: z.array(
    z.strictObject({
      id: z.string(),
      what: z.string(),
      status: z.enum(["ok", "warn", "fail", "skipped"]),
      found: z.string(),
      mend: z.string().optional(),
      details: z.array(z.string()).optional(),
      ms: z.number(),
    }),
  ),
});

export function healthReportRoutes({ healthReport }: { readonly healthReport: () => Promise<HealthReport> }): Route[] {
  return [
    route(
      {
        method: "get",
        path: "/api/health-report",
        summary: "What the doctor says of this server",
        description: "At most half a minute old. For admin keys of all organizations.",
        tag: "operations",
        access: allows("admin"),
        answers: { 200: { description: "One result for each check.", schema: report } },
      },
      async ({ principal }) => {
        if (principal.orgId !== undefined)
          throw new Problem(403, "This is about the whole server: it takes an admin key of all organizations");
        return json(await healthReport());
      },
    ),
  ];
}
