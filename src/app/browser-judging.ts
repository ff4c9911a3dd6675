// The guard over a browser's call, after the fact: what was said is posted when it was heard, so that a verdict is told to the page
// and kept, and stops no word.
import type { JudgedLine } from "../api/ports.ts";
import type { EscalationRequest } from "../core/escalation.ts";
import { atMs, goodbye, withFlag, type BrowserCall } from "./browser-call.ts";
import type { Judge } from "./browser-call-parts.ts";
import type { Publish } from "./browser-escalations.ts";
import type { AddedLine } from "./browser-transcript.ts";

export interface BrowserJudgingParts {
  readonly judge: Judge;
  /** @throws Problem 404, 409 */
  readonly change: (
    callId: string,
    make: (call: BrowserCall, now: Date) => { readonly call: BrowserCall; readonly result: undefined },
  ) => Promise<{ readonly call: BrowserCall }>;
  readonly escalate: (callId: string, request: EscalationRequest) => Promise<{ readonly say: string }>;
  readonly publish: Publish;
}

export function createBrowserJudging({ judge, change, escalate, publish }: BrowserJudgingParts) {
  return async ({ party: { callId, orgId } }: BrowserCall, lines: readonly AddedLine[]): Promise<JudgedLine[]> => {
    const judged: JudgedLine[] = [];
    for (const { index: line, role, text } of lines) {
      const verdict = await judge(orgId, { role, text, callId });
      if (verdict.kind === "pass") continue;
      if (verdict.kind === "escalate") {
        const { trigger, urgency, rule } = verdict;
        const { say } = await escalate(callId, { trigger, urgency, reason: rule });
        judged.push({ line, verdict, ...(say !== "" && { say }) });
        continue;
      }
      judged.push({ line, verdict });
      const flagged = await change(callId, (one, now) => ({
        call: {
          ...withFlag(one, { rule: verdict.rule, by: role, atMs: atMs(one, now) }),
          ...(verdict.kind === "end" && { ending: goodbye("agent-hangup", now) }),
        },
        result: undefined,
      }));
      publish(flagged.call, "flag", { rule: verdict.rule, by: role });
    }
    return judged;
  };
}
