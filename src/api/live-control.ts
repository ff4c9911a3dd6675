// A hand on a live call, wherever it runs: end it, hand it to a person, say something in it, call for a human.
import { z } from "zod";
import type { Principal } from "../core/access.ts";
import { isReported, type CallRecord } from "../core/call.ts";
import type { CallCommand, ControlCall } from "../core/control.ts";
import { InvalidRequest, Problem } from "../core/problem.ts";
import { e164, escalationView, urgency } from "../wire/rest/call.ts";
import { callParams } from "./calls.ts";
import { viewOfEscalation } from "./call-view.ts";
import { json, route, WRITERS, type Answer, type Route } from "./define-route.ts";
import type { Conversations } from "./conversation.ts";
import type { FindCall } from "./find-call.ts";
import type { BrowserCalls, Contacts } from "./ports.ts";

export interface LiveControlParts {
  readonly conversations: Pick<Conversations, "end">;
  readonly find: FindCall;
  readonly control: ControlCall;
  readonly contacts: Contacts;
  readonly browserCalls: Pick<BrowserCalls, "end" | "escalate">;
}

const taken = z.strictObject({ call_id: z.string(), command: z.string(), status: z.literal("accepted") });
const note = z.string().trim().min(1).max(300);

const command = (name: string, summary: string) =>
  ({
    method: "post",
    path: `/api/calls/{call_id}/${name}`,
    summary,
    tag: "live calls",
    access: WRITERS,
    params: callParams,
  }) as const;
const accepted = { 202: { description: "The instance that holds the call has taken it up.", schema: taken } };

/** @throws Problem 409 when no instance holds the call, 503 when the one that does cannot be reached. */
export async function perform(control: ControlCall, { callId }: CallRecord, what: CallCommand): Promise<void> {
  switch (await control(callId, what)) {
    case "done":
      return;
    case "refused":
      throw new Problem(409, "The call is not in a state for that");
    case "not-live":
      throw new Problem(409, "The call is not live");
    case "unreachable":
      throw new Problem(503, "The instance that holds the call did not answer", { "Retry-After": "2" });
  }
}

export function liveControlRoutes({ find, control, contacts, browserCalls, conversations }: LiveControlParts): Route[] {
  async function live(id: string, principal: Principal): Promise<CallRecord> {
    const record = await find(id, principal);
    if (record.status === "completed") throw new Problem(409, "The call has ended");
    return record;
  }

  function heardHere(record: CallRecord): CallRecord {
    if (isReported(record)) {
      throw new Problem(409, "This call's audio does not come here");
    }
    return record;
  }

  const did = ({ callId }: CallRecord, kind: CallCommand["kind"]): Answer =>
    json({ call_id: callId, command: kind, status: "accepted" }, 202);

  /** Toll fraud begins with a number of one's own choice: it takes an admin of all organizations. */
  async function destination(
    record: CallRecord,
    body: { to?: string | undefined; contact?: string | undefined },
    who: Principal,
  ) {
    const known = await contacts.of(record.orgId);
    const fail = (pointer: string, detail: string): InvalidRequest =>
      new InvalidRequest([{ in: "body", pointer, detail }]);
    if (body.to !== undefined) {
      if ((who.role === "admin" && who.orgId === undefined) || [...known.values()].includes(body.to)) return body.to;
      throw fail("/to", "is not a contact of the organization");
    }
    const number = body.contact === undefined ? [...known.values()][0] : known.get(body.contact);
    if (number !== undefined) return number;
    if (body.contact !== undefined) throw fail("/contact", "is not a contact of the organization");
    throw new Problem(409, "The organization has nobody to hand calls to");
  }

  return [
    route(
      { ...command("end", "Ends a live call"), body: z.strictObject({}), answers: accepted },
      async ({ params, principal, signal }) => {
        const record = await live(params.call_id, principal);
        if (isReported(record)) await browserCalls.end(record.callId, "ended by hand");
        else if (record.channel === "text") await conversations.end(record.callId, principal, signal);
        else await perform(control, record, { kind: "end" });
        return did(record, "end");
      },
    ),
    route(
      {
        ...command("transfer", "Hands a live call to a person"),
        description:
          "`to` (a contact's number; any number for admin keys of all organizations) or `contact` (a contact's name); neither: the first contact.",
        body: z
          .strictObject({
            to: e164.optional(),
            contact: z.string().min(1).max(80).optional(),
            note: note.default("Transferred by hand"),
          })
          .refine((body) => body.to === undefined || body.contact === undefined, {
            path: ["contact"],
            message: "give either to or contact",
          }),
        answers: accepted,
      },
      async ({ params, body, principal }) => {
        const record = heardHere(await live(params.call_id, principal));
        if (record.channel === "browser") throw new Problem(409, "A browser's call cannot be handed to a telephone");
        const to = await destination(record, body, principal);
        await perform(control, record, { kind: "transfer", to, note: body.note });
        return did(record, "transfer");
      },
    ),
    route(
      {
        ...command("say", "Says something in a live call"),
        body: z.strictObject({ text: z.string().trim().min(1).max(600) }),
        answers: accepted,
      },
      async ({ params, body, principal }) => {
        const record = heardHere(await live(params.call_id, principal));
        await perform(control, record, { kind: "say", text: body.text });
        return did(record, "say");
      },
    ),
    route(
      {
        ...command("recording", "Pauses the recording of a live call, or goes on with it"),
        description: "409 where nothing is being recorded, or nothing was paused. A pause is silence of its length.",
        body: z.strictObject({ action: z.enum(["pause", "resume"]) }),
        answers: accepted,
      },
      async ({ params, body, principal }) => {
        const record = heardHere(await live(params.call_id, principal));
        await perform(control, record, { kind: "recording", action: body.action });
        return did(record, "recording");
      },
    ),
    route(
      {
        ...command("escalate", "Calls for a human by hand"),
        description: "What follows is the organization's configuration.",
        body: z.strictObject({ reason: note.default("Escalated by hand"), urgency: urgency.default("high") }),
        answers: {
          ...accepted,
          200: {
            description: "For a browser call: the escalation as it was recorded.",
            schema: z.strictObject({ call_id: z.string(), escalation: escalationView }),
          },
        },
      },
      async ({ params, body, principal }) => {
        const record = await live(params.call_id, principal);
        if (isReported(record)) {
          const escalation = await browserCalls.escalate(record.callId, body.reason, body.urgency);
          return json({ call_id: record.callId, escalation: viewOfEscalation(escalation) });
        }
        await perform(control, record, { kind: "escalate", reason: body.reason, urgency: body.urgency });
        return did(record, "escalate");
      },
    ),
  ];
}
