// <Connect><Stream>: checks the noun as Twilio does, opens the stream, joins it to the caller's handset until one side
// ends it, and says where the call goes then. It blocks the document, as the real verb does.
import type { CallFaults } from "./faults.ts";
import type { Handset } from "./handset.ts";
import { actionOf, methodOf, resolveUrl, UrlError, type Leg, type VerbOutcome } from "./leg.ts";
import type { Chance } from "./sids.ts";
import { openStream, StreamFailure } from "./open-stream.ts";
import type { MediaStream, StreamEnd } from "./stream.ts";
import { attachStream, createStreamReport, type Attached, type StreamReport } from "./stream-report.ts";
import type { Element } from "./twiml.ts";
import type { Route, Target } from "./webhook-request.ts";

export interface Connection {
  verb: Element;
  /** URL of the document, which relative ones are seen from. */
  base: string;
  leg: Leg;
  handset: Handset;
  route: Route;
  authToken: string;
  faults: CallFaults;
  chance: Chance;
  connectTimeoutMs: number;
  /** The stream that keys, frames and marks go to; undefined when it is over. */
  attach: (attached: Attached | undefined) => void;
  /** A callback that is sent without anybody waiting for it. */
  callback: (target: Target, params: Record<string, string>) => void;
}

const MAX_PARAMETER_LENGTH = 500;

export async function runConnect(connection: Connection): Promise<VerbOutcome> {
  const { leg, verb, base } = connection;
  const action = actionOf(verb, base);
  const next = action && ({ from: "request", purpose: "action", target: action, extra: {} } as const);
  const [noun] = verb.children;
  if (noun) await runStream(connection, noun);
  else leg.report("warning", 12200, "Schema validation warning", "<Connect> has no noun");
  if (leg.signal().aborted) return { kind: "interrupted", ...(next ? { action: next } : {}) };
  return next ? { kind: "document", next } : { kind: "next" };
}

async function runStream(connection: Connection, noun: Element): Promise<void> {
  const { leg } = connection;
  const streamSid = connection.chance.sid("MZ");
  const tell = teller(connection, noun, streamSid);
  const fail = (code: number, message: string) => {
    leg.report("error", code, "Stream error", message);
    tell("stream-error", { StreamError: String(code) });
  };
  const report = createStreamReport(streamSid);
  let stream: MediaStream;
  try {
    stream = await open(connection, noun, report);
  } catch (error) {
    if (!(error instanceof StreamFailure)) throw error;
    // Nobody is left to be told of a handshake that was called off.
    if (!leg.signal().aborted) fail(error.code, error.message);
    return;
  }
  tell("stream-started");
  const end = await untilEnd(connection, stream);
  report.callerMs = stream.callerMs;
  finish(connection, report, end);
  if (stream.violation !== undefined) {
    fail(31924, stream.violation);
    return;
  }
  if (end.code === 1006 && !leg.signal().aborted) {
    fail(31903, "the connection broke while the stream was active");
    return;
  }
  if (end.by === "server") leg.report("warning", 31921, "Stream - closed by the server", `code ${end.code}`);
  tell("stream-stopped");
}

async function open(connection: Connection, noun: Element, report: StreamReport): Promise<MediaStream> {
  const { leg, handset, faults, route, authToken, chance } = connection;
  const { streamSid } = report;
  const url = streamUrl(noun, connection.base);
  const parameters = readParameters(leg, noun);
  leg.timeline.add({ kind: "stream-connecting", url });
  let attached: Attached | undefined;
  const stream = await openStream({
    identity: { streamSid, callSid: leg.identity.callSid, accountSid: leg.identity.accountSid },
    url,
    route,
    authToken,
    parameters,
    faults,
    chance,
    connectTimeoutMs: connection.connectTimeoutMs,
    signal: leg.signal(),
    nowMs: () => leg.clock.nowMs(),
    // Before the first message can arrive, which may be in the same packet as the handshake's answer.
    onOpen: (opened) => {
      report.startedMs = opened.startedMs;
      attached = attachStream(leg, handset, opened, report, faults.lateMarksMs);
      connection.attach(attached);
      leg.timeline.add({ kind: "stream-started", streamSid, parameters });
    },
    onMessage: (message, bytes) => attached?.receive(message, bytes),
    onFault: (name) => leg.timeline.add({ kind: "fault", name }),
    onCongestion: () => leg.report("warning", 31930, "Stream - inbound audio discarded", "the server does not read"),
  });
  return stream;
}

/** Waits for either side to end the stream; a party that leaves, or a new document, ends it from here. */
async function untilEnd({ leg, faults }: Connection, stream: MediaStream): Promise<StreamEnd> {
  const signal = leg.signal();
  return new Promise((resolve) => {
    const stop = () => {
      void stream.stop();
      // A faulty ending leaves the socket open, and the call goes on without it.
      if (faults.ending?.close === false) resolve({ by: "network", code: 0, reason: "left open" });
    };
    void stream.ended.then((end) => {
      signal.removeEventListener("abort", stop);
      resolve(end);
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** What was still queued is never heard: the queue belongs to the stream. */
function finish({ leg, handset, attach }: Connection, report: StreamReport, end: StreamEnd): void {
  handset.clear();
  report.endedMs = leg.clock.nowMs();
  report.end = end;
  attach(undefined);
  leg.timeline.add({ kind: "stream-ended", streamSid: report.streamSid, ...end });
}

/** Sends the noun's status callbacks, when it asks for them. */
function teller({ leg, callback }: Connection, noun: Element, streamSid: string) {
  const { statusCallback, statusCallbackMethod, name = "" } = noun.attributes;
  const { callSid, accountSid } = leg.identity;
  return (event: "stream-started" | "stream-stopped" | "stream-error", extra: Record<string, string> = {}) => {
    if (statusCallback === undefined) return;
    if (!/^https?:\/\//i.test(statusCallback)) {
      leg.report("warning", 31922, "Stream - the status callback is not an absolute URL", statusCallback);
      return;
    }
    const params = { StreamEvent: event, StreamSid: streamSid, StreamName: name, CallSid: callSid };
    const target: Target = { url: statusCallback, method: methodOf(statusCallbackMethod) };
    callback(target, { ...params, AccountSid: accountSid, Timestamp: new Date().toISOString(), ...extra });
  };
}

/** @throws StreamFailure with Twilio's code when the stream cannot be what the noun asks for. */
function streamUrl(noun: Element, base: string): string {
  const { url = "", track = "inbound_track" } = noun.attributes;
  if (track !== "inbound_track") throw new StreamFailure(31941, `track "${track}" is not allowed under <Connect>`);
  if (url === "" || /\s/.test(url)) throw new StreamFailure(31922, `"${url}" is not a stream URL`);
  const absolute = absoluteUrl(url, base);
  const { protocol, hostname } = new URL(absolute);
  // Twilio knows wss only; the simulation has no certificates, so a loopback address may be plain.
  const loopback = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  if (protocol !== "wss:" && !(protocol === "ws:" && loopback)) {
    throw new StreamFailure(31922, `${absolute} is not a wss address`);
  }
  if (absolute.includes("?"))
    throw new StreamFailure(31920, "a stream URL cannot have a query string; use <Parameter>");
  return absolute;
}

function absoluteUrl(url: string, base: string): string {
  try {
    return resolveUrl(url, base.replace(/^http/, "ws"));
  } catch (error) {
    throw new StreamFailure(31922, error instanceof UrlError ? error.message : String(error));
  }
}

function readParameters(leg: Leg, noun: Element): Record<string, string> {
  const pairs = noun.children.map(({ attributes: { name = "", value = "" } }): [string, string] => [name, value]);
  const kept = pairs.filter(([name, value]) => name !== "" && name.length + value.length <= MAX_PARAMETER_LENGTH);
  if (kept.length < pairs.length) {
    const detail = `a <Parameter> without a name, or of more than ${MAX_PARAMETER_LENGTH} characters, is left out`;
    leg.report("warning", 12200, "Schema validation warning", detail);
  }
  return Object.fromEntries(kept);
}
