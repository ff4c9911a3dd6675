// The second way out of a call. The first is Twilio asking /voice/after-stream the moment we close the stream; when that does not
// come (a lost request, a proxy that fell over), the same document is brought to the call over the REST API.
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/observe.ts";
import type { Book } from "./book.ts";
import type { CarrierApi } from "./rest.ts";

export interface SecondWayOptions {
  readonly book: Book;
  readonly api: Pick<CarrierApi, "hangUp" | "redirect">;
  readonly clock: Clock;
  readonly log: Log;
  /** ms that Twilio has to ask. */
  readonly patienceMs: number;
  /** The document for the call's ending: "hang-up", TwiML, or undefined when there is nothing to be done. */
  readonly documentFor: (carrierId: string) => Promise<string | undefined>;
}

export interface SecondWay {
  /** We closed this call's stream: Twilio is to ask what comes next. */
  readonly expect: (carrierId: string) => void;
  /** It asked, or the call is over. */
  readonly settled: (carrierId: string) => void;
}

export const HANG_UP = "hang-up";

export function createSecondWay({ book, api, clock, log, patienceMs, documentFor }: SecondWayOptions): SecondWay {
  async function go(carrierId: string): Promise<void> {
    const document = await documentFor(carrierId);
    if (document === undefined) return;
    log.warn("Twilio did not ask what comes after the stream: it is told over REST", { call: carrierId });
    if (document === HANG_UP) await api.hangUp(carrierId);
    else await api.redirect(carrierId, document);
  }

  return {
    expect(carrierId) {
      const entry = book.entry(carrierId);
      entry.cancelTimer();
      entry.cancelTimer = clock.after(patienceMs, () => {
        go(carrierId).catch((error: unknown) => {
          log.error("a call could not be ended over REST", { call: carrierId, error: String(error) });
        });
      });
    },
    settled(carrierId) {
      book.find(carrierId)?.cancelTimer();
    },
  };
}
