// What a database's failure means and what to do about it, in words for the person who set it up. Holds no password.
import { AddressError } from "./postgres-address.ts";
import { codeOf, isNetworkCode, messageOf, sqlState } from "./failure.ts";
import { DataDirInUse } from "./lock.ts";

/** Codes of Node's TLS, by what they mean. */
const UNKNOWN_AUTHORITY = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** The database cannot be used, for a reason that only a person can mend; the message is for them. */
export class DatabaseUnusable extends Error {
  constructor(error: unknown, where: string) {
    super(explain(error, where), { cause: error });
    this.name = "DatabaseUnusable";
  }
}

/** @param where host:port/database, as readAddress tells it */
export function explain(error: unknown, where: string): string {
  if (error instanceof AddressError || error instanceof DataDirInUse || error instanceof DatabaseUnusable)
    return error.message;
  const code = codeOf(error);
  const message = messageOf(error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `The name in DATABASE_URL (${where}) is not known to the name service. Is it spelled right? Supabase's direct addresses have IPv6 only: on a machine without it use the pooled one.`;
  if (code === "ECONNREFUSED")
    return `Nobody listens at ${where}. Is the server running, is the port right (PostgreSQL 5432, Supabase's pooler 6543), does it listen on that address?`;
  if (code === "ENETUNREACH" || code === "EHOSTUNREACH")
    return `There is no way to ${where} from here. If the address is IPv6 and this machine has none, use a pooled (IPv4) address.`;
  if (code === "ETIMEDOUT" || /timeout/i.test(message))
    return `${where} does not answer. A firewall, or a list of allowed addresses, may drop what this machine sends.`;
  if (code !== undefined && UNKNOWN_AUTHORITY.has(code))
    return `The certificate of ${where} is signed by an authority this machine does not know. Save the provider's certificate (Supabase: Settings, Database, SSL) and name the file in DATABASE_CA_FILE. ?sslmode=no-verify encrypts without knowing to whom.`;
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return `The certificate of ${where} is not valid today: it has expired, or a clock is wrong.`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `The certificate of ${where} is somebody else's: use the host name it was made for, or ?sslmode=verify-ca if the authority alone is enough for you.`;
  if (/does not support SSL/i.test(message))
    return `The server at ${where} speaks no TLS. On a network you trust add ?sslmode=disable to DATABASE_URL.`;
  if (/SSL|pg_hba/i.test(message) && sqlState(error)?.startsWith("28"))
    return `The server at ${where} does not let this user in from here that way (${message}). If it asks for encryption add ?sslmode=require to DATABASE_URL.`;
  return bySqlState(sqlState(error), message, where) ?? reset(code, where) ?? `It failed: ${message}`;
}

function bySqlState(state: string | undefined, message: string, where: string): string | undefined {
  if (/tenant or user not found/i.test(message))
    return `The pooler at ${where} does not know this user. Behind Supabase's pooler the user is postgres.<project>, and the host is the one of the project's region.`;
  if (state === "28P01" || /password authentication failed/i.test(message))
    return `The password, or the user, is wrong. Special characters in DATABASE_URL have to be written as %XX (@ is %40, # is %23, / is %2F).`;
  if (state?.startsWith("28")) return `The server at ${where} refuses this user: ${message}.`;
  if (state === "3D000" || /no such database/i.test(message))
    return `The server is there, but it has no such database (${where}). Make it (createdb), or mend the name behind the last / of DATABASE_URL.`;
  if (state === "42501")
    return `The user may connect but may not do this (${message}). It has to own its schema: grant usage, create on schema public to it, or make it the database's owner.`;
  if (state?.startsWith("53"))
    return `The server has no room: ${message}. Fewer connections elsewhere, a pooler in front, or more disk will help.`;
  if (state?.startsWith("57P")) return `The server is starting or stopping (${message}). Try again in a moment.`;
  if (state === "25006") return `This is a standby that takes no writes: use the address of the primary.`;
  if (state === "08P01")
    return `What is at ${where} is a pooler that cannot pass this on: ${message}. Does it know the database, and can it reach its server?`;
  return undefined;
}

function reset(code: string | undefined, where: string): string | undefined {
  return isNetworkCode(code) ? `The connection to ${where} broke off (${code}).` : undefined;
}
