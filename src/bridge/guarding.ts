// What follows from the guard: it reads every finished turn of the caller, and every piece of a reply before it is heard, and its
// verdicts are carried out here, in the call's own mailbox. What the rules are, and who is dialled, is decided elsewhere.
import type { CallEnding, Urgency } from "../core/call.ts";
import type { EscalationPlan } from "../core/escalation.ts";
import type { CallGuard, Verdict } from "../core/guard.ts";
import type { Ending } from "./ending.ts";
import type { Journal } from "./journal.ts";
import type { Matters } from "./matters.ts";
import type { Parting } from "./parting.ts";
import type { Phrases } from "./phrases.ts";

export interface GuardingParts {
  readonly guard?: CallGuard | undefined;
  readonly matters: Matters;
  readonly journal: Journal;
  readonly ending: Ending;
  readonly parting: Parting;
  readonly phrases: Phrases;
  /** For whoever answers next. */
  readonly tell: (note: string) => void;
  /** The turn being answered, if one is. */
  readonly turn: () => number | undefined;
}

export type Guarding = ReturnType<typeof createGuarding>;

/** Why nobody answered a turn, or not with their own words. */
export type GuardCause = "guard-escalated" | "guard-ended" | "guard-replaced";

type Escalation = Extract<Verdict, { kind: "escalate" }>;
/** instead: of what is being said and thought; after: what is being said was heard; with-reply: as after, and the reply tells of it. */
type When = "instead" | "after" | "with-reply";

const PASS: Verdict = { kind: "pass" };
const SENTENCE_END = /[.!?…]["'”’»)\]]*\s+/g;

export function createGuarding({ guard, matters, journal, ending, parting, phrases, tell, turn }: GuardingParts) {
  /** Nobody was dialled for these: the agent knows, and goes on. */
  const unanswered = new Set<string>();
  const newTranscript = (speechId: string) => ({
    speechId,
    sentence: "",
    judged: "",
    goesOn: false,
    found: new Set<string>(),
  });
  /** The reply that is being transcribed: the sentence it is in, how much of that was judged (as all of it or not), and what was found. */
  let transcript = newTranscript("");

  /** A guard that fails says nothing: the call goes on without it. */
  function judge(ask: (guard: CallGuard) => Verdict): Verdict {
    if (!guard) return PASS;
    try {
      return ask(guard);
    } catch (error) {
      journal.stumbled(error);
      return PASS;
    }
  }

  /** True when the call goes to somebody else. */
  function carryOut({ ending: how, say }: EscalationPlan, urgency: Urgency, when: When): boolean {
    const isUrgent = urgency === "emergency";
    if (!how) {
      if (say) phrases.tell(say, { shielded: isUrgent });
      return false;
    }
    if (when === "instead" || isUrgent) parting.leave(how, say, { final: isUrgent });
    else parting.afterReply(how, when === "with-reply" ? say || undefined : say);
    return true;
  }

  function escalate({ trigger, urgency, rule }: Escalation, when: When, take: () => number | undefined): boolean {
    const key = `${trigger} ${urgency}`;
    if (unanswered.has(key)) return false;
    const plan = matters.escalate({ trigger, urgency, reason: rule });
    if (!plan.ending) {
      unanswered.add(key);
      if (plan.note) tell(plan.note);
    } else cause(take(), "guard-escalated");
    return carryOut(plan, urgency, when);
  }

  function cause(number: number | undefined, what: GuardCause): void {
    if (number !== undefined) journal.cause(number, what);
  }

  function end(words: string, number: number | undefined): void {
    cause(number, "guard-ended");
    parting.leave({ kind: "hangup", reason: "agent-hangup" }, words, { final: true });
  }

  /** The words of a reply; `instead` is what follows where other words are to be heard. True when the reply ends here. */
  function agent(verdict: Verdict, instead: (words: string, stops: boolean) => void): boolean {
    if (verdict.kind === "pass" || ending.isFinal()) return false;
    journal.guarded(verdict, "agent");
    switch (verdict.kind) {
      case "flag":
        return false;
      case "say":
        cause(turn(), "guard-replaced");
        instead(verdict.text, verdict.stops === true);
        return false;
      case "end":
        end(verdict.text, turn());
        return true;
      case "escalate":
        return escalate(verdict, "after", turn);
    }
  }

  function replaceReply(words: string): void {
    tell("Your last reply was cut off by a rule, and other words were said in its place. Do not say it again.");
    parting.replace(words);
  }

  /** Of a reply that is heard while it is made. */
  function readSentence(text: string, goesOn = false): void {
    if (text === transcript.judged && (goesOn || !transcript.goesOn)) return;
    transcript.judged = text;
    transcript.goesOn = goesOn;
    const verdict = judge((given) => given.agent(text, goesOn));
    if (verdict.kind === "pass" || transcript.found.has(verdict.rule)) return;
    transcript.found.add(verdict.rule);
    agent(verdict, replaceReply);
  }

  return {
    carryOut,
    note: tell,
    /** What the guard makes of a finished turn of the caller. */
    read: (text: string): Verdict => judge((given) => given.caller(text)),
    /** True when the caller only asks again for what is under way. */
    confirms: (verdict: Verdict, leaving: CallEnding): boolean =>
      verdict.kind === "escalate" && verdict.urgency !== "emergency" && leaving.kind === "transfer",
    /** What was taken back is wanted again. */
    restored: (leaving: CallEnding): void => matters.decide(leaving, "pending"),
    /** True when this answers the turn, and nobody else is to. `take` records it as a turn and returns its number. */
    answers(verdict: Verdict, take: () => number): boolean {
      if (verdict.kind === "pass") return false;
      // A goodbye that cannot be taken back still turns into a call for help, unless help is called already.
      const isAlarm = verdict.kind === "escalate" && verdict.urgency === "emergency";
      if (ending.isFinal() && !(isAlarm && ending.wanted()?.kind === "hangup")) return false;
      journal.guarded(verdict, "caller");
      switch (verdict.kind) {
        case "flag":
          return false;
        case "say":
          cause(take(), "guard-replaced");
          parting.replace(verdict.text);
          return true;
        case "end":
          end(verdict.text, take());
          return true;
        case "escalate":
          return escalate(verdict, "instead", take);
      }
    },
    /** The caller said something that nobody understood. True when something follows from it. */
    unheard(): boolean {
      const verdict = judge((given) => given.unheard());
      if (verdict.kind === "pass" || ending.isFinal()) return false;
      journal.guarded(verdict, "caller");
      return verdict.kind === "escalate" && escalate(verdict, "instead", () => undefined);
    },
    /** What is to be spoken of this piece of a reply: itself, other words, or nothing more. */
    piece(text: string): string | undefined {
      let words: string | undefined = text;
      const isOver = agent(
        judge((given) => given.agent(text)),
        (instead, stops) => {
          words = stops ? undefined : instead;
          if (stops) replaceReply(instead);
        },
      );
      return isOver ? undefined : words;
    },
    /** Words of a reply as the voice makes them: whole words are read at once, within their sentence. */
    words(speechId: string, delta: string): void {
      if (!guard) return;
      if (transcript.speechId !== speechId) transcript = newTranscript(speechId);
      transcript.sentence += delta;
      // Nearly no piece ends a sentence: looking for one end is cheaper than listing them all.
      const lastEnd =
        transcript.sentence.search(SENTENCE_END) >= 0 && [...transcript.sentence.matchAll(SENTENCE_END)].at(-1);
      if (lastEnd) {
        const begin = lastEnd.index + lastEnd[0].length;
        readSentence(transcript.sentence.slice(0, begin).trim());
        transcript.sentence = transcript.sentence.slice(begin);
      }
      readSentence(/^.*(?=[\s\p{P}])/su.exec(transcript.sentence)?.[0].trim() ?? "", true);
    },
    /** The reply is complete: its last word is, too. */
    wordsEnded(speechId: string): void {
      if (transcript.speechId === speechId) readSentence(transcript.sentence.trim());
    },
  };
}
