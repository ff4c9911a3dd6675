// What the instances tell each other of one carrier call, so that the webhook may land on one and the stream on another: who
// answers, and that a stream has come.
import type { CallParty } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/observe.ts";
import { streamedKey, type CarrierState } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";

export interface SiblingsOptions {
  readonly state: CarrierState;
  readonly store: Pick<CallStore, "flush">;
  /** How long a token is good, ms. */
  readonly tokenTtlMs: number;
  /** An instance, this one or another, has the stream of this call. */
  readonly onStreamed: (carrierId: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Siblings {
  /** True for the one instance that is to answer this call's first request. */
  readonly mayAnswer: (carrierId: string) => Promise<boolean>;
  /** The token another instance is about to give out; undefined when none comes. */
  readonly tokenOfAnother: (carrierId: string) => Promise<string | undefined>;
  /** The call has a stream, here. Never rejects. */
  readonly streamed: (party: CallParty) => Promise<void>;
  /** The party of a call that had a stream, on whichever instance, and has not ended. */
  readonly partyOf: (carrierId: string) => Promise<CallParty | undefined>;
  /** True when a call whose server left it may be gone on with here. */
  readonly mayAdopt: (carrierId: string) => Promise<boolean>;
  /** Resolves when what was written of calls is where others can read it, or when a caller has waited long enough for that. */
  readonly written: () => Promise<void>;
  readonly close: () => void;
}

const WRITTEN_MS = 500;
/** A call has 55 minutes at the most, and a human may talk to the caller before it comes back; ms. */
const CALL_MS = 2 * 3_600_000;
/** A call that takes its server down with it takes this many more at the most. */
const MOST_ADOPTIONS = 2;
/** The instance that answers a call at this moment has its token out in so long, ms. */
const ELSEWHERE_MS = 1000;
const STEP_MS = 50;
const TOPIC = "streamed";

export function createSiblings(options: SiblingsOptions): Siblings {
  const { state, clock, log } = options;
  const close = state.subscribe(TOPIC, (message) => {
    options.onStreamed((message as { readonly carrierId: string }).carrierId);
  });

  return {
    mayAnswer: (carrierId) => state.first(`answering:${carrierId}`, options.tokenTtlMs),
    async tokenOfAnother(carrierId) {
      for (let waited = 0; waited < ELSEWHERE_MS; waited += STEP_MS) {
        const token = await state.unspentToken(carrierId);
        if (token !== undefined) return token;
        await new Promise<void>((resolve) => void clock.after(STEP_MS, resolve));
      }
      return undefined;
    },
    async streamed(party) {
      const { carrierId } = party;
      state.publish(TOPIC, { carrierId });
      try {
        await Promise.all([state.put(streamedKey(carrierId), party, CALL_MS), state.dropEnding(carrierId)]);
      } catch (error) {
        log.error("other instances could not be told of a stream", { call: carrierId, error: String(error) });
      }
    },
    partyOf: async (carrierId) => (await state.get(streamedKey(carrierId))) as CallParty | undefined,
    async mayAdopt(carrierId) {
      for (let n = 1; n <= MOST_ADOPTIONS; n++)
        if (await state.first(`adopted:${carrierId}:${n}`, CALL_MS)) return true;
      return false;
    },
    async written() {
      let cancel = (): void => {};
      const tooLong = new Promise<void>((resolve) => (cancel = clock.after(WRITTEN_MS, resolve)));
      await Promise.race([options.store.flush().catch(() => undefined), tooLong]);
      cancel();
    },
    close,
  };
}
