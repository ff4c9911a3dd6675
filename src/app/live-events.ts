// What happens in the calls of this instance, published for watchers on any of them. The agent's words come in pieces; they are
// gathered for a moment, so that a hundred talking agents are a few hundred messages a second and not thousands; where it is
// certain that nobody watches, for as long as the reply lasts.
import type { CallWatch } from "../bridge/parts.ts";
import type { CallParty } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import { spaceBetween, WATCHERS } from "../core/live-words.ts";
import type { LiveEvent, State } from "../core/state.ts";
import type { WordsSoFar } from "./words-so-far.ts";

/** For the far end of the call itself: they come often, and say nothing that would have to be known of it. */
const FOR_THE_LINE: ReadonlySet<string> = new Set([
  "speech.started",
  "speech.stopped",
  "hearing",
  "heard",
  "tool.running",
]);

export const EVENTS_TOPIC = "events";
const WORDS_MS = 250;

export interface LiveEvents {
  readonly watch: (party: CallParty) => CallWatch;
  readonly publish: (party: Pick<CallParty, "callId" | "orgId">, type: string, data: LiveEvent["data"]) => void;
}

export function createLiveEvents({
  state,
  clock,
  soFar,
  onChange,
}: {
  readonly state: Pick<State, "publish" | "mayBeHeard">;
  readonly clock: Clock;
  readonly soFar: Pick<WordsSoFar, "told" | "untold" | "settled" | "ended">;
  /** Something of this call is another now. */
  readonly onChange: (callId: string) => void;
}): LiveEvents {
  function publish(
    { callId, orgId }: Pick<CallParty, "callId" | "orgId">,
    type: string,
    data: LiveEvent["data"],
  ): void {
    const event: LiveEvent = { callId, orgId, type, at: clock.date().toISOString(), data };
    state.publish(EVENTS_TOPIC, event);
  }

  return {
    publish,
    watch(party) {
      let words = "";
      /** The last piece of them: what they end with, without looking at all of them. */
      let last = "";
      let utterance: unknown;
      let cancel: (() => void) | undefined;
      const tellWords = (): void => {
        cancel?.();
        cancel = undefined;
        if (words) {
          if (state.mayBeHeard(WATCHERS)) publish(party, "words", { by: "agent", text: words, utterance });
          soFar.told(party.callId, utterance, words);
        }
        words = last = "";
      };
      return (type, data) => {
        if (FOR_THE_LINE.has(type)) return;
        if (type === "words") {
          if (data.utterance !== utterance) tellWords();
          utterance = data.utterance;
          const text = String(data.text);
          if (text === "") return;
          const isWatched = state.mayBeHeard(WATCHERS);
          if (words === "" && !isWatched) soFar.untold(party.callId, tellWords);
          words += spaceBetween(last, text) + text;
          last = text;
          if (isWatched) cancel ??= clock.after(WORDS_MS, tellWords);
          return;
        }
        tellWords();
        if (type === "reply") soFar.settled(party.callId, data.utterance);
        if (type === "call.ended" || type === "call.interrupted") soFar.ended(party.callId);
        // Who watches sees a call that begins as they would have found it in the snapshot.
        const begins = type === "call.started" && party.channel === "phone";
        publish(party, type, begins ? { ...data, from: party.from, to: party.to } : data);
        onChange(party.callId);
      };
    },
  };
}
