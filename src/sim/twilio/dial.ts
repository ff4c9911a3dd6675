// <Dial>: rings the numbers it names, lets the first that answers be briefed (callee.ts), joins it to the caller for as long as
// they talk, and says where the call goes then.
import type { DialOutcome, StatusEvent } from "./call-options.ts";
import { createCallee, type Callee } from "./callee.ts";
import { actionOf, methodOf, resolveUrl, type Leg, type VerbOutcome } from "./leg.ts";
import type { RestCall } from "./registry.ts";
import type { CallIdentity, CallStatus } from "./request-params.ts";
import { createStatusCallbacks } from "./status-callbacks.ts";
import type { RequestPurpose } from "./timeline.ts";
import type { Element } from "./twiml.ts";
import { seconds } from "./verbs.ts";
import type { Answer, Target } from "./webhook-request.ts";

export interface Dialing {
  verb: Element;
  /** URL of the document, which relative ones are seen from. */
  base: string;
  leg: Leg;
  newCallSid: () => string;
  /** True for a number that may be shown as the caller: the account's own, or a party's of this call. */
  mayShow: (callerId: string) => boolean;
  outcomeFor: (number: string) => DialOutcome;
  /** A request about the dialled party's call. @throws RequestFailure */
  request: (
    party: CallIdentity,
    purpose: RequestPurpose,
    target: Target,
    extra: Record<string, string>,
  ) => Promise<Answer>;
  /** A status callback about it, which nobody waits for. */
  callback: (party: CallIdentity, target: Target, extra: Record<string, string>) => void;
  /** A callback of answering machine detection, with these parameters alone. */
  tellDetection: (target: Target, params: Record<string, string>) => void;
  /** The REST API knows the dialled party's call from now on. */
  register: (call: RestCall) => void;
}

/** One number on its way to an answer. */
interface Attempt {
  number: string;
  callee: Callee;
  identity: CallIdentity;
  outcome: DialOutcome;
  ringMs: number;
  tell: (event: StatusEvent, status: CallStatus, durationS?: number) => void;
}

interface Ended {
  status: CallStatus;
  callSid: string;
  durationS: number;
  bridged: boolean;
}

export async function runDial(dialing: Dialing): Promise<VerbOutcome> {
  const { leg, verb, base } = dialing;
  const action = actionOf(verb, base);
  const ended = await dialNumbers(dialing);
  const extra: Record<string, string> = {
    DialCallStatus: ended.status,
    DialBridged: String(ended.bridged),
    ...(ended.callSid === "" ? {} : { DialCallSid: ended.callSid }),
    ...(ended.status === "completed" ? { DialCallDuration: String(ended.durationS) } : {}),
  };
  const next = action && ({ from: "request", purpose: "action", target: action, extra } as const);
  if (leg.signal().aborted) return { kind: "interrupted", ...(next ? { action: next } : {}) };
  return next ? { kind: "document", next } : { kind: "next" };
}

async function dialNumbers(dialing: Dialing): Promise<Ended> {
  const { leg, verb } = dialing;
  const { callerId, timeout, timeLimit, sequential } = verb.attributes;
  const nouns = verb.children.length > 0 ? verb.children : [{ ...verb, name: "Number", attributes: {} }];
  if (callerId !== undefined && !dialing.mayShow(callerId)) {
    leg.report("error", 13214, "Dial: Invalid callerId value", callerId);
    return { status: "failed", callSid: "", durationS: 0, bridged: false };
  }
  const timeoutMs = seconds(timeout, 30);
  const attempts = nouns.map((noun) => attempt(dialing, noun, timeoutMs, callerId ?? leg.identity.from));
  const rounds = sequential === "true" ? attempts.map((one) => [one]) : [attempts];
  let ended: Ended = { status: "no-answer", callSid: "", durationS: 0, bridged: false };
  for (const round of rounds) {
    ended = await ring(dialing, round, seconds(timeLimit, 14_400));
    if (ended.status === "completed" || leg.signal().aborted) break;
  }
  return ended;
}

function attempt(dialing: Dialing, noun: Element, timeoutMs: number, from: string): Attempt {
  const { leg, base } = dialing;
  const outcome = dialing.outcomeFor(noun.text);
  const identity: CallIdentity = {
    callSid: dialing.newCallSid(),
    accountSid: leg.identity.accountSid,
    from,
    to: noun.text,
    direction: "outbound-dial",
    parentCallSid: leg.identity.callSid,
  };
  const { statusCallback, statusCallbackMethod, statusCallbackEvent = "completed" } = noun.attributes;
  const tell = createStatusCallbacks(
    statusCallback === undefined
      ? undefined
      : {
          target: { url: resolveUrl(statusCallback, base), method: methodOf(statusCallbackMethod) },
          events: statusCallbackEvent.split(/\s+/) as StatusEvent[],
        },
    (target, extra) => dialing.callback(identity, target, extra),
  );
  const wanted = outcome.ringMs ?? 1000;
  const inTime = outcome.status !== "no-answer" && wanted <= timeoutMs;
  const callee = createCallee({
    noun,
    base,
    identity,
    outcome,
    leg,
    request: (purpose, target, extra) => dialing.request(identity, purpose, target, extra),
    tellDetection: dialing.tellDetection,
  });
  dialing.register(callee.rest);
  return {
    number: noun.text,
    callee,
    identity,
    tell,
    outcome: inTime ? outcome : { ...outcome, status: "no-answer" },
    ringMs: inTime ? wanted : timeoutMs,
  };
}

/** Rings all at once; the first to answer gets the call and the others are called off. */
async function ring(dialing: Dialing, attempts: Attempt[], limitMs: number): Promise<Ended> {
  const { leg } = dialing;
  for (const { number, identity, tell } of attempts) {
    leg.timeline.add({ kind: "dial", number, callSid: identity.callSid, callerId: identity.from });
    tell("initiated", "initiated");
    tell("ringing", "ringing");
  }
  const byTime = attempts.toSorted((a, b) => a.ringMs - b.ringMs);
  const winner = byTime.find(({ outcome }) => outcome.status === "completed");
  const last = winner ?? byTime.at(-1);
  if (!last) return { status: "failed", callSid: "", durationS: 0, bridged: false };
  const rang = await leg.clock.wait(last.ringMs, last.callee.signal());
  for (const one of attempts) {
    if (one !== winner || !rang)
      done(leg, one, rang && one.ringMs <= last.ringMs ? one.outcome.status : "canceled", 0, false);
  }
  if (!rang) return { status: "canceled", callSid: last.identity.callSid, durationS: 0, bridged: false };
  if (!winner) return { status: last.outcome.status, callSid: last.identity.callSid, durationS: 0, bridged: false };
  return talk(dialing, winner, limitMs);
}

function done(
  leg: Leg,
  { number, tell, callee }: Attempt,
  status: CallStatus,
  durationS: number,
  bridged: boolean,
): void {
  callee.end(status, durationS);
  tell("completed", status, durationS);
  leg.timeline.add({ kind: "dial-ended", number, status, durationS, bridged });
}

async function talk(dialing: Dialing, winner: Attempt, limitMs: number): Promise<Ended> {
  const { leg } = dialing;
  const answeredMs = leg.clock.nowMs();
  const { callee } = winner;
  callee.answer();
  winner.tell("answered", "in-progress");
  const bridged = await callee.brief();
  if (bridged && !leg.signal().aborted) {
    leg.answer();
    const joinedMs = leg.clock.nowMs();
    const { audio, talkMs = Math.max(2000, (audio?.length ?? 0) / 8) } = winner.outcome;
    const ms = Math.min(talkMs, limitMs);
    await leg.hear(audio, ms, callee.signal());
    // The audio may be over before the talk is.
    await leg.clock.wait(Math.max(0, joinedMs + ms - leg.clock.nowMs()), callee.signal());
  }
  const durationS = Math.round((leg.clock.nowMs() - answeredMs) / 1000);
  done(leg, winner, "completed", durationS, bridged);
  return { status: "completed", callSid: winner.identity.callSid, durationS, bridged };
}
