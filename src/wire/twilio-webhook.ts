// The forms Twilio posts to our webhook and callbacks. One loose schema for all of them: each callback is a call with a few
// fields more, and Twilio adds fields without notice. See PROTOCOLS.md, "Twilio".
import { z } from "zod";

// Withheld callers come as "anonymous", "+266696687" and the like; SIP and client callers as addresses.
const party = z.string().max(512).default("");
const word = z.string().max(512).optional();

const twilioForm = z.looseObject({
  CallSid: z.string().regex(/^[A-Za-z0-9]{1,64}$/, "must be a call's id"),
  AccountSid: word,
  From: party,
  To: party,
  CallStatus: word,
  Direction: word,
  /** What STIR/SHAKEN says of the caller's number, such as TN-Validation-Passed-A. */
  StirVerstat: word,
  /** Call status callbacks: their order, which is not the order of arrival. */
  SequenceNumber: z
    .string()
    .regex(/^\d{1,15}$/, "must be a number")
    .optional(),
  DialCallStatus: word,
  /** "false" when the dialled human picked up but was never joined with the caller. */
  DialBridged: word,
  Digits: word,
  AnsweredBy: word,
  StreamSid: word,
  StreamEvent: word,
  StreamError: z.string().max(4096).optional(),
  StreamErrorCode: word,
});

export type TwilioForm = z.infer<typeof twilioForm>;

export type TwilioFormParsed =
  { readonly ok: true; readonly form: TwilioForm } | { readonly ok: false; readonly why: string };

/** A form or query string, decoded; a repeated field comes as a list. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

export function parseTwilioForm(fields: Fields): TwilioFormParsed {
  const parsed = twilioForm.safeParse(fields);
  if (parsed.success) return { ok: true, form: parsed.data };
  const issue = parsed.error.issues[0];
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
