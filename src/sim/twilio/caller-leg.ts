// The leg of the person whose call this is: what documents can do with it, and what can be done to it from outside while
// they run (leave, get another document, press a key). The call around it decides when.
import type { DialOutcome } from "./call-options.ts";
import type { CallClock } from "./clock.ts";
import { runConnect } from "./connect.ts";
import { runDial } from "./dial.ts";
import type { Handset } from "./handset.ts";
import { createKeypad } from "./keys.ts";
import type { Leg, Next, VerbOutcome } from "./leg.ts";
import { requestParams, type CallStatus } from "./request-params.ts";
import type { Chance } from "./sids.ts";
import type { CallPlan, Network } from "./sim-call.ts";
import type { Attached, StreamReport } from "./stream-report.ts";
import type { RequestPurpose, Timeline } from "./timeline.ts";
import { RequestFailure, sendSigned, type Answer, type Target } from "./webhook-request.ts";

export interface CallerLegOptions {
  network: Network;
  plan: CallPlan;
  chance: Chance;
  clock: CallClock;
  timeline: Timeline;
  handset: Handset;
  /** Gets the books of every stream, when it starts. */
  streams: StreamReport[];
  status: () => CallStatus;
  answered: () => boolean;
  answer: () => void;
  reject: (reason: string) => void;
}

export interface CallerLeg extends Leg {
  /** The stream that is up. */
  attached(): Attached | undefined;
  /** The party is gone: nothing further is run. */
  leave(): void;
  /** Another document takes the place of the running one. */
  replace(next: Next): void;
  press(digit: string): void;
  /** A callback with the standard parameters and `extra`, which nobody waits for; failures are noted. */
  tell(purpose: RequestPurpose, target: Target, extra: Record<string, string>): void;
  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void>;
}

/** TwiML may have 64 KiB; audio for <Play> more. */
const MAX_TWIML_BYTES = 64 * 1024;
const MAX_AUDIO_BYTES = 10 * 1024 * 1024;
const WEBHOOK_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_DIAL: DialOutcome = { status: "completed" };

export function createCallerLeg(options: CallerLegOptions): CallerLeg {
  const { network, plan, chance, clock, timeline, handset } = options;
  const { identity, faults = {}, dialOutcome = DEFAULT_DIAL, extraParams } = plan;
  const pending = new Set<Promise<unknown>>();
  let controller = new AbortController();
  let gone = false;
  let replacement: Next | undefined;
  let attached: Attached | undefined;
  const keypad = createKeypad(clock.speed, () => controller.signal);

  const track = (work: Promise<unknown>) => {
    const kept = work.catch(() => undefined).finally(() => pending.delete(kept));
    pending.add(kept);
  };

  const sendOnce = async (purpose: RequestPurpose, target: Target, params: Record<string, string>): Promise<Answer> => {
    const note = { kind: "request", purpose, method: target.method, url: target.url, params } as const;
    try {
      const answer = await sendSigned(target, params, {
        route: plan.route,
        authToken: network.authToken,
        signature: faults.signature ?? "valid",
        host: faults.host,
        timeoutMs: plan.webhookTimeoutMs ?? WEBHOOK_TIMEOUT_MS,
        maxBytes: purpose === "play" ? MAX_AUDIO_BYTES : MAX_TWIML_BYTES,
        signal: network.closing,
      });
      timeline.add({ ...note, status: answer.status, tookMs: answer.tookMs });
      return answer;
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      const status = error.httpStatus === undefined ? {} : { status: error.httpStatus };
      timeline.add({ ...note, ...status, error: `${error.code} ${error.message}`, tookMs: error.tookMs });
      throw error;
    }
  };

  const send = (purpose: RequestPurpose, target: Target, params: Record<string, string>): Promise<Answer> => {
    const first = sendOnce(purpose, target, params);
    const copies = purpose === "play" ? 0 : (faults.duplicateWebhooks ?? 0);
    for (let i = 0; i < copies; i++) track(sendOnce(purpose, target, params));
    return first;
  };

  /** What a verb comes to, less the action of a party that is gone when a fault says so. */
  const outcomeOf = async (work: Promise<VerbOutcome>): Promise<VerbOutcome> => {
    const outcome = await work;
    return outcome.kind === "interrupted" && faults.skipActionAfterHangUp ? { kind: "interrupted" } : outcome;
  };

  const standard = (extra: Record<string, string>) =>
    requestParams(identity, options.status(), { ...extraParams, ...extra });

  const leg: CallerLeg = {
    clock,
    timeline,
    identity,
    fallback: plan.fallback,
    speak: network.speak,
    status: options.status,
    answered: options.answered,
    answer: options.answer,
    reject: options.reject,
    signal: () => controller.signal,
    gone: () => gone,
    attached: () => attached,
    takeReplacement() {
      const next = replacement;
      replacement = undefined;
      if (next) controller = new AbortController();
      return next;
    },
    // Media is fetched without the call's parameters.
    request: (purpose, target, extra) => send(purpose, target, purpose === "play" ? {} : standard(extra)),
    report: (level, code, message, detail = "") => timeline.add({ kind: "debugger", level, code, message, detail }),
    async hear(audio, ms, until) {
      const stop = until ? AbortSignal.any([controller.signal, until]) : controller.signal;
      if (audio && !stop.aborted) handset.play(audio);
      const whole = await clock.wait(audio ? audio.length / 8 : ms, stop);
      if (!whole && audio) handset.clear();
    },
    collectKeys: () => keypad.collect(),
    connect: (verb, base) => {
      const work = runConnect({
        verb,
        base,
        leg,
        handset,
        faults,
        chance,
        route: plan.route,
        authToken: network.authToken,
        connectTimeoutMs: plan.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
        callback: (target, params) => track(send("stream-status", target, params)),
        attach(next) {
          attached = next;
          if (!next) return;
          const { stream, report } = next;
          options.streams.push(report);
          network.streams.add(stream);
          void stream.ended.then(() => network.streams.delete(stream));
        },
      });
      return outcomeOf(work);
    },
    dial: (verb, base) => {
      const work = runDial({
        verb,
        base,
        leg,
        newCallSid: () => chance.sid("CA"),
        mayShow: (number) => network.owns(number) || number === identity.from || number === identity.to,
        outcomeFor: (number) => (typeof dialOutcome === "function" ? dialOutcome(number) : dialOutcome),
        request: (party, purpose, target, extra) => send(purpose, target, requestParams(party, "in-progress", extra)),
        callback: (party, target, extra) =>
          track(send("dial-status", target, requestParams(party, "in-progress", extra))),
        tellDetection: (target, params) => track(send("amd", target, params)),
        register: network.register,
      });
      return outcomeOf(work);
    },
    leave() {
      gone = true;
      controller.abort();
    },
    replace(next) {
      replacement = next;
      controller.abort();
    },
    press(digit) {
      const stream = attached?.stream;
      if (stream?.open) stream.sendDigit(digit);
      const heardBy = stream?.open ? "stream" : keypad.press(digit) ? "gather" : "nobody";
      timeline.add({ kind: "key", digit, heardBy });
    },
    tell: (purpose, target, extra) => track(send(purpose, target, standard(extra))),
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
  return leg;
}
