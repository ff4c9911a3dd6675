// The Calls resource of the REST fake: places calls to far ends the test supplies, one per second as a new account may,
// and changes or ends calls that are live. It checks parameters as Twilio does and leaves HTTP to its server.
import type { FarEnd, StatusEvent } from "./call-options.ts";
import { methodOf, type Next } from "./leg.ts";
import { callJson, type CallRecord, type CallRegistry } from "./registry.ts";
import { notFound, RestError, type Form } from "./rest.ts";
import type { Chance } from "./sids.ts";
import type { CallPlan, Connect, Connected, LiveCall } from "./sim-call.ts";
import type { Route, Target } from "./webhook-request.ts";

export interface CallsResource {
  create(form: Form): Record<string, unknown>;
  update(callSid: string, form: Form, path: string): Record<string, unknown>;
  fetch(callSid: string, path: string): Record<string, unknown>;
  list(query: URLSearchParams): Record<string, unknown>[];
}

export interface CallsOptions {
  accountSid: string;
  registry: CallRegistry;
  chance: Chance;
  route: Route;
  /** Calls that may be dialled per second of call time. */
  callsPerSecond: number;
  owns: (number: string) => boolean;
  farEnd: (call: { callSid: string; from: string; to: string }) => FarEnd;
  place: (plan: CallPlan) => LiveCall;
}

const MAX_TWIML_CHARACTERS = 4000;
const EVENTS: readonly StatusEvent[] = ["initiated", "ringing", "answered", "completed"];
const DIALLABLE = /^(\+[1-9]\d{1,14}|sip:.+|client:.+)$/;

export function createCallsResource(options: CallsOptions): CallsResource {
  const { accountSid, registry, chance } = options;
  let nextDialAt = 0;

  /** Waits for the call's turn, rings, and lets the far end do what it does. */
  const connectTo =
    (farEnd: FarEnd, form: Form): Connect =>
    async (call) => {
      const now = Date.now();
      const turn = Math.max(now, nextDialAt);
      const { speed = 1 } = farEnd;
      nextDialAt = turn + 1000 / options.callsPerSecond / speed;
      if (!(await call.wait((turn - now) * speed))) return { outcome: "canceled" };
      call.progress("initiated");
      call.progress("ringing");
      const timeoutMs = Math.min(600, Number(form.get("Timeout") ?? 60) || 60) * 1000;
      const ringMs = farEnd.outcome === "no-answer" ? Infinity : (farEnd.ringMs ?? 1000);
      if (!(await call.wait(Math.min(ringMs, timeoutMs)))) return { outcome: "canceled" };
      if (ringMs > timeoutMs) return { outcome: "no-answer" };
      if (farEnd.outcome !== "answered") return { outcome: farEnd.outcome };
      call.answer();
      return detect(call, farEnd, form);
    };

  return {
    create(form) {
      const to = form.get("To") ?? "";
      const from = form.get("From") ?? "";
      if (to === "") throw new RestError(400, 21201, "No 'To' number is specified");
      if (!DIALLABLE.test(to))
        throw new RestError(400, 21211, `The phone number you are attempting to call, ${to}, is not valid.`);
      if (from === "") throw new RestError(400, 21213, "'From' number is required");
      if (!options.owns(from)) {
        const why = `The source phone number provided, ${from}, is not yet verified for your account.`;
        throw new RestError(400, 21210, why);
      }
      const first = documentOf(form, "voice");
      if (!first) throw new RestError(400, 21205, "Url parameter is required");
      const callSid = chance.sid("CA");
      const farEnd = options.farEnd({ callSid, from, to });
      const fallback = form.get("FallbackUrl");
      const call = options.place({
        ...farEnd,
        identity: { callSid, accountSid, from, to, direction: "outbound-api" },
        route: options.route,
        caller: farEnd.caller ?? [],
        first,
        fallback: fallback === undefined ? undefined : { url: fallback, method: methodOf(form.get("FallbackMethod")) },
        statusCallback: statusCallbackOf(form),
        extraParams: {},
        connect: connectTo(farEnd, form),
        ringMs: 0,
      });
      return callJson(recordOf(registry, call.callSid));
    },

    update(callSid, form, path) {
      const record = registry.get(callSid);
      if (!record) throw notFound(path);
      const call = record.handle;
      const status = form.get("Status");
      const next = documentOf(form, "update");
      if (status === undefined && !next) throw new RestError(400, 21218, "Invalid ApplicationSid");
      if (!call || call.ended()) throw new RestError(400, 21220, "Call is not in-progress. Cannot redirect.");
      const ringing = call.status() !== "in-progress";
      if (status !== undefined) {
        if (status !== "completed" && status !== "canceled")
          throw new RestError(400, 21219, `Status ${status} is not valid`);
        if (status === "canceled" && !ringing) throw new RestError(400, 21220, "Call is in-progress. Cannot cancel.");
        call.end("rest");
      } else if (next) {
        if (ringing) throw new RestError(400, 21220, "Call is not in-progress. Cannot redirect.");
        call.replace(next);
      }
      return callJson(record);
    },

    fetch(callSid, path) {
      const record = registry.get(callSid);
      if (!record) throw notFound(path);
      return callJson(record);
    },

    list(query) {
      const matches = (name: string, value: string) => (query.get(name) ?? value) === value;
      return registry
        .list()
        .filter(
          ({ identity, status }) =>
            matches("To", identity.to) && matches("From", identity.from) && matches("Status", status()),
        )
        .map(callJson);
    },
  };
}

function recordOf(registry: CallRegistry, callSid: string): CallRecord {
  const record = registry.get(callSid);
  if (!record) throw new Error(`call ${callSid} was not registered`);
  return record;
}

/** Url or Twiml of a form; Url wins, as it does at Twilio. @throws RestError */
function documentOf(form: Form, purpose: "voice" | "update"): Next | undefined {
  const url = form.get("Url");
  const xml = form.get("Twiml");
  if (form.has("ApplicationSid")) throw new RestError(400, 21218, "The simulation has no TwiML applications");
  if (url !== undefined)
    return { from: "request", purpose, target: { url: webUrl(url), method: methodOf(form.get("Method")) }, extra: {} };
  if (xml === undefined) return undefined;
  if (xml.length > MAX_TWIML_CHARACTERS)
    throw new RestError(400, 21623, `Twiml is longer than ${MAX_TWIML_CHARACTERS} characters`);
  return { from: "text", xml };
}

function webUrl(url: string): string {
  if (/^https?:/i.test(url) && URL.canParse(url)) return url;
  throw new RestError(400, 21205, `Url is not a valid URL: ${url}`);
}

function statusCallbackOf(form: Form): CallPlan["statusCallback"] {
  const url = form.get("StatusCallback");
  if (url === undefined) return undefined;
  const wanted = form.get("StatusCallbackEvent")?.split(/\s+/) ?? ["completed"];
  const target: Target = { url: webUrl(url), method: methodOf(form.get("StatusCallbackMethod")) };
  return { target, events: EVENTS.filter((event) => wanted.includes(event)) };
}

/** Answering machine detection, when the form asks for it: TwiML waits for it unless it is asynchronous. */
async function detect(
  call: LiveCall,
  { answeredBy = "human", detectionMs = 3000 }: FarEnd,
  form: Form,
): Promise<Connected> {
  const mode = form.get("MachineDetection");
  if (mode !== "Enable" && mode !== "DetectMessageEnd") return { outcome: "answered" };
  const extra = { AnsweredBy: answeredBy, MachineDetectionDuration: String(Math.round(detectionMs)) };
  const callback = form.get("AsyncAmdStatusCallback");
  if (form.get("AsyncAmd") === "true") {
    const target = { url: callback ?? "", method: methodOf(form.get("AsyncAmdStatusCallbackMethod")) };
    if (callback !== undefined)
      void call.wait(detectionMs).then((elapsed) => elapsed && call.tell("amd", target, extra));
    return { outcome: "answered" };
  }
  return (await call.wait(detectionMs)) ? { outcome: "answered", extra } : { outcome: "canceled" };
}
