// The form parameters Twilio sends with every voice request about a call: the standard set first, then what the occasion
// adds. All values are strings; servers must expect names they have never seen (Twilio adds some without notice).

export type CallStatus =
  "queued" | "initiated" | "ringing" | "in-progress" | "completed" | "busy" | "failed" | "no-answer" | "canceled";

export type Direction = "inbound" | "outbound-api" | "outbound-dial";

export interface CallIdentity {
  callSid: string;
  accountSid: string;
  from: string;
  to: string;
  direction: Direction;
  parentCallSid?: string | undefined;
}

/** Where the numbers of the simulation live, as Twilio's own lookup would say. */
const PLACE = { City: "SPRINGFIELD", State: "IL", Zip: "62701", Country: "US" };

function place(prefix: string, number: string): Record<string, string> {
  // Twilio knows no place for withheld numbers, SIP addresses and clients, and then leaves the values empty.
  const known = /^\+1\d{10}$/.test(number);
  return Object.fromEntries(Object.entries(PLACE).map(([name, value]) => [prefix + name, known ? value : ""]));
}

/** The standard request parameters (protocols: Twilio's request to your voice URL), plus `extra`, which wins. */
export function requestParams(
  call: CallIdentity,
  status: CallStatus,
  extra: Record<string, string> = {},
): Record<string, string> {
  return {
    CallSid: call.callSid,
    AccountSid: call.accountSid,
    From: call.from,
    To: call.to,
    CallStatus: status,
    ApiVersion: "2010-04-01",
    Direction: call.direction,
    Caller: call.from,
    Called: call.to,
    ...place("From", call.from),
    ...place("Caller", call.from),
    ...place("To", call.to),
    ...place("Called", call.to),
    ...(call.parentCallSid === undefined ? {} : { ParentCallSid: call.parentCallSid }),
    ...(call.direction === "inbound" ? { StirVerstat: "TN-Validation-Passed-A", CallToken: callToken(call) } : {}),
    ...extra,
  };
}

/** Twilio's CallToken is an opaque JSON text that lets a new call present this caller's number. */
function callToken(call: CallIdentity): string {
  return JSON.stringify({
    parentCallInfoToken: Buffer.from(call.callSid).toString("base64"),
    identityHeaderTokens: [],
  });
}

/** The time stamp of a callback: RFC 2822, as in "Sat, 21 Nov 2026 03:39:00 +0000". */
export function rfc2822(date: Date): string {
  return date.toUTCString().replace("GMT", "+0000");
}
