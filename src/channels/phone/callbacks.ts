// What Twilio tells us of calls and streams beside the conversation. Callbacks may come twice, late and in any order: the state of
// a call only ever moves forward, and nothing is done twice.
import type { Log, Meter } from "../../core/observe.ts";
import type { CallStore } from "../../core/stores.ts";
import { isTerminalStatus, statusRank, type CallForm, type FormOf, type QueryOf } from "../../wire/twilio-webhook.ts";
import type { AnsweredBy } from "./answered-by.ts";
import type { Book } from "./book.ts";
import type { PhoneCalls } from "./calls.ts";
import type { Outbound } from "./outbound.ts";
import type { Endings } from "./endings.ts";
import type { Reception } from "./reception.ts";
import type { Undecided } from "./undecided.ts";

export interface CallbacksOptions {
  readonly book: Book;
  readonly store: CallStore;
  readonly calls: PhoneCalls;
  readonly log: Log;
  readonly meter: Meter;
  readonly reception: Reception;
  readonly endings: Endings;
  readonly undecided: Pick<Undecided, "callIsOver">;
  readonly answeredBy: Pick<AnsweredBy, "told">;
  readonly outbound: Pick<Outbound, "over">;
  /** The line of this call, or of this stream, ends as a hang-up. */
  readonly endCall: (carrierId: string) => void;
  readonly endStream: (streamSid: string) => void;
}

export interface Callbacks {
  /** A CallStatus, from its own callback or from any other request about the call. */
  readonly status: (form: CallForm) => Promise<void>;
  readonly streamStatus: (form: FormOf<"streamStatus">) => void;
  /** About a call that we placed, or about a human who is dialled for a call: the address says which. */
  readonly answeringMachine: (form: FormOf<"amd">, query: QueryOf<"amd">) => Promise<void>;
}

/** Closed by the server: Twilio's name for every stream that we end ourselves. */
const CLOSED_BY_US = "31921";

export function createCallbacks(options: CallbacksOptions): Callbacks {
  const { book, store, calls, log, meter, reception, endings, undecided } = options;
  const { answeredBy, outbound, endCall, endStream } = options;

  return {
    async status({ CallSid: carrierId, CallStatus: status = "" }) {
      const entry = book.entry(carrierId);
      const rank = statusRank(status);
      if (rank <= entry.rank) {
        if (rank >= 0) meter.count("voice_webhook_duplicates_total");
        return;
      }
      entry.rank = rank;
      if (!isTerminalStatus(status)) return;
      entry.cancelTimer();
      calls.carrierEnded(carrierId, status);
      endCall(carrierId);
      await reception.giveUp(carrierId);
      await undecided.callIsOver(carrierId);
      const record = entry.party ? undefined : await store.findByCarrierId(carrierId);
      const callId = entry.party?.callId ?? record?.callId;
      if (callId === undefined) return;
      store.update(callId, { carrierStatus: status });
      // Another instance may hold a call that was answered; one that never was is nobody's.
      if (record && status !== "completed") outbound.over(record);
    },

    streamStatus({ CallSid: carrierId, StreamSid: streamSid = "", StreamEvent: event, StreamError, StreamErrorCode }) {
      if (event === "stream-stopped") endStream(streamSid);
      if (event !== "stream-error") return;
      if (!book.firstTime(carrierId, `error of ${streamSid}`)) {
        meter.count("voice_webhook_duplicates_total");
        return;
      }
      const code = /\b\d{5}\b/.exec(`${StreamErrorCode} ${StreamError}`)?.[0] ?? "other";
      meter.count("voice_stream_errors_total", { code });
      log[code === CLOSED_BY_US ? "debug" : "warn"]("Twilio reports a stream error", { call: carrierId, code });
    },

    async answeringMachine(form, query) {
      if (query.outbound !== undefined) return answeredBy.told(query.outbound, form.AnsweredBy ?? "unknown");
      if (query.call !== undefined) return endings.detected(form, query);
      await endings.note(form.CallSid, "answered-by", { by: form.AnsweredBy ?? "unknown" });
    },
  };
}
