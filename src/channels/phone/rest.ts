// What we ask of Twilio's REST API: place a call, end it, have it follow other TwiML. Through the twilio package.
import type { Clock } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import { createTwilioClient } from "./client.ts";
import type { PhoneAccount, PhoneTiming } from "./settings.ts";

export interface CarrierApi {
  /** Ends a call. Best effort: it never rejects, since closing the stream ends the call as well. */
  readonly hangUp: (carrierId: string) => Promise<void>;
  /** Replaces what the call is doing; its stream ends. @throws CarrierError when Twilio did not take it. */
  readonly redirect: (carrierId: string, twiml: string) => Promise<void>;
  /** Places a call, once, and returns its CallSid. @throws CarrierError; after "timeout" it may have been placed all the same. */
  readonly dial: (call: Dialled) => Promise<string>;
}

export interface Dialled {
  /** E.164. */
  readonly to: string;
  readonly from: string;
  /** Asked for TwiML when somebody answers. */
  readonly url: string;
  readonly statusCallback: string;
  /** Told who answered, while the call goes on (asynchronous answering machine detection, at the end of a machine's greeting). */
  readonly machineCallback: string;
  readonly ringSeconds: number;
  readonly longestSeconds: number;
}

/** Twilio's REST API refused or did not answer. */
export class CarrierError extends Error {
  /** HTTP status, "timeout" or "network". */
  readonly code: string;
  constructor(code: string, options?: ErrorOptions) {
    super(`Twilio's REST API failed: ${code}`, options);
    this.name = "CarrierError";
    this.code = code;
  }
}

export interface CarrierApiOptions {
  readonly account: PhoneAccount;
  /** https://api.twilio.com or a double of it. */
  readonly apiBaseUrl: string;
  readonly timing: PhoneTiming;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export function createCarrierApi(options: CarrierApiOptions): CarrierApi {
  const { account, apiBaseUrl, timing, clock, log, meter } = options;
  const client = createTwilioClient(account, { apiBaseUrl, timeoutMs: timing.restTimeoutMs });

  async function update(carrierId: string, change: { status: "completed" } | { twiml: string }): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await within(timing.restTimeoutMs, client.calls(carrierId).update(change));
        return;
      } catch (error) {
        if (isOver(error)) return;
        const code = codeOf(error);
        meter.count("voice_twilio_api_errors_total", { code });
        if (attempt > 1 || !isWorthRetrying(code)) throw new CarrierError(code, { cause: error });
        await new Promise<void>((resolve) => void clock.after(timing.restRetryMs, resolve));
      }
    }
  }

  /** The package's own timeout is one of idleness; this one is of the whole request. */
  function within<Result>(ms: number, request: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(ms, () => reject(new CarrierError("timeout")));
      request.then(resolve, reject).finally(cancel);
    });
  }

  return {
    async hangUp(carrierId) {
      try {
        await update(carrierId, { status: "completed" });
      } catch (error) {
        log.warn("a call could not be ended over REST", { call: carrierId, error: String(error) });
      }
    },
    redirect: (carrierId, twiml) => update(carrierId, { twiml }),
    async dial({ to, from, url, statusCallback, machineCallback, ringSeconds, longestSeconds }) {
      try {
        // Never twice: a request that was lost on its way back has rung somebody's phone.
        const placed = await within(
          timing.dialTimeoutMs,
          client.calls.create({
            to,
            from,
            url,
            statusCallback,
            statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
            machineDetection: "DetectMessageEnd",
            asyncAmd: "true",
            asyncAmdStatusCallback: machineCallback,
            timeout: ringSeconds,
            timeLimit: longestSeconds,
          }),
        );
        return placed.sid;
      } catch (error) {
        const code = codeOf(error);
        meter.count("voice_twilio_api_errors_total", { code });
        throw new CarrierError(code, { cause: error });
      }
    },
  };
}

interface Failure {
  /** HTTP status of the answer. */
  readonly status?: unknown;
  /** Twilio's number, or the network's or our own word. */
  readonly code?: unknown;
}

/** The call is over already, which is what was wanted, or makes what was wanted moot. */
function isOver(error: unknown): boolean {
  const { status, code } = error as Failure;
  return status === 404 || code === 20_404 || code === 21_220;
}

function codeOf(error: unknown): string {
  if (error instanceof CarrierError) return error.code;
  const { status, code } = error as Failure;
  if (typeof status === "number") return String(status);
  return code === "ECONNABORTED" || code === "ETIMEDOUT" ? "timeout" : "network";
}

/** Both requests come to the same when they are made twice. */
function isWorthRetrying(code: string): boolean {
  return code === "429" || code.startsWith("5") || code === "timeout" || code === "network";
}
