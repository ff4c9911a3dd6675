// The labelled utterances of the guard, and how well a guard does with them: shared by its test and by `npm run guard:score`.
import { readFileSync } from "node:fs";
import type { Guard, Verdict } from "../../src/core/guard.ts";

/** What a caller's words call for. */
export type Expected = "emergency" | "high" | "person" | "uncertainty" | "pass";

export interface Utterance {
  readonly text: string;
  readonly lang: string;
  readonly expect: Expected;
  /** Looks like something it is not. */
  readonly near?: boolean;
  /** How it came about and what may be done with it: docs/safety.md. */
  readonly set: "open" | "held" | "late" | "fresh" | "last" | "unseen";
}

export interface Miss extends Utterance {
  readonly got: Expected;
  readonly rule: string;
}

export interface Score {
  readonly rows: readonly { expect: Expected; count: number; precision: number; recall: number }[];
  readonly misses: readonly Miss[];
}

const FILE = new URL("../fixtures/guard/utterances.jsonl", import.meta.url);
const ALL: readonly Expected[] = ["emergency", "high", "person", "uncertainty", "pass"];

export function readUtterances(): Utterance[] {
  return readFileSync(FILE, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Utterance);
}

function kindOf(verdict: Verdict): Expected {
  if (verdict.kind === "pass") return "pass";
  if (verdict.kind !== "escalate") return "uncertainty";
  if (verdict.trigger === "emergency-keyword") return "emergency";
  return verdict.trigger === "keyword" ? "high" : verdict.trigger === "request" ? "person" : "uncertainty";
}

/** Each utterance as the first of a call of its own. */
export function scoreGuard(guard: Guard, utterances: readonly Utterance[]): Score {
  const judged = utterances.map((utterance) => {
    const verdict = guard.forCall().caller(utterance.text);
    return { ...utterance, got: kindOf(verdict), rule: verdict.kind === "pass" ? "" : verdict.rule };
  });
  return {
    rows: ALL.map((expect) => {
      const right = judged.filter((one) => one.expect === expect && one.got === expect).length;
      const count = judged.filter((one) => one.expect === expect).length;
      return {
        expect,
        count,
        precision: right / judged.filter(({ got }) => got === expect).length,
        recall: right / count,
      };
    }),
    misses: judged.filter(({ expect, got }) => expect !== got),
  };
}
