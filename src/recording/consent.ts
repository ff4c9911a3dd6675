// Whether one call may be recorded: the notice has to be heard to its end, and where it is a question the caller's next words, or
// their next key, are the answer. Decides; what follows from it is done elsewhere. What is unclear is no consent.
import type { ReplyRecord, TurnRecord } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import { answerOf, contains, type ConsentMode } from "./consent-words.ts";

export type ConsentDecision =
  /** Agreed to, or told and not to be agreed to. */
  | { readonly recorded: true; readonly by: "key" | "speech" | "notice" }
  | { readonly recorded: false; readonly why: "declined" | "unanswered" | "not-heard" };

export interface Consent {
  /** The replies of the call so far: among them the one that said the notice. */
  replies(replies: readonly ReplyRecord[]): void;
  turns(turns: readonly TurnRecord[]): void;
  /** True when the key was the answer, and nothing else is to be made of it. */
  key(digit: string): boolean;
  /** Nothing is decided any more. */
  close(): void;
}

const YES_KEY = "1";
const NO_KEY = "2";
/** Who is done speaking in the last moment of the question has answered it. ms. */
const EARLY_MS = 1000;
/** A yes that is followed by more words, such as "but do not record it", is given this long to become something else. ms. */
const SECOND_THOUGHT_MS = 1500;

export function createConsent({
  mode,
  notice,
  after,
  onDecision,
}: {
  readonly mode: ConsentMode;
  readonly notice: string;
  readonly after: Clock["after"];
  /** Told once. */
  readonly onDecision: (decision: ConsentDecision) => void;
}): Consent {
  let stage: "telling" | "asking" | "decided" = "telling";
  /** ms of the call: the question was heard. */
  let askedAt = 0;
  /** The turn that is the answer. */
  let answer: number | undefined;
  let cancelYes = (): void => {};

  function decide(decision: ConsentDecision): void {
    stage = "decided";
    cancelYes();
    onDecision(decision);
  }

  /** It may be told again while the caller speaks on. */
  function hear({ turn, text }: TurnRecord): void {
    answer = turn;
    const said = answerOf(text);
    cancelYes();
    if (said === "yes") cancelYes = after(SECOND_THOUGHT_MS, () => decide({ recorded: true, by: "speech" }));
    else decide({ recorded: false, why: said === "no" ? "declined" : "unanswered" });
  }

  return {
    replies(replies) {
      if (stage !== "telling") return;
      const said = replies.find(({ kind }) => kind === "greeting");
      if (!said) return;
      if (said.interrupted || !contains(said.heard, notice)) return decide({ recorded: false, why: "not-heard" });
      if (mode === "announce") return decide({ recorded: true, by: "notice" });
      stage = "asking";
      askedAt = said.startedAtMs + said.heardMs;
    },
    turns(turns) {
      if (stage !== "asking") return;
      const isAnswer = ({ turn, text, endedAtMs }: TurnRecord): boolean =>
        answer === undefined ? endedAtMs > askedAt - EARLY_MS && text !== "" : turn === answer;
      const said = turns.find(isAnswer);
      if (said) hear(said);
    },
    key(digit) {
      if (stage !== "asking") return false;
      if (digit === YES_KEY) decide({ recorded: true, by: "key" });
      else if (digit === NO_KEY) decide({ recorded: false, why: "declined" });
      else decide({ recorded: false, why: "unanswered" });
      return digit === YES_KEY || digit === NO_KEY;
    },
    close() {
      stage = "decided";
      cancelYes();
    },
  };
}
