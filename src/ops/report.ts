// What a change at a number looks like on paper, for people and for programs.
import type { NumberSettings, PhoneNumber } from "./numbers.ts";

/** What was done to one number, or would have been. */
export interface Outcome {
  readonly number: PhoneNumber;
  readonly before: NumberSettings;
  readonly after: NumberSettings;
  readonly dryRun: boolean;
  readonly warnings: readonly string[];
}

const NAMES: readonly (keyof NumberSettings)[] = [
  "VoiceUrl",
  "VoiceMethod",
  "VoiceFallbackUrl",
  "VoiceFallbackMethod",
  "StatusCallback",
  "StatusCallbackMethod",
  "VoiceApplicationSid",
  "TrunkSid",
];
const WIDTH = Math.max(...NAMES.map((name) => name.length));
/** Not worth a line as long as they are empty. */
const SELDOM = new Set<string>(["VoiceApplicationSid", "TrunkSid"]);

export function hasChanged({ before, after }: Pick<Outcome, "before" | "after">): boolean {
  return NAMES.some((name) => before[name] !== after[name]);
}

/** Before and after of every setting, one line each. */
export function describeOutcome(outcome: Outcome): string {
  const { number, before, after, dryRun, warnings } = outcome;
  const lines = NAMES.filter((name) => before[name] || after[name] || !SELDOM.has(name)).map((name) => {
    const label = `  ${name.padEnd(WIDTH)}  `;
    if (before[name] === after[name]) return `${label}${shown(before[name])}`;
    return `${label}${shown(before[name])} -> ${shown(after[name])}`;
  });
  const verdict = !hasChanged(outcome) ? "nothing to change" : dryRun ? "would change (--dry-run)" : "changed";
  return [
    `${number.number} (${number.sid}): ${verdict}`,
    ...lines,
    ...warnings.map((warning) => `Warning: ${warning}.`),
  ].join("\n");
}

function shown(value: string): string {
  return value === "" ? "(none)" : value;
}

export function outcomeJson(outcome: Outcome): string {
  const { number, before, after, dryRun, warnings } = outcome;
  const { number: phoneNumber, sid } = number;
  return JSON.stringify(
    { phoneNumber, sid, dryRun, changed: hasChanged(outcome), before, after, warnings },
    undefined,
    2,
  );
}

export function errorJson(exitCode: number, message: string): string {
  return JSON.stringify({ error: { exitCode, message } }, undefined, 2);
}
