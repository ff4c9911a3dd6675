// What happens to a call after its stream: the answers to /voice/after-stream, to the end of a dialling, and to the human who is
// being dialled.
import type { CallEnding } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/observe.ts";
import type { StreamState } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import { isTerminalStatus, type Fields, type TwilioForm } from "../../wire/twilio-webhook.ts";
import type { Book } from "./book.ts";
import type { PhoneCalls } from "./calls.ts";
import type { Reception } from "./reception.ts";
import { HANG_UP } from "./second-way.ts";
import type { PhoneTiming } from "./settings.ts";
import { apologise, briefing, hangUp, nobodyReached, nothing, transfer, type DialTarget } from "./twiml.ts";

export interface EndingsOptions {
  readonly webhookUrl: string;
  /** The human who is dialled when we cannot serve a caller. */
  readonly transferNumber?: string;
  readonly transferBriefing: boolean;
  readonly timing: PhoneTiming;
  readonly book: Book;
  readonly state: StreamState;
  readonly store: CallStore;
  readonly calls: PhoneCalls;
  readonly clock: Clock;
  readonly log: Log;
  readonly reception: Reception;
}

/** Each answers TwiML. */
export interface Endings {
  readonly afterStream: (form: TwilioForm) => Promise<string>;
  readonly afterDial: (form: TwilioForm) => Promise<string>;
  /** @param carrierId of the call that is passed on, not of the human's leg. */
  readonly briefing: (carrierId: Fields[string]) => Promise<string>;
  readonly briefingAnswer: (form: TwilioForm) => string;
  /** What is to be done with a call that nobody asks about; undefined when nothing is known of it. */
  readonly unasked: (carrierId: string) => Promise<string | undefined>;
  /** For a caller whom a fault of ours keeps from anything better. */
  readonly apology: (form: TwilioForm) => string;
  /** Puts one entry on the call's time line, once, if there is a record of the call. Never rejects. */
  readonly note: (carrierId: string, what: string, detail: Readonly<Record<string, string>>) => Promise<void>;
}

const STEP_MS = 25;
/** How long a bridge may take to let go of a call whose line is gone. */
const BRIDGE_CLOSES_MS = 1000;
/** What a dialling needs to know of the call it belongs to. */
type Leg = Pick<TwilioForm, "CallSid" | "From" | "To">;

const E164 = /^\+[1-9]\d{6,14}$/;

export function createEndings(options: EndingsOptions): Endings {
  const { webhookUrl, transferNumber, transferBriefing, timing, book, state, store, calls, clock, log, reception } =
    options;

  async function afterStream(form: TwilioForm): Promise<string> {
    const { CallSid: carrierId } = form;
    if (isTerminalStatus(form.CallStatus)) return nothing();
    const repeated = await reception.repeatReconnect(carrierId);
    if (repeated !== undefined) return repeated;
    const ending = await endingOf(carrierId);
    switch (ending?.kind) {
      case "hangup":
        return hangUp();
      case "transfer":
        return transfer(target(ending.to, form));
      case "reconnect":
        // Its bridge said so while closing; the call gets another one when that is done.
        await until(() => !calls.isLive(carrierId), BRIDGE_CLOSES_MS);
        return (await reception.reconnect(form, ending)) ?? apologise(human(form));
      case "apologise":
        return apologise(human(form));
      case undefined: {
        // A call of ours whose stream broke without a word, or never came about. A call that we do not know is not ours to dial
        // anybody for.
        const isOurs = await knows(carrierId);
        await reception.giveUp(carrierId);
        return apologise(isOurs ? human(form) : undefined);
      }
    }
  }

  /** Twilio may ask before our end of the broken stream has noticed, and the bridge has said what is to be done. */
  async function endingOf(carrierId: string): Promise<CallEnding | undefined> {
    const streamed = (await state.unspentToken(carrierId)) === undefined;
    let ending: CallEnding | undefined;
    await until(async () => {
      ending = await state.getEnding(carrierId);
      return ending !== undefined || !streamed || !calls.isLive(carrierId);
    }, timing.endingGraceMs);
    return ending;
  }

  /** Looks again and again until `isSo`, for at most `ms`. */
  async function until(isSo: () => boolean | Promise<boolean>, ms: number): Promise<void> {
    for (let waited = 0; !(await isSo()) && waited < ms; waited += STEP_MS) {
      await new Promise<void>((resolve) => void clock.after(STEP_MS, resolve));
    }
  }

  async function knows(carrierId: string): Promise<boolean> {
    if (book.find(carrierId)?.party || calls.isLive(carrierId)) return true;
    return (await store.findByCarrierId(carrierId)) !== undefined;
  }

  function human(form: Leg): DialTarget | undefined {
    return transferNumber === undefined ? undefined : target(transferNumber, form);
  }

  function target(to: string, { CallSid, From, To }: Leg): DialTarget {
    return {
      webhookUrl,
      to,
      // Without an own one the human sees the caller's number; a withheld one may not be dialled with, the called one may.
      ...(!E164.test(From) && E164.test(To) && { callerId: To }),
      ...(transferBriefing && { briefingFor: CallSid }),
    };
  }

  async function afterDial(form: TwilioForm): Promise<string> {
    const answered = form.DialCallStatus === "completed" || form.DialCallStatus === "answered";
    const outcome = answered && form.DialBridged === "false" ? "declined" : (form.DialCallStatus ?? "unknown");
    await note(form.CallSid, "transfer-outcome", { outcome });
    if (isTerminalStatus(form.CallStatus)) return nothing();
    return answered && outcome !== "declined" ? hangUp() : nobodyReached();
  }

  async function note(carrierId: string, what: string, detail: Readonly<Record<string, string>>): Promise<void> {
    if (!book.firstTime(carrierId, what)) return;
    try {
      const record = await store.findByCarrierId(carrierId);
      if (!record || record.timeline.some((entry) => entry.what === what)) return;
      const atMs = Math.max(0, +clock.date() - Date.parse(record.startedAt));
      store.note(record.callId, { atMs, what, detail });
    } catch (error) {
      log.error("a call's time line could not be written", { call: carrierId, what, error: String(error) });
    }
  }

  async function unasked(carrierId: string): Promise<string | undefined> {
    const party = book.find(carrierId)?.party ?? (await store.findByCarrierId(carrierId));
    const ending = await state.getEnding(carrierId);
    if (!party || !ending) return undefined;
    const leg = { CallSid: carrierId, From: party.from, To: party.to };
    if (ending.kind === "hangup") return HANG_UP;
    return ending.kind === "transfer" ? transfer(target(ending.to, leg)) : apologise(human(leg));
  }

  return {
    afterStream,
    afterDial,
    note,
    unasked,
    apology: (form) => apologise(human(form)),
    async briefing(carrierId) {
      // Without the note the human can still take the call.
      const ending =
        typeof carrierId === "string" ? await state.getEnding(carrierId).catch(() => undefined) : undefined;
      return briefing(webhookUrl, ending?.kind === "transfer" ? ending.note : "");
    },
    // No verb: the leg goes on to be joined with the caller.
    briefingAnswer: (form) => (form.Digits === "1" ? nothing() : hangUp()),
  };
}
