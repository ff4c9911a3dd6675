// Placing a call: whom, for which organization, and why. Whether it may be placed at all is decided where it is dialled.
import { z } from "zod";
import { sees } from "../core/access.ts";
import { DEFAULT_ORG } from "../core/call.ts";
import { Problem } from "../core/problem.ts";
import { metadata } from "../wire/rest/call.ts";
import { ORG_ID } from "../wire/rest/organization.ts";
import { json, route, WRITERS, type Route } from "./define-route.ts";
import type { Organizations, Outbound } from "./ports.ts";

export interface OutboundRouteParts {
  readonly organizations: Pick<Organizations, "get">;
  readonly placeCall: Outbound;
}

const request = z.strictObject({
  to: z.string().trim().min(1).max(40),
  /** Absent: the key's own organization. */
  org_id: z.string().regex(ORG_ID, "must be an organization's id").optional(),
  purpose: z.string().trim().min(1).max(1000).optional(),
  metadata: metadata.optional(),
});

const placed = z.strictObject({ call_id: z.string(), status: z.literal("queued") });

export function outboundRoutes({ organizations, placeCall }: OutboundRouteParts): Route[] {
  return [
    route(
      {
        method: "post",
        path: "/api/calls",
        summary: "Places a call",
        description:
          "`to` in E.164 form. The agent waits for a person, or leaves the organization's message on a machine; `purpose` is told to the agent. Refused: numbers outside of the allowed countries or on the do-not-call list (403), beyond the day's caps (429), without a free line (503). After 504 it is not known whether the call was placed: do not repeat it blindly.",
        tag: "calls",
        access: WRITERS,
        body: request,
        idempotent: true,
        answers: { 202: { description: "The carrier dials; the record tells what becomes of it.", schema: placed } },
      },
      async ({ body, principal }) => {
        const { to, purpose, org_id: orgId = principal.orgId ?? DEFAULT_ORG } = body;
        const isKnown = sees(principal, orgId) && (orgId === DEFAULT_ORG || (await organizations.get(orgId)));
        if (!isKnown) throw new Problem(404, "There is no such organization");
        if (!placeCall) throw new Problem(503, "Calls are not placed here: Twilio is not configured");
        const { callId } = await placeCall({
          to,
          orgId,
          ...(purpose !== undefined && { purpose }),
          ...(body.metadata !== undefined && { metadata: body.metadata }),
        });
        return json({ call_id: callId, status: "queued" }, 202);
      },
    ),
  ];
}
