// Who picked up a call that we placed: a person, who is talked to at once, or a machine, which gets the configured message after its
// own announcement or nothing at all. The agent is not let onto the line before that is known, so that it never talks to a tape.
import { decodeMulaw } from "../../audio/mulaw.ts";
import type { CallParty } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { Line, LineEvent } from "../../core/line.ts";
import type { Log, Meter } from "../../core/observe.ts";
import type { State } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import type { CarrierApi } from "./rest.ts";
import { hangUp, leaveMessage, type Message } from "./twiml.ts";

export interface AnsweredByOptions {
  readonly state: Pick<State, "put" | "get" | "publish" | "subscribe">;
  readonly store: CallStore;
  readonly api: Pick<CarrierApi, "redirect">;
  /** What a machine is told in the name of this organization; undefined: it is hung up on. */
  readonly messageFor: (orgId: string) => Message | undefined;
  /** The call belongs to a bridge from here on, or to nobody any more. */
  readonly enter: (line: Line, party: CallParty) => void;
  readonly abandon: (callId: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export type AnsweredBy = ReturnType<typeof createAnsweredBy>;

const TOPIC = "answered-by";
const KEPT_MS = 600_000;
/** A line on which nobody speaks for so long belongs to a person who waits: a machine has told its verdict by then, or still talks. */
const QUIET_MS = 4000;
/** The carrier's detection takes 30 s at most; its callback is lost after this. */
const LATEST_MS = 35_000;
const LOOK_MS = 500;
/** Of 32768: far above the noise of a line, far below speech. */
const LOUD = 1000;

export function createAnsweredBy(options: AnsweredByOptions) {
  const { state, store, api, messageFor, enter, abandon, clock, log, meter } = options;
  const held = new Map<string, (by: string) => void>();
  const unsubscribe = state.subscribe(TOPIC, (message) => {
    const { callId, by } = message as { readonly callId: string; readonly by: string };
    held.get(callId)?.(by);
  });
  const key = (callId: string): string => `answered-by:${callId}`;

  function close(callId: string, since: number, change: { readonly endReason: "voicemail" | "unanswered" }): void {
    abandon(callId);
    store.update(callId, {
      ...change,
      status: "completed",
      phase: "completed",
      endedAt: clock.date().toISOString(),
      durationSeconds: Math.round((clock.now() - since) / 100) / 10,
    });
  }

  function hold(line: Line, party: CallParty): void {
    const { callId, carrierId, orgId } = party;
    const since = clock.now();
    let lastLoud = since;
    let cancel = (): void => {};
    /** Where events go once somebody was let onto the line. */
    let listener: ((event: LineEvent) => void) | undefined;
    let isDecided = false;

    function decide(by: string): void {
      if (isDecided) return;
      isDecided = true;
      cancel();
      held.delete(callId);
      note(callId, since, by);
      if (!isMachine(by)) return enter(onward, party);
      meter.count("voice_calls_ended_total", { reason: "voicemail", result: "success" });
      close(callId, since, { endReason: "voicemail" });
      tellMachine(by);
    }

    function tellMachine(by: string): void {
      const message = by === "fax" ? undefined : messageFor(orgId);
      // The carrier speaks it: nothing is paid for a voice, and nobody waits for one while the tape runs.
      api.redirect(carrierId, message === undefined ? hangUp() : leaveMessage(message)).catch((error: unknown) => {
        log.warn("a machine could not be told its message", { call: carrierId, error: String(error) });
        line.close();
      });
    }

    function look(): void {
      const now = clock.now();
      if (now - lastLoud >= QUIET_MS || now - since >= LATEST_MS) {
        decide("unknown");
        // It was a machine after all: the agent, who talks to it by now, is taken off the line.
        held.set(callId, (by) => {
          if (!held.delete(callId)) return;
          note(callId, since, by);
          if (isMachine(by)) tellMachine(by);
        });
        return;
      }
      cancel = clock.after(LOOK_MS, look);
    }

    const onward: Line = {
      ...line,
      attach(given) {
        listener = given;
      },
    };
    line.attach((event) => {
      if (event.type === "line.closed") held.delete(callId);
      if (listener) return listener(event);
      // The "hello?" that was waited for is answered by the greeting; it is no turn of its own.
      if (event.type === "line.audio" && isLoud(event.payload)) lastLoud = clock.now();
      if (event.type !== "line.closed" || isDecided) return;
      isDecided = true;
      cancel();
      log.info("the call was over before it was known who answered", { call: carrierId });
      close(callId, since, { endReason: "unanswered" });
    });
    if (isDecided) return;
    held.set(callId, decide);
    look();
    // It may have been told before the stream came, or to another instance.
    state.get(key(callId)).then(
      (by) => {
        if (typeof by === "string") decide(by);
      },
      () => undefined,
    );
  }

  function note(callId: string, since: number, by: string): void {
    meter.count("voice_outbound_answers_total", {
      by: isMachine(by) ? "machine" : by === "human" ? "human" : "unknown",
    });
    store.note(callId, { atMs: Math.round(clock.now() - since), what: "answered-by", detail: { by } });
  }

  return {
    /** Keeps the agent from the line until it is known who answered; for calls that we placed. */
    hold,
    /** The carrier's verdict, on whichever instance it came. */
    async told(callId: string, by: string): Promise<void> {
      await state.put(key(callId), by, KEPT_MS);
      state.publish(TOPIC, { callId, by });
    },
    /** Idempotent. */
    close(): void {
      unsubscribe();
      for (const decide of held.values()) decide("unknown");
      held.clear();
    },
  };
}

const isMachine = (by: string): boolean => by.startsWith("machine") || by === "fax";

function isLoud(payload: string): boolean {
  for (const sample of decodeMulaw(Buffer.from(payload, "base64"))) if (Math.abs(sample) > LOUD) return true;
  return false;
}
