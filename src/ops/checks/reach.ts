// What the first answer of the public address, and its certificate, say. Pure.
import { reasonOf, type Answer } from "./ask.ts";
import { fail, ok, skipped, warn, type Verdict } from "./check.ts";

const DAY_MS = 86_400_000;
/** Days; certificates of today live for weeks and are renewed a month before their end. */
const RENEW_DAYS = 14;

const UNTRUSTED = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

export function lookAtHealth(webhookUrl: string, { status, headers, body }: Answer): Verdict {
  const ours = /^\s*\{\s*"status"\s*:\s*"(healthy|draining)"/.exec(body)?.[1];
  if (status >= 300 && status < 400)
    return fail(
      `${webhookUrl} redirects to ${headers.location ?? "elsewhere"}`,
      "set WEBHOOK_URL to the address that answers itself: signatures are made for it",
    );
  if (status >= 502 && status <= 504)
    return fail(
      `${webhookUrl} answers ${status}: a proxy without a server behind it`,
      "start the server, or lead the proxy to it",
    );
  if (ours === undefined)
    return fail(
      `what answers at ${webhookUrl}/health is not this program (${status})`,
      "lead that address to this server",
    );
  if (ours === "draining") return warn(`${webhookUrl} is draining: it takes no new calls`, "start the server again");
  if (webhookUrl.startsWith("http:"))
    return warn(
      `${webhookUrl} answers, on this machine alone: Twilio cannot reach it`,
      "npm run tunnel opens an address that it can",
    );
  return ok(`${webhookUrl} answers`);
}

export function unreachable(webhookUrl: string, error: unknown): Verdict {
  const why = reasonOf(error);
  const { host } = new URL(webhookUrl);
  if (UNTRUSTED.has(why))
    return fail(
      `the certificate of ${host} is not trusted (${why})`,
      "use one of a public authority, with its intermediate certificates (the full chain)",
    );
  if (why === "CERT_HAS_EXPIRED") return fail(`the certificate of ${host} has expired`, "renew it");
  if (why === "ERR_TLS_CERT_ALTNAME_INVALID")
    return fail(`the certificate of ${host} is for another name`, "get one for the name in WEBHOOK_URL");
  if (why === "ENOTFOUND" || why === "EAI_AGAIN")
    return fail(`the name of ${host} is not known to the name service`, "mend WEBHOOK_URL, or the name's record");
  if (why === "ECONNREFUSED")
    return fail(`nobody listens at ${host}`, "start the server (npm start) and what stands before it, then ask again");
  return fail(
    `${webhookUrl} cannot be reached from here (${why})`,
    "check firewall and proxy; a machine behind NAT may not see itself",
  );
}

export function lookAtCertificate(ends: Date | undefined, now: Date): Verdict {
  if (ends === undefined) return skipped("there is none over http");
  const days = Math.floor((ends.getTime() - now.getTime()) / DAY_MS);
  const found = `good until ${ends.toISOString().slice(0, 10)}, for ${days} days`;
  return days < RENEW_DAYS ? warn(found, "see why it has not been renewed yet") : ok(found);
}
