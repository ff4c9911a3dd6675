// The way from the carrier to this server: is there one, over https and wss, and does what the carrier signs arrive as it was
// signed. What is sent is signed as Twilio's would be, about a call that does not exist, and says nothing.
import twilio from "twilio";
import { VOICE_PATHS } from "../../channels/phone/paths.ts";
import type { PhoneConfig } from "../../config.ts";
import { ask, reasonOf, type Answer } from "./ask.ts";
import { fail, ok, once, skipped, warn, type Check, type Subject, type Verdict } from "./check.ts";
import { lookAtCertificate, lookAtHealth, unreachable } from "./reach.ts";

const ADDRESS = "public-https";
const OFF = "Twilio is not configured";
/** Characters that a proxy which reads forms and writes them anew would write differently. */
const FORM_EXTRA = { From: "+15550000000", CallerName: "Doctor & Söhne (100% ~ +x)" };

export function publicChecks(subject: Subject): readonly Check[] {
  const { config, clock, ca } = subject;
  const { phone } = config;
  const local = localUrl(config.HOST, config.PORT);
  const health = once(() => ask({ url: `${phone?.webhookUrl}/health`, ca, signal: AbortSignal.timeout(9000) }));
  const ifOn = (run: (phone: PhoneConfig, signal: AbortSignal) => Promise<Verdict>) => async (signal: AbortSignal) =>
    phone ? run(phone, signal) : skipped(OFF);
  return [
    { id: "server", what: "server here", run: (signal) => lookHere(local, config.PORT, signal) },
    {
      id: ADDRESS,
      what: "public address",
      run: ifOn(async ({ webhookUrl }) => {
        try {
          return lookAtHealth(webhookUrl, await health());
        } catch (error) {
          return unreachable(webhookUrl, error);
        }
      }),
    },
    {
      id: "certificate",
      what: "certificate",
      after: ADDRESS,
      run: ifOn(async () => lookAtCertificate((await health()).certificateEnds, clock.date())),
    },
    {
      id: "signature",
      what: "signatures",
      after: ADDRESS,
      run: ifOn((on, signal) => tryWebhook(on, local, ca, signal)),
    },
    {
      id: "public-wss",
      what: "media stream",
      after: ADDRESS,
      run: ifOn((on, signal) => tryStream(on, local, ca, signal)),
    },
  ];
}

/** Where a server of these settings listens on this machine. */
function localUrl(host: string, port: number): string {
  const near = /^(0\.0\.0\.0|::|)$/.test(host) ? "127.0.0.1" : host;
  return `http://${near.includes(":") ? `[${near}]` : near}:${port}`;
}

async function lookHere(local: string, port: number, signal: AbortSignal): Promise<Verdict> {
  let answer: Answer;
  try {
    answer = await ask({ url: `${local}/health`, signal });
  } catch (error) {
    return skipped(`none answers at ${local} (${reasonOf(error)}): the rest is looked at without it`);
  }
  if (/"draining"/.test(answer.body)) return warn(`draining at ${local}: it takes no new calls`, "start it again");
  if (answer.status === 200 && /"healthy"/.test(answer.body)) return ok(`healthy at ${local}`);
  return warn(
    `something else answers at ${local} (${answer.status})`,
    `stop it, or choose another port than ${port} with PORT`,
  );
}

interface Attempt {
  readonly signed: Answer;
  readonly unsigned: Answer;
}

async function tryWebhook(
  phone: PhoneConfig,
  local: string,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  const path = VOICE_PATHS.streamStatus;
  const form = { AccountSid: phone.accountSid, CallSid: `CA${"0".repeat(32)}`, StreamEvent: "doctor", ...FORM_EXTRA };
  const signature = twilio.getExpectedTwilioSignature(phone.authTokens[0] ?? "", phone.webhookUrl + path, form);
  const post = (origin: string, extra: Readonly<Record<string, string>>): Promise<Answer> =>
    ask({
      url: origin + path,
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", ...extra },
      body: new URLSearchParams(form).toString(),
      ca,
      signal,
    });
  const header = { "X-Twilio-Signature": signature };
  const tried = await pair(post(phone.webhookUrl, header), post(phone.webhookUrl, {}));
  const { status } = tried.signed;
  if (status === 204) return judgeUnsigned(phone, tried, `signed requests arrive at ${path} as they were signed`);
  if (status === 403) return refused(tried, "a signed request", () => post(local, header));
  return fail(`${phone.webhookUrl}${path} answered a signed request with ${status}`, mendStatus(tried.signed));
}

async function tryStream(
  phone: PhoneConfig,
  local: string,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  const path = VOICE_PATHS.stream;
  const url = phone.webhookUrl.replace(/^http/, "ws") + path;
  const signature = twilio.getExpectedTwilioSignature(phone.authTokens[0] ?? "", url, {});
  const header = { "X-Twilio-Signature": signature };
  const open = (to: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
    ask({ url: to, upgrade: true, headers, ca, signal });
  const tried = await pair(open(url, header), open(url, {}));
  const { status } = tried.signed;
  if (status === 101) return judgeUnsigned(phone, tried, `${url} opens for signed upgrades`);
  if (status === 403) return refused(tried, "a signed upgrade", () => open(local + path, header));
  const how =
    status === 426 || status === 400 || status === 200
      ? "let the proxy pass WebSocket upgrades on (docs/deploy.md has examples)"
      : mendStatus(tried.signed);
  return fail(`${url} answered an upgrade with ${status}: no sound could flow`, how);
}

async function pair(signed: Promise<Answer>, unsigned: Promise<Answer>): Promise<Attempt> {
  const [first, second] = await Promise.all([signed, unsigned]);
  return { signed: first, unsigned: second };
}

function judgeUnsigned({ validate }: PhoneConfig, { unsigned }: Attempt, good: string): Verdict {
  if (unsigned.status === 403) return ok(`${good}, unsigned ones are refused`);
  if (!validate) return warn(`${good}, but so do unsigned ones (TWILIO_VALIDATE=false)`, "unset TWILIO_VALIDATE");
  const found = `an unsigned one was answered ${unsigned.status} instead of 403`;
  return fail(found, "is that server running with TWILIO_VALIDATE=false, or with other settings than these?");
}

/** The server took the signature for a bad one: asked past the proxy it tells whose fault that is. */
async function refused({ signed }: Attempt, what: string, direct: () => Promise<Answer>): Promise<Verdict> {
  if (!/problem\+json/.test(signed.headers["content-type"] ?? ""))
    return fail(
      `${what} was refused (403), but not by this program`,
      "does a firewall or a login page stand before it?",
    );
  if (signed.body.includes("is not signed"))
    return fail(`${what} arrives without its signature`, "let the proxy pass on the header X-Twilio-Signature");
  const here = await direct().catch(() => undefined);
  if (here && here.status < 300)
    return fail(
      `${what} is good at the server itself, but not through the public address`,
      "the proxy rewrites path, query or body, or drops X-Twilio-Signature: let it pass them on as they come",
    );
  const mend =
    here?.status === 403
      ? "start the server with the very settings that are checked here"
      : "does it run with these TWILIO_AUTH_TOKEN and WEBHOOK_URL, and does the proxy leave path, query and body alone?";
  return fail(`${what} is refused as badly signed (403)`, mend);
}

function mendStatus({ status, headers }: Answer): string {
  if (status === 404) return "does the proxy leave the path alone, and does the server run with Twilio configured?";
  if (status >= 300 && status < 400)
    return `it redirects to ${headers.location ?? "elsewhere"}: WEBHOOK_URL has to be the address that answers itself`;
  if (status === 401) return "something before the server asks for a login: leave /voice and /media-stream out of it";
  if (status >= 500) return "is the server running, and does the proxy lead to it?";
  return "what answers there is something else than this server, or something stands between";
}
