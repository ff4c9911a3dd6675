// X-Twilio-Signature: is it really our carrier who asks? Judged against the configured address alone; Host and forwarded
// headers are never read, so they can neither help a forger nor trip a good request. See wire/PROTOCOLS.md, "Signatures".
import twilio from "twilio";
import type { Fields } from "../../wire/twilio-webhook.ts";
import type { PhoneAccount } from "./settings.ts";

export interface Signatures {
  /** @param url path and query exactly as requested; @param form the decoded body, empty for GET. */
  webhook(url: string, form: Fields, signature: string | undefined): boolean;
  /** @param path of the WebSocket, without query. */
  upgrade(path: string, signature: string | undefined): boolean;
}

export function createSignatures({ authTokens, webhookUrl, validate }: PhoneAccount): Signatures {
  /** Every token against every form of the address, whichever fits first: the time taken tells a forger nothing. */
  function matches(signature: string | undefined, urls: readonly string[], form: Fields): boolean {
    if (!validate) return true;
    if (!signature) return false;
    let good = false;
    for (const token of authTokens) {
      for (const url of urls) good = isSigned(token, signature, url, form) || good;
    }
    return good;
  }

  const bases = socketBases(webhookUrl);
  return {
    webhook: (url, form, signature) => matches(signature, [webhookUrl + url], form),
    // Twilio signs the address it was given, but has been seen to add a slash.
    upgrade: (path, signature) =>
      matches(
        signature,
        bases.flatMap((base) => [base + path, `${base}${path}/`]),
        {},
      ),
  };
}

function isSigned(token: string, signature: string, url: string, form: Fields): boolean {
  try {
    return twilio.validateRequest(token, signature, url, form);
  } catch {
    return false; // It falls back to parsing the address, which an odd path can make throw.
  }
}

/** The addresses a stream to us can be signed for: wss, and for http (this machine only) ws as well. */
function socketBases(webhookUrl: string): readonly string[] {
  const { protocol, host, port, hostname } = new URL(webhookUrl);
  if (protocol === "http:") return [`ws://${host}`, `wss://${host}`];
  // With the port written out the library tries the address both with and without it; without, it would add :80 to a wss one.
  return [port ? `wss://${host}` : `wss://${hostname}:443`];
}
