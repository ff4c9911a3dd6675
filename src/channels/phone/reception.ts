// Takes calls: decides whether there is room, gives out the stream's token, has the voice opened meanwhile, and lets go of all
// that when no stream comes. A call holds its slot from the webhook to the end of its bridge, or to `abandonAfterMs` without a
// stream; its token stays good to `tokenTtlMs`, and a stream that comes that late is admitted anew.
import type { CallEnding, CallParty } from "../../core/call.ts";
import type { Clock, Ids } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { OutboundPlan } from "../../core/outbound.ts";
import type { CarrierState, ResumeCause, StreamGrant } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import { isTerminalStatus, type CallForm, type FormOf } from "../../wire/twilio-webhook.ts";
import type { Book, BookEntry } from "./book.ts";
import type { PhoneCalls } from "./calls.ts";
import type { PhoneAccount, PhoneTiming } from "./settings.ts";
import { createSiblings } from "./siblings.ts";
import { busy, connectStream, hangUp, nothing } from "./twiml.ts";
import { createUnserved } from "./unserved.ts";

export interface ReceptionOptions {
  readonly account: PhoneAccount;
  /** The organization a called number belongs to. */
  readonly organizationOf: (number: string) => string;
  /** What a call that we placed is for. */
  readonly planOf: (callId: string) => Promise<OutboundPlan | undefined>;
  readonly timing: PhoneTiming;
  readonly book: Book;
  readonly state: CarrierState;
  readonly store: CallStore;
  readonly calls: PhoneCalls;
  readonly log: Log;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface Reception {
  /** TwiML for a call, whether it is new or asked for again. `outbound`: our id of one that we placed. */
  readonly answer: (form: FormOf<"incoming">, outbound?: string) => Promise<string>;
  /** TwiML that opens a second stream for a call whose first one broke; undefined when that is not to be. */
  readonly reconnect: (form: CallForm, ending: CallEnding, resumes?: ResumeCause) => Promise<string | undefined>;
  /** The call had a stream, on whichever instance, and has not ended. */
  readonly wasStreamed: (carrierId: string) => Promise<boolean>;
  /** Its server left it: true when it may be gone on with here. */
  readonly mayAdopt: (carrierId: string) => Promise<boolean>;
  /** The same TwiML once more, when a reconnection is under way and its token unspent. */
  readonly repeatReconnect: (carrierId: string) => Promise<string | undefined>;
  /** A stream brought the call's token: the slot is the bridge's from here on. */
  readonly claim: (grant: StreamGrant) => Promise<"ok" | "busy" | "draining">;
  /** The call will have no stream any more: its token, voice and slot are let go of, its record is closed. */
  readonly giveUp: (carrierId: string) => Promise<void>;
  readonly close: () => void;
}

/** A token that Twilio keeps failing to bring is not given out for ever. */
const RECONNECT_REPEATS = 5;

export function createReception(options: ReceptionOptions): Reception {
  const { account, organizationOf, timing, book, state, store, calls, log, meter, clock, ids } = options;
  /** Calls being answered right now: the same request a second time waits for the first one's answer. */
  const answering = new Map<string, Promise<string>>();
  const unserved = createUnserved({ store, clock });
  const siblings = createSiblings({
    ...options,
    tokenTtlMs: timing.tokenTtlMs,
    onStreamed(carrierId) {
      const entry = book.find(carrierId);
      // Here the slot is the bridge's by now.
      if (!entry?.holdsSlot) return;
      release(entry);
      entry.streamed = true;
    },
  });

  async function answer(form: FormOf<"incoming">, outbound?: string): Promise<string> {
    const running = answering.get(form.CallSid);
    if (running) {
      duplicate();
      return running;
    }
    const first = decide(form, outbound).finally(() => answering.delete(form.CallSid));
    answering.set(form.CallSid, first);
    return first;
  }

  async function decide(form: FormOf<"incoming">, outbound?: string): Promise<string> {
    const { CallSid: carrierId } = form;
    const token = await state.unspentToken(carrierId);
    if (token !== undefined) {
      duplicate();
      return connectStream(account.webhookUrl, token);
    }
    const known = book.find(carrierId);
    if (known?.refused) {
      duplicate();
      return busy();
    }
    if (known?.party || calls.isLive(carrierId) || (await state.getEnding(carrierId))) {
      duplicate();
      return hangUp();
    }
    if (await siblings.partyOf(carrierId)) {
      duplicate();
      return hangUp();
    }
    if (isTerminalStatus(form.CallStatus)) return nothing();
    if (await siblings.mayAnswer(carrierId)) {
      const plan = outbound === undefined ? undefined : await options.planOf(outbound);
      // Whoever was to be called so long ago, nobody knows any more what for.
      if (outbound !== undefined && !plan) return hangUp();
      return take(form, plan);
    }
    duplicate();
    // Twilio asks again when an answer is late, and another instance is at it.
    const theirs = await siblings.tokenOfAnother(carrierId);
    return theirs === undefined ? hangUp() : connectStream(account.webhookUrl, theirs);
  }

  async function take(form: FormOf<"incoming">, plan?: OutboundPlan): Promise<string> {
    const party: CallParty = {
      callId: plan?.callId ?? ids.callId(),
      carrierId: form.CallSid,
      from: form.From,
      to: form.To,
      attested: isAttested(form.StirVerstat),
      channel: "phone",
      direction: form.Direction?.startsWith("outbound") ? "outbound" : "inbound",
      orgId: plan?.orgId ?? organizationOf(form.To),
      ...(plan?.purpose !== undefined && { purpose: plan.purpose }),
    };
    const entry = book.entry(form.CallSid);
    entry.party = party;
    entry.since = clock.date();
    const verdict = await calls.admit(party);
    if (verdict !== "ok") {
      entry.refused = true;
      log.info("a call was turned away", { call: party.carrierId, cause: verdict });
      unserved.record(entry, party, "rejected");
      // Not waited for: the answer is the same without it, and a caller who is turned away should hear so at once.
      state.putEnding(form.CallSid, { kind: "hangup", reason: "rejected" }).catch((error: unknown) => {
        log.error("a refusal could not be kept", { call: form.CallSid, error: String(error) });
      });
      return busy();
    }
    return offer(entry, { party, accountId: form.AccountSid ?? account.accountSid });
  }

  /** The slot is reserved: gives out a token, opens the voice and waits for the stream. */
  async function offer(entry: BookEntry, grant: StreamGrant): Promise<string> {
    entry.cancelTimer();
    entry.holdsSlot = true;
    const token = ids.token();
    try {
      await state.putToken(token, grant, timing.tokenTtlMs);
    } catch (error) {
      release(entry);
      await unserved.recordUnlessKept(entry, grant.party, "internal-error");
      throw error;
    }
    // A voice that is opened now knows nothing of what was said.
    if (!grant.resumes) calls.prewarm(grant.party);
    entry.offeredAt = clock.now();
    entry.cancelTimer = clock.after(timing.abandonAfterMs, () => {
      log.warn("no stream came for a call", { call: entry.carrierId });
      release(entry);
      entry.cancelTimer = clock.after(timing.tokenTtlMs - timing.abandonAfterMs, () => void giveUp(entry.carrierId));
    });
    return connectStream(account.webhookUrl, token);
  }

  function release(entry: BookEntry): void {
    entry.cancelTimer();
    if (!entry.holdsSlot || !entry.party) return;
    entry.holdsSlot = false;
    calls.abandon(entry.party.callId);
  }

  async function claim(grant: StreamGrant): Promise<"ok" | "busy" | "draining"> {
    const { party } = grant;
    const entry = book.entry(party.carrierId);
    entry.cancelTimer();
    entry.party = party;
    entry.reconnects = 0;
    const verdict = entry.holdsSlot ? "ok" : await calls.admit(party);
    entry.holdsSlot = false;
    if (verdict === "ok") {
      entry.streamed = true;
      await Promise.all([siblings.streamed(party), calls.recall(party, grant.resumes)]);
      if (entry.offeredAt !== undefined)
        meter.observe("voice_call_setup_seconds", (clock.now() - entry.offeredAt) / 1000, { stage: "stream" });
    } else {
      // Before the socket is closed, since that makes Twilio ask.
      await state.putEnding(party.carrierId, { kind: "apologise", reason: "rejected" });
      await unserved.recordUnlessKept(entry, party, "rejected");
    }
    return verdict;
  }

  async function giveUp(carrierId: string): Promise<void> {
    const entry = book.find(carrierId);
    if (!entry?.party || entry.streamed || entry.refused) return;
    release(entry);
    try {
      if (await siblings.partyOf(carrierId)) return;
      const token = await state.unspentToken(carrierId);
      if (token !== undefined) await state.takeToken(token);
      if (book.firstTime(carrierId, "given-up")) await unserved.recordUnlessKept(entry, entry.party, "abandoned");
    } catch (error) {
      log.error("a call without a stream could not be put away", { call: carrierId, error: String(error) });
    }
  }

  async function reconnect(
    form: CallForm,
    ending: CallEnding,
    resumes: ResumeCause = ending.reason === "instance-lost" ? "instance" : "line",
  ): Promise<string | undefined> {
    const entry = book.entry(form.CallSid);
    const streamed = entry.party ?? (await siblings.partyOf(form.CallSid));
    const party = streamed ?? partyOf(await store.findByCarrierId(form.CallSid));
    if (!party || calls.isLive(form.CallSid) || (await calls.admit(party)) !== "ok") return undefined;
    entry.party = party;
    entry.streamed = false;
    entry.reconnects = 1;
    // Whichever instance gets the stream reads what this one has written of the call.
    await siblings.written();
    // Once for each ending: if the second stream breaks too, without a new ending, the caller gets an apology.
    await state.putEnding(form.CallSid, { kind: "apologise", reason: ending.reason });
    return offer(entry, { party, accountId: form.AccountSid ?? account.accountSid, resumes });
  }

  async function repeatReconnect(carrierId: string): Promise<string | undefined> {
    const entry = book.find(carrierId);
    if (!entry || entry.reconnects === 0) return undefined;
    const token = await state.unspentToken(carrierId);
    if (token === undefined || entry.reconnects > RECONNECT_REPEATS) return undefined;
    entry.reconnects++;
    return connectStream(account.webhookUrl, token);
  }

  function duplicate(): void {
    meter.count("voice_webhook_duplicates_total");
  }

  const wasStreamed = async (carrierId: string): Promise<boolean> => (await siblings.partyOf(carrierId)) !== undefined;
  const { mayAdopt, close } = siblings;
  return { answer, reconnect, repeatReconnect, wasStreamed, mayAdopt, claim, giveUp, close };
}

/** The party alone: a record holds far more, and a grant goes into shared state. */
function partyOf(record: CallParty | undefined): CallParty | undefined {
  if (!record) return undefined;
  const { callId, carrierId, from, to, attested = false, channel, direction, orgId } = record;
  return { callId, carrierId, from, to, attested, channel, direction, orgId };
}

/** STIR/SHAKEN attestation A: the caller's carrier knows its customer and that the number is theirs. */
function isAttested(verdict: string | undefined): boolean {
  return verdict !== undefined && /^TN-Validation-Passed-A\b/.test(verdict);
}
