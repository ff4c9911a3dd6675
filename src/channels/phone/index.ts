// The phone channel: Twilio's webhook and callbacks, the media stream behind them, and the REST API beside them.
// What a call is about is not its business: it hands a Line to the bridge and asks State how the call is to end.
import type { Router } from "express";
import type { Clock, Ids } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { PlaceCall } from "../../core/outbound.ts";
import type { SocketRoute } from "../../core/socket.ts";
import type { CarrierState } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import { statusRank } from "../../wire/twilio-webhook.ts";
import { createAnsweredBy, type AnsweredByOptions } from "./answered-by.ts";
import { createBook } from "./book.ts";
import { createCallbacks } from "./callbacks.ts";
import type { PhoneCalls } from "./calls.ts";
import { createEndings } from "./endings.ts";
import { createHumans, type HumansOptions } from "./humans.ts";
import { createOutcomes } from "./outcomes.ts";
import { createOutbound, type OutboundRules } from "./outbound.ts";
import { createReception, type ReceptionOptions } from "./reception.ts";
import { createCarrierApi, type CarrierApi } from "./rest.ts";
import { createSecondWay } from "./second-way.ts";
import { DEFAULT_TIMING, type PhoneAccount, type PhoneTiming } from "./settings.ts";
import { createSignatures } from "./signature.ts";
import { createMediaStreams } from "./streams.ts";
import { createWebhook } from "./webhook.ts";
import { createUndecided } from "./undecided.ts";

export type { PhoneCalls } from "./calls.ts";
export type { Human } from "./humans.ts";
export type { OutboundRules } from "./outbound.ts";
export type { Message } from "./twiml.ts";
export { CarrierError } from "./rest.ts";

export interface PhoneChannelOptions {
  readonly phone: PhoneAccount;
  readonly organizationOf: ReceptionOptions["organizationOf"];
  readonly outbound: OutboundRules;
  readonly messageFor: AnsweredByOptions["messageFor"];
  readonly humanFor: HumansOptions["humanFor"];
  readonly transferBriefing: boolean;
  readonly apiBaseUrl: string;
  readonly state: CarrierState;
  readonly store: CallStore;
  readonly log: Log;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly calls: PhoneCalls;
  /** For tests. */
  readonly timing?: Partial<PhoneTiming>;
}

export interface PhoneChannel extends Pick<CarrierApi, "hangUp" | "redirect"> {
  /** All the /voice routes; refusals are thrown as Problems for the server around it. */
  readonly router: Router;
  readonly sockets: readonly SocketRoute[];
  /** Media streams open now. */
  readonly streams: () => number;
  /** The carrier has given up the stream of this call, whatever it looks like from here: its line is lost. */
  readonly loseLine: (carrierId: string) => void;
  readonly place: PlaceCall;
  /** Ends every line and timer. Idempotent. */
  close(): void;
}

export function createPhoneChannel(options: PhoneChannelOptions): PhoneChannel {
  const { phone: account, organizationOf, calls, transferBriefing, apiBaseUrl, state, store } = options;
  const { log, meter, clock, ids } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const { webhookUrl } = account;
  const signatures = createSignatures(account);
  const book = createBook();
  const reception = createReception({
    account,
    organizationOf,
    timing,
    book,
    state,
    store,
    calls,
    planOf: (callId) => outbound.answered(callId),
    log,
    meter,
    clock,
    ids,
  });
  const api = createCarrierApi({ account, apiBaseUrl, timing, clock, log, meter });
  const outbound = createOutbound({
    rules: options.outbound,
    webhookUrl,
    state,
    store,
    calls,
    api,
    wasOver: (carrierId) => (book.find(carrierId)?.rank ?? -1) >= statusRank("completed"),
    clock,
    ids,
    log,
    meter,
  });
  const answeredBy = createAnsweredBy({
    state,
    store,
    api,
    messageFor: options.messageFor,
    enter: (line, party) => calls.enter(line, party),
    abandon: (callId) => calls.abandon(callId),
    clock,
    log,
    meter,
  });
  const outcomes = createOutcomes({ state, store, clock, log, meter });
  const undecided = createUndecided({ state, outcomes, patienceMs: timing.undecidedMs, clock, log });
  const endings = createEndings({
    webhookUrl,
    humanOf: createHumans({ humanFor: options.humanFor, organizationOf, book, store }),
    transferBriefing,
    timing,
    book,
    state,
    store,
    calls,
    clock,
    log,
    reception,
    outcomes,
    dropLeg(leg) {
      // A machine that is not hung up on hears the briefing out and is let go of then.
      api.hangUp(leg).catch((error: unknown) => {
        log.warn("an answering machine could not be hung up on", { call: leg, error: String(error) });
      });
    },
  });
  const secondWay = createSecondWay({
    book,
    api,
    clock,
    log,
    patienceMs: timing.secondWayMs,
    documentFor: endings.unasked,
  });
  const streams = createMediaStreams({
    signatures,
    state,
    log,
    meter,
    clock,
    timing,
    claim: reception.claim,
    disown({ party }) {
      calls.abandon(party.callId);
      void reception.giveUp(party.carrierId);
    },
    distrust(callSid) {
      const party = book.find(callSid)?.party;
      if (party) calls.cool(party.callId);
    },
    enter(line, { party, resumes }) {
      // A person who comes back from somewhere else is known to be one.
      if (party.direction === "outbound" && resumes === undefined) answeredBy.hold(line, party);
      else calls.enter(line, party);
    },
    onClosedByUs: secondWay.expect,
  });
  const callbacks = createCallbacks({
    book,
    store,
    calls,
    log,
    meter,
    reception,
    endings,
    undecided,
    answeredBy,
    outbound,
    endCall: streams.endCall,
    endStream: streams.endStream,
  });

  return {
    router: createWebhook({ account, signatures, reception, endings, callbacks, secondWay, log, meter }),
    sockets: [streams.route],
    hangUp: api.hangUp,
    redirect: api.redirect,
    streams: streams.count,
    loseLine: streams.loseCall,
    place: outbound.place,
    close() {
      answeredBy.close();
      undecided.close();
      outbound.close();
      reception.close();
      streams.close();
      book.close();
    },
  };
}
