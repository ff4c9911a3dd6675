// Who may bring a call to its end, and what is said then: a tool after its reply, the bridge or the program with a goodbye.
// When the line is closed, and how, is ending.ts.
import type { CallEnding, EndReason } from "../core/call.ts";
import type { ClipId } from "../core/clip.ts";
import { GOODBYE_LIMIT_MS, type Ending } from "./ending.ts";
import type { PhaseEvent } from "./phase.ts";
import type { Phrases } from "./phrases.ts";

/** What is said before a call ends that was only to be told something: about ten characters a second, and time to get a voice. */
const onlyWordsLimitMs = (words: string): number => GOODBYE_LIMIT_MS + words.length * 100;

export type Parting = ReturnType<typeof createParting>;

export function createParting(parts: {
  readonly ending: Ending;
  readonly phrases: Phrases;
  readonly move: (event: PhaseEvent) => void;
  /** What is being said, weighed and answered is given up. */
  readonly dropAll: () => void;
  readonly onQuiet: () => void;
  /** ms a reply may take before its goodbye. */
  readonly replyLimitMs: number;
}) {
  const { ending, phrases, move } = parts;

  function announce(how: CallEnding, words: string, shielded: boolean): void {
    if (words) phrases.tell(words, { shielded });
    else if (how.kind === "transfer") phrases.say("transfer", "notice", { shielded });
  }

  return {
    /** The first words of the call; the last as well where `only` says why. */
    greet(words: string, only?: EndReason): void {
      // A call that has no voice is over already: no half greeting before its apology.
      if (ending.isClosing()) return;
      if (!words) {
        move("greeted");
        return parts.onQuiet();
      }
      phrases.greet(words);
      if (!only) return;
      ending.want({ kind: "hangup", reason: only }, { limitMs: onlyWordsLimitMs(words), final: true });
      move("end");
    },
    /** The call is to end once the reply was heard that is being made; `words` come after it, as for `leave`, or are in it. */
    afterReply(how: CallEnding, words?: string): void {
      if (ending.isFinal()) return;
      ending.want(how, { limitMs: onlyWordsLimitMs(words ?? "") + parts.replyLimitMs });
      move("end");
      if (words !== undefined) announce(how, words, false);
      parts.onQuiet();
    },
    /** The call is to end now, with this goodbye, or with what is being said for a goodbye. */
    end(how: CallEnding, goodbye?: ClipId, withinMs?: number): void {
      // A limit from outside holds for a goodbye that nobody can take back as well.
      if (ending.isFinal() && withinMs === undefined) return;
      // Only a caller who was merely silent can take the call back.
      const final = how.reason !== "silence";
      const limit = { final, ...(withinMs !== undefined && { limitMs: withinMs }) };
      const leaving = ending.wanted();
      if (leaving) return ending.want(leaving, limit);
      parts.dropAll();
      ending.want(how, limit);
      move("end");
      if (goodbye) phrases.say(goodbye, "notice", { shielded: final });
      parts.onQuiet();
    },
    timeUp(): void {
      this.end({ kind: "hangup", reason: "time-limit" }, "time-up");
    },
    /**
     * The call goes to somebody else or ends, after these words (without any: after the stock phrase of a transfer). What is being
     * said and thought is given up for it. `final`: whatever the caller says to it.
     */
    leave(how: CallEnding, words: string, { final }: { readonly final: boolean }): void {
      if (ending.isClosing()) return;
      parts.dropAll();
      ending.want(how, { limitMs: onlyWordsLimitMs(words), final });
      move("end");
      announce(how, words, final);
      parts.onQuiet();
    },
    /** These words in place of what is being said and thought; the call goes on. */
    replace(words: string): void {
      if (ending.isClosing()) return;
      parts.dropAll();
      phrases.tell(words);
      parts.onQuiet();
    },
    /** There is nothing to say where something was owed. */
    apologise(): void {
      const how = ending.wanted();
      if (how?.kind === "transfer") phrases.say("transfer", "notice");
      else if (!how) phrases.say("sorry", "notice");
    },
  };
}
