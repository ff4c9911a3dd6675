// A call's status callbacks: which events are wanted, the running number they carry and what they say. Sending is the
// caller's business, so that callbacks of numbers dialled use the same code.
import type { StatusEvent } from "./call-options.ts";
import { rfc2822, type CallStatus } from "./request-params.ts";
import type { Target } from "./webhook-request.ts";

export interface StatusCallback {
  target: Target;
  events: readonly StatusEvent[];
}

/** SIP's word for how a call went, as Twilio reports it. */
const SIP_CODES = new Map<CallStatus, string>([
  ["completed", "200"],
  ["busy", "486"],
  ["no-answer", "487"],
  ["canceled", "487"],
  ["failed", "404"],
]);

/**
 * Returns the function that tells of one event.
 * @param send Gets the parameters beyond the standard ones; CallStatus among them, since "answered" is told as in-progress.
 */
export function createStatusCallbacks(
  callback: StatusCallback | undefined,
  send: (target: Target, extra: Record<string, string>) => void,
): (event: StatusEvent, status: CallStatus, durationS?: number) => void {
  let sequence = 0;
  return (event, status, durationS) => {
    if (!callback?.events.includes(event)) return;
    const sip = event === "completed" ? SIP_CODES.get(status) : undefined;
    send(callback.target, {
      CallStatus: status,
      Timestamp: rfc2822(new Date()),
      CallbackSource: "call-progress-events",
      SequenceNumber: String(sequence++),
      ...(sip === undefined ? {} : { SipResponseCode: sip }),
      // Duration is in begun minutes, as it is billed.
      ...(durationS === undefined
        ? {}
        : { CallDuration: String(durationS), Duration: String(Math.ceil(durationS / 60)) }),
    });
  };
}
