// Measures the guard's built-in rules against the labelled utterances: precision and recall per verdict, the misses, and the time
// that the longest text takes. `npm run guard:score`; `-- --markdown` prints the table that docs/safety.md keeps.
import { createGuard } from "../src/safety/guard.ts";
import { scoreGuard, readUtterances, type Score } from "../test/support/guard-score.ts";

const LONG = 50 * 1024;
const percent = (share: number): string => (Number.isNaN(share) ? "-" : `${(share * 100).toFixed(1)} %`);

function table(score: Score): string[] {
  return [
    "| verdict | utterances | precision | recall |",
    "|---|---|---|---|",
    ...score.rows.map(
      ({ expect, count, precision, recall }) => `| ${expect} | ${count} | ${percent(precision)} | ${percent(recall)} |`,
    ),
  ];
}

/** Texts that nearly match all the time, ms each. */
function longest(): [string, number][] {
  const guard = createGuard().forCall();
  const texts: Record<string, string> = {
    "one letter and a space": "a ".repeat(LONG / 2),
    "the beginning of a phrase": "i can't ".repeat(LONG / 8),
    "denials without end": "no not never ".repeat(LONG / 13),
    "an emergency in every clause": "no chest pain, ".repeat(LONG / 15),
    "one long word": "a".repeat(LONG),
    accents: "é\u0301\u0301\u0301".repeat(LONG / 4),
  };
  return Object.entries(texts).map(([name, text]) => {
    for (let i = 0; i < 20; i++) guard.caller(text);
    const times = Array.from({ length: 21 }, () => {
      const began = performance.now();
      guard.caller(text);
      return performance.now() - began;
    });
    return [name, times.sort((a, b) => a - b)[10] as number];
  });
}

const utterances = readUtterances();
const sets = {
  open: "Those the rules were written against",
  held: "Held out from the beginning",
  late: "Written after the first rules, which were then widened by them",
  fresh: "Written after those, with which the rules were widened once more",
  last: "Written after those, with which the rules were widened for the third time",
  unseen: "Written last: no rule was changed for any of them",
} as const;
const lines: string[] = [];
for (const [set, title] of Object.entries(sets)) {
  const some = utterances.filter((one) => one.set === set);
  const score = scoreGuard(createGuard(), some);
  lines.push(`${title} (${some.length}):`, "", ...table(score), "");
  if (process.argv.includes("--markdown") || set === "unseen") continue;
  lines.push(
    ...score.misses.map(({ text, lang, expect, got, rule }) => `  ${lang} ${expect} -> ${got} (${rule}): ${text}`),
    "",
  );
}
if (!process.argv.includes("--markdown"))
  lines.push("50 KB, ms (median of 21):", ...longest().map(([name, ms]) => `  ${ms.toFixed(1)}  ${name}`));
console.log(lines.join("\n"));
