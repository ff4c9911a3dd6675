// All calls the simulation ever had, as the REST API remembers them: live ones with their handle, finished ones as a few
// words, so that recordings are not kept for a caller who will not ask.
import { rfc2822, type CallIdentity, type CallStatus } from "./request-params.ts";
import type { LiveCall } from "./sim-call.ts";

/** What the REST API can do with a call, the caller's or that of somebody dialled. */
export interface RestCall extends Pick<LiveCall, "callSid" | "identity" | "status" | "ended" | "replace"> {
  end(by: "rest"): void;
  readonly done: Promise<{ durationS: number }>;
}

export interface CallRecord {
  identity: CallIdentity;
  /** What can be done with the call while it lives. */
  handle: RestCall | undefined;
  /** The call while it lives, unless it is the one of somebody dialled. */
  live: LiveCall | undefined;
  status: () => CallStatus;
  createdAt: Date;
  endedAt: Date | undefined;
  durationS: number | undefined;
}

export interface CallRegistry {
  add(call: LiveCall): void;
  addDialled(call: RestCall): void;
  get(callSid: string): CallRecord | undefined;
  /** Newest first. */
  list(): CallRecord[];
}

export function createCallRegistry(): CallRegistry {
  const records = new Map<string, CallRecord>();
  function keep(call: RestCall, live: LiveCall | undefined): void {
    let last: CallStatus = call.status();
    const record: CallRecord = {
      identity: call.identity,
      handle: call,
      live,
      createdAt: new Date(),
      endedAt: undefined,
      durationS: undefined,
      status: () => record.handle?.status() ?? last,
    };
    records.set(call.callSid, record);
    const forget = () => {
      last = call.status();
      record.handle = record.live = undefined;
      record.endedAt = new Date();
    };
    call.done.then(({ durationS }) => {
      record.durationS = durationS;
      forget();
    }, forget);
  }

  return {
    add: (call) => keep(call, call),
    addDialled: (call) => keep(call, undefined),
    get: (callSid) => records.get(callSid),
    list: () => [...records.values()].toReversed(),
  };
}

/** The call as `Calls/{sid}.json` shows it. */
export function callJson(record: CallRecord): Record<string, unknown> {
  const { identity, createdAt, endedAt } = record;
  const uri = `/2010-04-01/Accounts/${identity.accountSid}/Calls/${identity.callSid}`;
  return {
    sid: identity.callSid,
    account_sid: identity.accountSid,
    parent_call_sid: identity.parentCallSid ?? null,
    from: identity.from,
    from_formatted: identity.from,
    to: identity.to,
    to_formatted: identity.to,
    phone_number_sid: null,
    status: record.status(),
    direction: identity.direction,
    start_time: rfc2822(createdAt),
    end_time: endedAt ? rfc2822(endedAt) : null,
    duration: record.durationS === undefined ? null : String(record.durationS),
    price: null,
    price_unit: "USD",
    answered_by: null,
    api_version: "2010-04-01",
    forwarded_from: null,
    caller_name: null,
    group_sid: null,
    queue_time: "0",
    trunk_sid: null,
    annotation: null,
    date_created: rfc2822(createdAt),
    date_updated: rfc2822(endedAt ?? new Date()),
    uri: `${uri}.json`,
    subresource_uris: { recordings: `${uri}/Recordings.json`, notifications: `${uri}/Notifications.json` },
  };
}
