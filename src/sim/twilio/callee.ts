// The other party of a <Dial>: a call of its own that the REST API knows, the documents of <Number url> that run on it before
// it is joined, and answering machine detection. What they do (press, hang up, say nothing, be a machine) is DialOutcome's.
import type { DialOutcome } from "./call-options.ts";
import { runFlow } from "./flow.ts";
import { createKeypad } from "./keys.ts";
import { methodOf, resolveUrl, type Leg, type Next } from "./leg.ts";
import type { RestCall } from "./registry.ts";
import type { CallIdentity, CallStatus } from "./request-params.ts";
import type { RequestPurpose } from "./timeline.ts";
import type { Element } from "./twiml.ts";
import { seconds } from "./verbs.ts";
import type { Answer, Target } from "./webhook-request.ts";

export interface CalleeOptions {
  noun: Element;
  base: string;
  identity: CallIdentity;
  outcome: DialOutcome;
  /** The caller's leg, which the other party depends on. */
  leg: Leg;
  /** @throws RequestFailure */
  request: (purpose: RequestPurpose, target: Target, extra: Record<string, string>) => Promise<Answer>;
  /** Answering machine detection tells its result, which nobody waits for. */
  tellDetection: (target: Target, params: Record<string, string>) => void;
}

export interface Callee {
  /** As the REST API sees it. */
  readonly rest: RestCall;
  /** Aborted when they are gone, or the caller is. */
  signal(): AbortSignal;
  /** They pick up. */
  answer(): void;
  /** Runs the document of <Number url> and detects machines; false when they do not want the call or left. */
  brief(): Promise<boolean>;
  /** Their call is over, with the status it ended in. */
  end(status: CallStatus, durationS: number): void;
}

const DETECTION_MS = 3000;
const DETECTION_TIMEOUT_S = 30;

export function createCallee(options: CalleeOptions): Callee {
  const { noun, base, identity, outcome, leg } = options;
  const left = new AbortController();
  let document = new AbortController();
  let replacement: Next | undefined;
  let status: CallStatus = "ringing";
  let joined = false;
  let settle: (ended: { durationS: number }) => void;
  const done = new Promise<{ durationS: number }>((resolve) => (settle = resolve));
  const signal = (): AbortSignal => AbortSignal.any([leg.signal(), left.signal]);
  const keypad = createKeypad(leg.clock.speed, interrupted);

  /** Aborted when what runs on their leg must stop. */
  function interrupted(): AbortSignal {
    return AbortSignal.any([signal(), document.signal]);
  }

  const own: Leg = {
    clock: leg.clock,
    timeline: leg.timeline,
    identity,
    fallback: undefined,
    speak: leg.speak,
    status: () => status,
    answered: () => true,
    answer: () => undefined,
    signal: interrupted,
    gone: () => leg.gone() || left.signal.aborted,
    takeReplacement() {
      const next = replacement;
      replacement = undefined;
      if (next) document = new AbortController();
      return next;
    },
    request: options.request,
    report: (...line) => leg.report(...line),
    hear: async (audio, ms, until) => {
      const stop = until ? AbortSignal.any([interrupted(), until]) : interrupted();
      await leg.clock.wait(audio ? audio.length / 8 : ms, stop);
    },
    collectKeys: () => presses(keypad.collect()),
  };

  let waiting = outcome.keys ?? "";
  /** The party listens to the prompt and then presses what it will press, a key each time one is waited for. */
  function presses(keys: ReturnType<Leg["collectKeys"]>): ReturnType<Leg["collectKeys"]> {
    const { keyAfterMs = 0 } = outcome;
    return {
      pressed: keys.pressed,
      async next(ms) {
        if (
          waiting !== "" &&
          keyAfterMs < ms &&
          (keyAfterMs === 0 || (await leg.clock.wait(keyAfterMs, interrupted())))
        ) {
          keypad.press(waiting.charAt(0));
          waiting = waiting.slice(1);
        }
        return keys.next(ms);
      },
      close: () => keys.close(),
    };
  }

  /** What detection comes to; undefined when none is asked for. */
  function detection(): { readonly ms: number; readonly params: Record<string, string> } | undefined {
    const { machineDetection, machineDetectionTimeout } = noun.attributes;
    if (machineDetection === undefined) return undefined;
    if (machineDetection !== "Enable" && machineDetection !== "DetectMessageEnd") {
      leg.report("warning", 12200, "Schema validation warning", `machineDetection="${machineDetection}" is not known`);
      return undefined;
    }
    const limitMs = seconds(machineDetectionTimeout, DETECTION_TIMEOUT_S);
    const { answeredBy = "human", detectionMs = DETECTION_MS } = outcome;
    const ms = Math.min(detectionMs, limitMs);
    const found = detectionMs > limitMs ? "unknown" : answeredBy;
    return { ms, params: { AnsweredBy: found, MachineDetectionDuration: String(Math.round(ms)) } };
  }

  /** With a callback it goes on beside the documents; without one they wait for it, and their request tells it. */
  async function detect(): Promise<Record<string, string>> {
    const found = detection();
    if (!found) return {};
    const { amdStatusCallback, amdStatusCallbackMethod } = noun.attributes;
    if (amdStatusCallback === undefined) {
      await leg.clock.wait(found.ms, signal());
      return found.params;
    }
    const target = { url: resolveUrl(amdStatusCallback, base), method: methodOf(amdStatusCallbackMethod) };
    const { callSid: CallSid, accountSid: AccountSid } = identity;
    void leg.clock.wait(found.ms, signal()).then((elapsed) => {
      if (elapsed) options.tellDetection(target, { CallSid, AccountSid, ...found.params });
    });
    return {};
  }

  return {
    rest: {
      callSid: identity.callSid,
      identity,
      status: () => status,
      ended: () => left.signal.aborted || status === "completed",
      // Whoever is taken out of a talk by another document is gone for the caller.
      end: () => left.abort(),
      replace(next) {
        if (joined) return left.abort();
        replacement = next;
        document.abort();
      },
      done,
    },
    signal,
    answer() {
      status = "in-progress";
      const { hangUpAfterMs } = outcome;
      if (hangUpAfterMs === undefined) return;
      void leg.clock.wait(hangUpAfterMs, signal()).then((elapsed) => elapsed && !joined && left.abort());
    },
    async brief() {
      const extra = await detect();
      const { url, method } = noun.attributes;
      if (url !== undefined && !signal().aborted) {
        const first = { url: resolveUrl(url, base), method: methodOf(method) };
        const by = await runFlow(own, { from: "request", purpose: "action", target: first, extra });
        if (by !== "end-of-document") return false;
      }
      joined = !signal().aborted;
      return joined;
    },
    end(how, durationS) {
      status = how;
      left.abort();
      settle({ durationS });
    },
  };
}
