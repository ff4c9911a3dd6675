// What follows from the guard in a conversation with the personal assistant: it reads every finished turn of the user, and every sentence of
// a reply as it is transcribed. Nobody can be dialled from here; what the organization has to say is said, and the record has it.
import type { Journal } from "../../bridge/journal.ts";
import type { Matters } from "../../bridge/matters.ts";
import type { EscalationPlan, EscalationRequest } from "../../core/escalation.ts";
import type { CallGuard, Verdict } from "../../core/guard.ts";

export interface GuardingParts {
  readonly guard: CallGuard;
  readonly journal: Pick<Journal, "guarded" | "stumbled">;
  readonly matters: Pick<Matters, "escalate">;
  /** Cuts what is being said and made, and says this in its place; "" only cuts. */
  readonly instead: (words: string) => void;
  /** For whoever answers next. */
  readonly tell: (note: string) => void;
  /** After these words. */
  readonly end: (words: string) => void;
}

export type Guarding = ReturnType<typeof createGuarding>;

const PASS: Verdict = { kind: "pass" };
const MOST_STOPPED = 20;
const SENTENCE_END = /[.!?…]["'”’»)\]]*\s/;

export function createGuarding({ guard, journal, matters, instead, tell, end }: GuardingParts) {
  /** The reply that is being transcribed. */
  let reply = { id: "", rest: "", found: new Set<string>() };
  /** Replies of which nothing more is for the client; the newest ones. */
  const stopped: string[] = [];

  /** A guard that fails says nothing: the conversation goes on without it. */
  function judge(ask: () => Verdict): Verdict {
    try {
      return ask();
    } catch (error) {
      journal.stumbled(error);
      return PASS;
    }
  }

  function escalate(request: EscalationRequest): EscalationPlan {
    const plan = matters.escalate(request);
    if (plan.note) tell(plan.note);
    return plan;
  }

  function carryOut(verdict: Exclude<Verdict, { kind: "pass" }>, by: "caller" | "agent"): void {
    journal.guarded(verdict, by);
    switch (verdict.kind) {
      case "flag":
        return;
      case "say":
        tell("A rule put other words in the place of your last reply. Do not say it again.");
        return instead(verdict.text);
      case "end":
        return end(verdict.text);
      case "escalate": {
        const { say } = escalate({ trigger: verdict.trigger, urgency: verdict.urgency, reason: verdict.rule });
        if (say !== "") instead(say);
      }
    }
  }

  /** Every word goes out at once here, and its sound with it: what is hidden is looked for at each, not only once there is more of it. */
  function judgeReply(words: string): void {
    const verdict = judge(() => guard.agent(words));
    if (verdict.kind === "pass" || reply.found.has(verdict.rule)) return;
    reply.found.add(verdict.rule);
    if (verdict.kind === "say" || verdict.kind === "end") {
      stopped.push(reply.id);
      if (stopped.length > MOST_STOPPED) stopped.shift();
    }
    carryOut(verdict, "agent");
  }

  return {
    escalate,
    isStopped: (id: unknown): boolean => typeof id === "string" && stopped.includes(id),
    /** A finished turn of the user. */
    user(text: string): void {
      const verdict = judge(() => guard.caller(text));
      if (verdict.kind !== "pass") carryOut(verdict, "caller");
    },
    unheard(): void {
      const verdict = judge(() => guard.unheard());
      if (verdict.kind !== "pass") carryOut(verdict, "caller");
    },
    /**
     * Words of a reply, as they come and before the client gets them; `isWhole`: these were the last. Sentence by sentence, and the
     * beginning of a sentence as well: what is nobody's to hear would be out before its end.
     */
    reply(id: string, words: string, isWhole: boolean): void {
      if (reply.id !== id) reply = { id, rest: "", found: new Set() };
      reply.rest += words;
      for (;;) {
        const found = SENTENCE_END.exec(reply.rest);
        const length = found ? found.index + found[0].length : isWhole ? reply.rest.length : 0;
        if (length === 0) break;
        const sentence = reply.rest.slice(0, length);
        reply.rest = reply.rest.slice(length);
        judgeReply(sentence);
      }
      if (reply.rest !== "") judgeReply(reply.rest);
    },
  };
}
