// Under which name a caller is remembered: by the number, where the carrier vouches that it is theirs, and never by the number as it
// is written, so that no log line, address or error can show it. The name of a key has no colon: nobody else can be called so.
import { createHash } from "node:crypto";
import type { CallParty } from "./call.ts";

const E164 = /^\+[1-9]\d{6,14}$/;

/** Undefined for callers nobody vouches for, and for calls that we placed: whoever answers may be anybody. */
export function callerUser({ from, attested, direction }: Pick<CallParty, "from" | "attested" | "direction">) {
  return direction === "inbound" && attested === true && E164.test(from) ? userOfNumber(from) : undefined;
}

/** The same for a number, to find and to delete what is remembered of whoever called from it. */
export function userOfNumber(e164: string): string {
  return `caller:${createHash("sha256").update(e164).digest("base64url")}`;
}
