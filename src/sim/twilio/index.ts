// A phone network that is not there: places signed calls against a webhook, follows the TwiML it answers, streams audio
// both ways in real time and answers the REST API. It is as strict as Twilio; what it lets through, Twilio would.
import type { CallResult } from "./result.ts";
import { setMaxListeners } from "node:events";
import { createCall } from "./call.ts";
import type { CallOptions, FarEnd } from "./call-options.ts";
import { resolveUrl, type Speak } from "./leg.ts";
import { createNumberBook, type NumberBook, type NumberSetting } from "./numbers.ts";
import { createCallRegistry, type CallRegistry } from "./registry.ts";
import { createCallsResource } from "./rest-calls.ts";
import { startRest, type RestServer } from "./rest.ts";
import { createChance } from "./sids.ts";
import type { CallPlan, LiveCall, Network, SimCall } from "./sim-call.ts";
import type { MediaStream } from "./stream.ts";
import type { TimelineEntry } from "./timeline.ts";
import type { Route, Target } from "./webhook-request.ts";

export type { CallOptions, DialOutcome, FarEnd, LineOptions, StatusEvent } from "./call-options.ts";
export type { CallerScript, CallerStep } from "./caller.ts";
export type { CallFaults, FrameFaults } from "./faults.ts";
export { APPLICATION_ERROR } from "./flow.ts";
export type { EndedBy, Speak } from "./leg.ts";
export { entriesOf, toStereoWav, type CallResult } from "./result.ts";
export type { SimCall } from "./sim-call.ts";
export type { StreamReport } from "./stream-report.ts";
export type { CallEvent, EntryOf, EventKind, TimelineEntry } from "./timeline.ts";

export interface TwilioSimOptions {
  accountSid: string;
  authToken: string;
  /** Port of the REST fake on 127.0.0.1; a free one unless told. */
  port?: number;
  /** Makes identifiers, noise and faults repeatable. */
  seed?: number;
  /** Numbers the account owns, with their settings (REST names) if any. */
  numbers?: (string | { phoneNumber: string; settings?: Partial<Record<NumberSetting, string>> })[];
  /** Where calls of the REST API and of numbers really go: requests for `publicUrl` are sent to `url`. */
  route?: { publicUrl: string; url: string };
  /** Who answers calls placed over REST; by default a silent person after one second. */
  farEnd?: FarEnd | ((call: { callSid: string; from: string; to: string }) => FarEnd);
  /** Calls per second of call time dialled for the REST API; 1, as a new account has. */
  callsPerSecond?: number;
  /** Renders the text of <Say>; silence of about its length unless told. */
  speak?: Speak;
  /** Told of everything that happens in every call. */
  log?: (callSid: string, entry: TimelineEntry) => void;
}

export interface TwilioSim {
  /** Base of the REST fake, e.g. http://127.0.0.1:4444 (what TWILIO_API_BASE_URL is set to). */
  baseUrl: string;
  numbers: NumberBook;
  calls: CallRegistry;
  /** The REST fake's log and its switches. */
  rest: Pick<RestServer, "requests" | "misbehave">;
  /** What became of a call that was placed over REST, once it is over. */
  outcome(callSid: string): Promise<CallResult> | undefined;
  /** An inbound call. @throws Error when neither a URL nor a number with a voice URL says where it goes. */
  call(options: CallOptions): SimCall;
  /** Ends all calls, cuts what is left open and closes the REST fake. */
  close(): Promise<void>;
}

const SILENT_PERSON: FarEnd = { outcome: "answered" };

/** @throws Error when the port is taken. */
export async function startTwilioSim(options: TwilioSimOptions): Promise<TwilioSim> {
  const { accountSid, authToken, farEnd = SILENT_PERSON } = options;
  const chance = createChance(options.seed);
  const numbers = createNumberBook(chance);
  const calls = createCallRegistry();
  const closing = new AbortController();
  // As many requests as there are calls listen to it.
  setMaxListeners(0, closing.signal);
  const running = new Map<LiveCall, Promise<unknown>>();
  const defaultRoute = routeOf(options.route?.url ?? "", options.route?.publicUrl);
  for (const one of options.numbers ?? []) {
    if (typeof one === "string") numbers.add(one);
    else numbers.add(one.phoneNumber, one.settings);
  }

  const network: Network = {
    authToken,
    chance,
    speak: options.speak,
    log: options.log,
    closing: closing.signal,
    owns: (number) => numbers.find(number) !== undefined,
    register: (call) => calls.addDialled(call),
    streams: new Set<MediaStream>(),
  };

  const place = (plan: CallPlan): LiveCall => {
    const call = createCall(network, plan);
    calls.add(call);
    const settled = call.done.catch(() => undefined).finally(() => running.delete(call));
    running.set(call, settled);
    return call;
  };

  const outcomes = new Map<string, Promise<CallResult>>();

  const rest = await startRest({
    accountSid,
    authToken,
    numbers,
    port: options.port ?? 0,
    calls: createCallsResource({
      accountSid,
      registry: calls,
      chance,
      route: defaultRoute,
      owns: network.owns,
      place(plan) {
        const call = place(plan);
        outcomes.set(call.callSid, call.done);
        return call;
      },
      callsPerSecond: options.callsPerSecond ?? 1,
      farEnd: (call) => (typeof farEnd === "function" ? farEnd(call) : farEnd),
    }),
  });

  return {
    baseUrl: rest.baseUrl,
    numbers,
    calls,
    outcome: (callSid) => outcomes.get(callSid),
    rest: { requests: rest.requests, misbehave: (how, times) => rest.misbehave(how, times) },
    call(call) {
      const destination = call.url === undefined ? ofNumber(numbers, call.to, defaultRoute) : ofOptions(call, call.url);
      const callSid = call.callSid ?? chance.sid("CA");
      const { voice, fallback, status, route } = destination;
      return place({
        ...call,
        identity: { callSid, accountSid, from: call.from, to: call.to, direction: "inbound" },
        route,
        first: { from: "request", purpose: "voice", target: voice, extra: {} },
        fallback,
        statusCallback: status && { target: status, events: call.statusCallbackEvents ?? ["completed"] },
        extraParams: call.extraParams ?? {},
        ringMs: call.ringMs ?? 0,
      });
    },
    async close() {
      closing.abort();
      for (const call of running.keys()) call.end("simulation-closed");
      for (const stream of network.streams) stream.abort();
      await Promise.all(running.values());
      await rest.close();
    },
  };
}

interface Destination {
  route: Route;
  voice: Target;
  fallback: Target | undefined;
  status: Target | undefined;
}

function routeOf(url: string, publicUrl = url): Route {
  return { publicOrigin: publicUrl.replace(/\/+$/, ""), realOrigin: url.replace(/\/+$/, "") };
}

function ofOptions(call: CallOptions, url: string): Destination {
  const route = routeOf(url, call.publicUrl);
  const target = (value: string | undefined, method: Target["method"] = "POST") =>
    value === undefined ? undefined : { url: resolveUrl(value, `${route.publicOrigin}/`), method };
  return {
    route,
    voice: { url: route.publicOrigin + (call.voicePath ?? "/voice"), method: call.method ?? "POST" },
    fallback: target(call.fallbackUrl, call.fallbackMethod),
    status: target(call.statusCallback, call.statusCallbackMethod),
  };
}

/** Where a number of the account sends its calls. */
function ofNumber(numbers: NumberBook, to: string, route: Route): Destination {
  const settings = numbers.find(to)?.settings;
  if (!settings?.VoiceUrl) throw new Error(`no url was given, and the simulation has no number ${to} with a voice URL`);
  if (settings.VoiceApplicationSid || settings.TrunkSid) {
    throw new Error(`${to} is bound to an application or a trunk, so its voice URL is not used`);
  }
  const target = (url: string, method: string): Target | undefined =>
    url === "" ? undefined : { url, method: method.toUpperCase() === "GET" ? "GET" : "POST" };
  return {
    route,
    voice: { url: settings.VoiceUrl, method: settings.VoiceMethod.toUpperCase() === "GET" ? "GET" : "POST" },
    fallback: target(settings.VoiceFallbackUrl, settings.VoiceFallbackMethod),
    status: target(settings.StatusCallback, settings.StatusCallbackMethod),
  };
}
