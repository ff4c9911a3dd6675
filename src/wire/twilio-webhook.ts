// The forms Twilio posts to our webhook and callbacks, address by address. All are loose: each is a call with a few fields more, and
// Twilio adds fields without notice. See PROTOCOLS.md, "Twilio".
import { z } from "zod";

// Withheld callers come as "anonymous", "+266696687" and the like; SIP and client callers as addresses.
const party = z.string().max(512).default("");
const word = z.string().max(512).optional();

const call = z.looseObject({
  CallSid: z
    .string()
    .regex(/^[A-Za-z0-9]{1,64}$/, "must be a call's id")
    .describe("The carrier's id of the call."),
  AccountSid: word,
  From: party,
  To: party,
  CallStatus: word,
  Direction: word,
});

// What stands in the address that we gave Twilio; what is not as we gave it says nothing, and is no reason to refuse a call.
const told = word.catch(undefined);
const noQuery = z.looseObject({});
const ours = z.looseObject({ outbound: told.describe("Our id of a call that we placed.") });
const leg = z.looseObject({
  call: told.describe("The carrier's id of the call whose caller is passed on to this human."),
  escalation: told.describe("Our id of the escalation."),
});

/** Our addresses at Twilio: who asks there, with what. These schemas validate a request, type its handler and document it. */
export const TWILIO_WEBHOOKS = {
  incoming: {
    path: "/voice",
    methods: ["POST", "GET"],
    summary: "A call comes in",
    form: call.extend({
      StirVerstat: word.describe("What STIR/SHAKEN says of the caller's number, such as TN-Validation-Passed-A."),
    }),
    query: ours,
    answer: "Opens a media stream, says that all lines are busy, or hangs up.",
    isTwiml: true,
  },
  afterStream: {
    path: "/voice/after-stream",
    methods: ["POST"],
    summary: "The media stream is over",
    form: call.extend({ StreamSid: word }),
    query: noQuery,
    answer: "What happens next.",
    isTwiml: true,
  },
  status: {
    path: "/voice/status",
    methods: ["POST"],
    summary: "The call's status",
    form: call.extend({
      SequenceNumber: z
        .string()
        .regex(/^\d{1,15}$/, "must be a number")
        .optional()
        .describe("The order of the callbacks, which is not the order of arrival."),
      CallDuration: word,
    }),
    query: noQuery,
    answer: "Taken.",
    isTwiml: false,
  },
  streamStatus: {
    path: "/voice/stream-status",
    methods: ["POST"],
    summary: "The media stream's status",
    form: call.extend({
      StreamSid: word,
      StreamEvent: word,
      StreamError: z.string().max(4096).optional(),
      StreamErrorCode: word,
    }),
    query: noQuery,
    answer: "Taken.",
    isTwiml: false,
  },
  afterDial: {
    path: "/voice/after-dial",
    methods: ["POST"],
    summary: "The dialled human's leg is over",
    form: call.extend({
      DialCallStatus: word,
      DialBridged: word.describe("false when the dialled human picked up but was never joined with the caller."),
    }),
    query: noQuery,
    answer: "Back to the agent, or the end.",
    isTwiml: true,
  },
  briefing: {
    path: "/voice/briefing",
    methods: ["POST"],
    summary: "The human picked up",
    form: call.extend({ AnsweredBy: word }),
    query: leg,
    answer: "The briefing, and the question for a key.",
    isTwiml: true,
  },
  briefingAnswer: {
    path: "/voice/briefing-answer",
    methods: ["POST"],
    summary: "The human pressed a key",
    form: call.extend({ Digits: word }),
    query: leg,
    answer: "Joins the two, or not.",
    isTwiml: true,
  },
  amd: {
    path: "/voice/amd",
    methods: ["POST"],
    summary: "Who answered: a person or a machine",
    form: call.extend({ AnsweredBy: word }),
    query: ours.extend(leg.shape),
    answer: "Taken.",
    isTwiml: false,
  },
} as const;

export type WebhookName = keyof typeof TWILIO_WEBHOOKS;
/** What every request tells of the call. */
export type CallForm = z.output<typeof call>;
export type FormOf<Name extends WebhookName> = z.output<(typeof TWILIO_WEBHOOKS)[Name]["form"]>;
export type QueryOf<Name extends WebhookName> = z.output<(typeof TWILIO_WEBHOOKS)[Name]["query"]>;

export type WebhookParsed<Name extends WebhookName> =
  | { readonly ok: true; readonly form: FormOf<Name>; readonly query: QueryOf<Name> }
  | { readonly ok: false; readonly why: string };

/** A form or query string, decoded; a repeated field comes as a list. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

export function parseWebhook<Name extends WebhookName>(name: Name, fields: Fields, query: Fields): WebhookParsed<Name> {
  const webhook = TWILIO_WEBHOOKS[name];
  const form = webhook.form.safeParse(fields);
  const asked = webhook.query.safeParse(query);
  if (form.success && asked.success)
    return { ok: true, form: form.data as FormOf<Name>, query: asked.data as QueryOf<Name> };
  const issue = (form.error ?? asked.error)?.issues[0];
  return { ok: false, why: `${issue?.path.join(".") ?? "form"}: ${issue?.message ?? "is malformed"}` };
}

const TERMINAL = new Set(["completed", "busy", "failed", "no-answer", "canceled"]);

/** True for a CallStatus after which nothing more happens in a call. */
export function isTerminalStatus(status: string | undefined): boolean {
  return status !== undefined && TERMINAL.has(status);
}

const RANKS: ReadonlyMap<string, number> = new Map([
  ["queued", 0],
  ["initiated", 1],
  ["ringing", 2],
  ["answered", 3],
  ["in-progress", 3],
]);

/** How far in its life a call with this status is: only ever rises. -1 for a status we do not know. */
export function statusRank(status: string): number {
  return TERMINAL.has(status) ? 4 : (RANKS.get(status) ?? -1);
}
