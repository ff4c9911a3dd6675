// Risky runs of tools that wait for a word from outside of the conversation, and that word.
import { z } from "zod";
import { seesConfirmation, type Confirmation, type Confirmations } from "../core/confirmation.ts";
import { Problem } from "../core/problem.ts";
import { ORG_ID } from "../wire/rest/organization.ts";
import { json, READERS, route, WRITERS, type Route } from "./define-route.ts";

export const confirmationView = z.strictObject({
  confirmation_id: z.string(),
  call_id: z.string(),
  org_id: z.string(),
  user: z.string().nullable(),
  tool: z.string(),
  /** Exactly what will be run. */
  arguments: z.unknown(),
  status: z.enum(["pending", "approved", "denied", "expired", "ended", "used"]),
  asked_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  decided_by: z.string().nullable(),
});

const viewOf = (one: Confirmation): z.output<typeof confirmationView> => ({
  confirmation_id: one.id,
  call_id: one.callId,
  org_id: one.orgId,
  user: one.userId ?? null,
  tool: one.tool,
  arguments: one.arguments,
  status: one.status,
  asked_at: one.askedAt,
  expires_at: one.expiresAt,
  decided_by: one.decidedBy ?? null,
});

const tooLate = ({ status }: Confirmation): string =>
  status === "ended" ? "The call is over: nothing is run in it any more" : `It is settled already: ${status}`;

export function confirmationRoutes({ confirmations }: { readonly confirmations: Confirmations }): Route[] {
  return [
    route(
      {
        method: "get",
        path: "/api/confirmations",
        summary: "What waits for a confirmation",
        description:
          "Risky runs of tools that an agent was asked for and that nobody decided on yet, oldest first: all of the organization for keys that may change things in it, those of its own user for a key of the role read. `GET /api/live` and `GET /api/calls/{call_id}/events` tell of each as `confirmation`, and again when it is settled or has expired.",
        tag: "confirmations",
        access: READERS,
        query: z.strictObject({
          org_id: z.string().regex(ORG_ID, "must be an organization's id").optional(),
          call_id: z.string().max(128).optional(),
        }),
        answers: {
          200: {
            description: "Those that this key may see.",
            schema: z.strictObject({ confirmations: z.array(confirmationView) }),
          },
        },
      },
      async ({ query, principal }) => {
        const { org_id: org, call_id: call } = query;
        const mine = (await confirmations.pending()).filter(
          (one) =>
            seesConfirmation(principal, one) &&
            (org === undefined || org === one.orgId) &&
            (call === undefined || call === one.callId),
        );
        return json({ confirmations: mine.map(viewOf) });
      },
    ),
    route(
      {
        method: "post",
        path: "/api/confirmations/{confirmation_id}",
        summary: "Approves or denies a risky run",
        description:
          "An approval holds for one run with exactly these arguments, in this call. 409 when it was settled before, nobody decided in time, or the call is over: then nothing is run.",
        tag: "confirmations",
        access: WRITERS,
        params: z.object({ confirmation_id: z.string().regex(/^conf_[\w-]{1,100}$/) }),
        body: z.strictObject({ decision: z.enum(["approve", "deny"]) }),
        answers: { 200: { description: "As it is settled now.", schema: confirmationView } },
      },
      async ({ params, body, principal }) => {
        const decided = await confirmations.decide(params.confirmation_id, body.decision, principal.name, (one) =>
          seesConfirmation(principal, one),
        );
        if (!decided) throw new Problem(404, "There is no such confirmation");
        if (decided.kind === "late") throw new Problem(409, tooLate(decided.confirmation));
        return json(viewOf(decided.confirmation));
      },
    ),
  ];
}
