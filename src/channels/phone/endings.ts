// What happens to a call after its stream: the answers to /voice/after-stream, to the end of a dialling, and to the human who is
// being dialled.
import type { CallEnding, EscalationOutcome } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/observe.ts";
import type { CarrierState } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import { isTerminalStatus, type CallForm, type FormOf, type QueryOf } from "../../wire/twilio-webhook.ts";
import type { Book } from "./book.ts";
import type { PhoneCalls } from "./calls.ts";
import type { HumanOf } from "./humans.ts";
import type { Reception } from "./reception.ts";
import { answerOf, isMachine, isReached, outcomeOfDial, type Outcomes, type Transfer } from "./outcomes.ts";
import { HANG_UP } from "./second-way.ts";
import type { PhoneTiming } from "./settings.ts";
import { apologise, briefing, hangUp, nobodyReached, nothing, transfer, type DialTarget } from "./twiml.ts";

export interface EndingsOptions {
  readonly webhookUrl: string;
  /** The human who is dialled when we cannot serve a caller. */
  readonly humanOf: HumanOf;
  readonly transferBriefing: boolean;
  readonly timing: PhoneTiming;
  readonly book: Book;
  readonly state: CarrierState;
  readonly store: CallStore;
  readonly calls: PhoneCalls;
  readonly clock: Clock;
  readonly log: Log;
  readonly reception: Reception;
  readonly outcomes: Outcomes;
  /** Ends the call of a human who turned out to be a machine. Must not throw. */
  readonly dropLeg: (carrierId: string) => void;
}

/** What the address of a request from the human's leg says. */
type AboutLeg = QueryOf<"briefing">;

/** Each answers TwiML. */
export interface Endings {
  readonly afterStream: (form: FormOf<"afterStream">) => Promise<string>;
  readonly afterDial: (form: FormOf<"afterDial">) => Promise<string>;
  /** These two come from the human's leg: the address says which call is passed on. */
  readonly briefing: (form: FormOf<"briefing">, query: AboutLeg) => Promise<string>;
  readonly briefingAnswer: (form: FormOf<"briefingAnswer">, query: AboutLeg) => Promise<string>;
  /** What answering machine detection found of a dialled human. */
  readonly detected: (form: FormOf<"amd">, query: AboutLeg) => Promise<void>;
  /** What is to be done with a call that nobody asks about; undefined when nothing is known of it. */
  readonly unasked: (carrierId: string) => Promise<string | undefined>;
  /** For a caller whom a fault of ours keeps from anything better. */
  readonly apology: (form: CallForm) => Promise<string>;
  /** Puts one entry on the call's time line, once, if there is a record of the call. Never rejects. */
  readonly note: (carrierId: string, what: string, detail: Readonly<Record<string, string>>) => Promise<void>;
}

const STEP_MS = 25;
/** How long a bridge may take to let go of a call whose line is gone. */
const BRIDGE_CLOSES_MS = 1000;
/** A caller whom nobody wants comes back to the agent this often; then the call ends. */
const MOST_RETURNS = 2;
/** What a dialling needs to know of the call it belongs to. */
type Leg = Pick<CallForm, "CallSid" | "From" | "To" | "Direction">;

const E164 = /^\+[1-9]\d{6,14}$/;

export function createEndings(options: EndingsOptions): Endings {
  const { webhookUrl, humanOf, transferBriefing, timing, book, state, store, calls, clock, log, reception } = options;
  const { outcomes } = options;

  async function afterStream(form: FormOf<"afterStream">): Promise<string> {
    const { CallSid: carrierId } = form;
    if (isTerminalStatus(form.CallStatus)) {
      await neverDialled(carrierId);
      return nothing();
    }
    const repeated = await reception.repeatReconnect(carrierId);
    if (repeated !== undefined) return repeated;
    const ending = (await endingOf(carrierId)) ?? (await endingOfOrphan(carrierId));
    switch (ending?.kind) {
      case "hangup":
        return hangUp();
      case "transfer":
        return transfer(target(ending, form));
      case "reconnect":
        // Its bridge said so while closing; the call gets another one when that is done.
        await until(() => !calls.isLive(carrierId), BRIDGE_CLOSES_MS);
        return (await reception.reconnect(form, ending)) ?? apology(form);
      case "apologise":
        return apology(form);
      case undefined: {
        // A call of ours whose stream broke without a word, or never came about. A call that we do not know is not ours to dial
        // anybody for.
        const isOurs = await knows(carrierId);
        await reception.giveUp(carrierId);
        return isOurs ? apology(form) : apologise();
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

  /**
   * A call that had a stream and has no ending: its server died, or it holds the call still and does not know that the stream is
   * over. Who lives is told, and says what is to be done; for the dead the call goes on here.
   */
  async function endingOfOrphan(carrierId: string): Promise<CallEnding | undefined> {
    if (calls.isLive(carrierId) || !(await reception.wasStreamed(carrierId))) return undefined;
    let ending: CallEnding | undefined;
    if (await calls.lineIsOver(carrierId))
      await until(async () => (ending = await state.getEnding(carrierId)) !== undefined, BRIDGE_CLOSES_MS);
    if (ending) return ending;
    return (await reception.mayAdopt(carrierId)) ? { kind: "reconnect", reason: "instance-lost" } : undefined;
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

  async function apology(leg: Leg): Promise<string> {
    const human = await humanOf(leg);
    return apologise(human && target(human, leg));
  }

  function target(
    { to, mode, escalationId }: Pick<Transfer, "to" | "mode" | "escalationId">,
    { CallSid, From, To }: Leg,
  ): DialTarget {
    const isBriefed = mode === undefined ? transferBriefing : mode === "warm";
    return {
      webhookUrl,
      to,
      ...(escalationId !== undefined && { escalationId }),
      // Without an own one the human sees the caller's number; a withheld one may not be dialled with, the called one may.
      ...(!E164.test(From) && E164.test(To) && { callerId: To }),
      ...(isBriefed && { briefingFor: CallSid }),
    };
  }

  async function afterDial(form: FormOf<"afterDial">): Promise<string> {
    const { CallSid: carrierId } = form;
    const repeated = await reception.repeatReconnect(carrierId);
    if (repeated !== undefined) return repeated;
    const ending = await state.getEnding(carrierId).catch(() => undefined);
    if (ending?.kind === "transfer" && ending.escalationId !== undefined) return afterEscalation(form, ending);
    const answered = form.DialCallStatus === "completed" || form.DialCallStatus === "answered";
    const outcome = answered && form.DialBridged === "false" ? "declined" : (form.DialCallStatus ?? "unknown");
    await note(carrierId, "transfer-outcome", { outcome });
    if (isTerminalStatus(form.CallStatus)) return nothing();
    return answered && outcome !== "declined" ? hangUp() : nobodyReached();
  }

  async function afterEscalation(form: FormOf<"afterDial">, transfer: Transfer): Promise<string> {
    const { CallSid: carrierId } = form;
    const outcome = await outcomes.settle(carrierId, transfer, outcomeOfDial(transfer.mode, form));
    await note(carrierId, `outcome of ${transfer.escalationId ?? ""}`, { outcome });
    if (isTerminalStatus(form.CallStatus)) return nothing();
    if (isReached(outcome)) return hangUp();
    const mayReturn = transfer.returns === true && (await outcomes.misses(carrierId)) <= MOST_RETURNS;
    return (mayReturn ? await reception.reconnect(form, transfer, "human") : undefined) ?? nobodyReached();
  }

  /** The caller left between our goodbye and the dialling. */
  async function neverDialled(carrierId: string): Promise<void> {
    const ending = await state.getEnding(carrierId).catch(() => undefined);
    if (ending?.kind !== "transfer" || ending.escalationId === undefined) return;
    const outcome = ending.mode === "warm" ? "dropped" : "no-answer";
    await outcomes.settle(carrierId, ending, outcome).catch(() => undefined);
  }

  /** The transfer a request from a human's leg is about. */
  async function passedOn({
    call,
    escalation,
  }: AboutLeg): Promise<{ carrierId: string; transfer: Transfer } | undefined> {
    if (call === undefined || escalation === undefined) return undefined;
    const transfer = await outcomes.transferOf(call, escalation);
    return transfer && { carrierId: call, transfer };
  }

  async function settle(query: AboutLeg, outcome: EscalationOutcome): Promise<EscalationOutcome | undefined> {
    const found = await passedOn(query);
    return found && outcomes.settle(found.carrierId, found.transfer, outcome);
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
    const leg = { CallSid: carrierId, From: party.from, To: party.to, Direction: party.direction };
    if (ending.kind === "hangup") return HANG_UP;
    return ending.kind === "transfer" ? transfer(target(ending, leg)) : apology(leg);
  }

  return {
    afterStream,
    afterDial,
    note,
    unasked,
    apology,
    async briefing({ AnsweredBy }, query) {
      const { call, escalation } = query;
      if (isMachine(AnsweredBy)) {
        await settle(query, "voicemail");
        return hangUp();
      }
      // Without the note the human can still take the call.
      const ending = call !== undefined ? await state.getEnding(call).catch(() => undefined) : undefined;
      const note = ending?.kind === "transfer" ? ending.note : "";
      const isAbout = call !== undefined && escalation !== undefined;
      return briefing(webhookUrl, note, isAbout ? { call, escalation } : undefined);
    },
    async briefingAnswer({ Digits }, query) {
      // A human who wants the call gets it, whatever becomes of the record.
      const outcome = await settle(query, answerOf(Digits)).catch(() => undefined);
      // No verb: the leg goes on to be joined with the caller.
      return (outcome ?? answerOf(Digits)) === "accepted" ? nothing() : hangUp();
    },
    async detected({ CallSid, AnsweredBy }, query) {
      if (isMachine(AnsweredBy) && (await settle(query, "voicemail")) === "voicemail") options.dropLeg(CallSid);
    },
  };
}
