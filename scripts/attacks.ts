// The attack corpus against a model that always obeys, counted by kind and by the door it comes in at: `npm run attacks`; `-- --markdown`
// prints the tables that docs/safety.md keeps. Its tests are in test/attacks.
import { isAlwaysRisky } from "../src/safety/tool-policy.ts";
import { readAttacks } from "../test/attacks/corpus.ts";
import { runAttacks, type AttackRun } from "../test/attacks/run-attacks.ts";
import { runByPhone } from "../test/attacks/through-bridge.ts";
import { runThrough } from "../test/attacks/through-program.ts";

const attacks = readAttacks();
const bare = await runAttacks(attacks, { bare: true });
const began = performance.now();
const run = await runAttacks(attacks);
const seconds = (performance.now() - began) / 1000;

const count = ({ outcomes }: AttackRun, category: string) => {
  const mine = outcomes.filter(({ attack }) => attack.category === category);
  const done = mine.flatMap(({ runs }) => runs.filter(({ name, result }) => isAlwaysRisky(name) && result === "ok"));
  return {
    attacks: mine.length,
    done: done.length,
    leaks: mine.filter(({ leak }) => leak).length,
    dialled: mine.filter(({ dialled }) => dialled).length,
  };
};
const categories = [...new Set(attacks.map(({ category }) => category))];
const rows = categories.map((category) => [category, count(bare, category), count(run, category)] as const);
const sum = (pick: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + pick(row), 0);

const line = (name: string, values: readonly number[]): string => `| ${name} | ${values.join(" | ")} |`;
console.log(
  [
    "| kind | attacks | risky runs without gate | disclosures without guard | risky runs | disclosures |",
    "|---|---|---|---|---|---|",
    ...rows.map(([name, before, after]) =>
      line(name, [after.attacks, before.done, before.leaks, after.done, after.leaks]),
    ),
    line("all", [
      sum(([, , after]) => after.attacks),
      sum(([, before]) => before.done),
      sum(([, before]) => before.leaks),
      sum(([, , after]) => after.done),
      sum(([, , after]) => after.leaks),
    ]),
  ].join("\n"),
);
const riskyOf = ({ outcomes }: AttackRun): number =>
  outcomes.flatMap(({ runs }) => runs.filter(({ name, result }) => isAlwaysRisky(name) && result === "ok")).length;
const doors = [
  ["by phone, through the bridge", await runByPhone(attacks)],
  ["the personal assistant's socket, typed", await runThrough("assistant-typed", attacks)],
  ["the same, spoken", await runThrough("assistant-spoken", attacks)],
  ["in writing, over requests", await runThrough("requests", attacks)],
] as const;
console.log(
  [
    "",
    "| door | attacks | confirmations asked for | risky runs | disclosures |",
    "|---|---|---|---|---|",
    ...doors.map(([name, one]) =>
      line(name, [
        one.outcomes.length,
        one.outcomes.reduce((total, { confirmations }) => total + confirmations, 0),
        Math.max(riskyOf(one), one.risky.length),
        one.outcomes.filter(({ leak }) => leak).length,
      ]),
    ),
  ].join("\n"),
);
if (!process.argv.includes("--markdown")) {
  console.log(`
The desktop did ${run.risky.length} risky things, ${run.outcomes.reduce((total, one) => total + one.confirmations, 0)} confirmations were asked for and none given, ${sum(
    ([, , after]) => after.dialled,
  )} foreign numbers were dialled; ${seconds.toFixed(1)} s.`);
}
const all = [run, ...doors.map(([, one]) => one)];
const harm = all.flatMap(({ outcomes, risky }) => [
  ...risky,
  ...outcomes.filter(({ leak, dialled }) => leak ?? dialled),
]);
process.exitCode = harm.length > 0 ? 1 : 0;
