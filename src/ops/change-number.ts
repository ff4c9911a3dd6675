// Points a number at a server, and puts it back: the two things the commands do to a number.
import { CommandError, EXIT } from "./command.ts";
import type { Kept, KeptSettings } from "./kept-settings.ts";
import type { NumberChange, Numbers, NumberSettings, PhoneNumber } from "./numbers.ts";
import { planFor, restorationOf, type Plan, type Target } from "./plan.ts";
import type { Outcome } from "./report.ts";

export interface Pointed extends Outcome {
  readonly overridden: boolean;
}

/** @throws CommandError */
export async function pointNumber(
  numbers: Numbers,
  number: PhoneNumber,
  target: Target,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<Pointed> {
  const before = number.settings;
  const { change, after: planned, warnings, overridden }: Plan = planFor(target, before);
  const after = dryRun || isEmpty(change) ? planned : (await numbers.change(number.sid, change)).settings;
  const kept = unheeded(change, after);
  return { number, before, after, dryRun, overridden, warnings: [...warnings, ...kept] };
}

/**
 * Undoes what a tunnel did to a number, as far as nobody has changed it again since, and removes the file that told of it.
 * @throws CommandError; the file then stays.
 */
export async function putBack(
  numbers: Numbers,
  file: KeptSettings,
  kept: Kept,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<Outcome | undefined> {
  const number = await numbers.read(kept.sid);
  if (!number) {
    // The number was given up meanwhile: there is nothing to put anything back at.
    if (!dryRun) file.remove();
    return undefined;
  }
  const { change, left } = restorationOf(kept.before, kept.made, number.settings);
  const before = number.settings;
  const planned: NumberSettings = { ...before, ...change };
  const after = dryRun || isEmpty(change) ? planned : (await numbers.change(kept.sid, change)).settings;
  if (!dryRun) file.remove();
  const warnings = left.map((name) => `${name} was changed by somebody else meanwhile and stays as it is`);
  return { number, before, after, dryRun, warnings: [...warnings, ...unheeded(change, after)] };
}

/** @throws CommandError when the file tells of another account, whose number cannot be reached with these credentials. */
export function checkAccount(kept: Kept, accountSid: string, path: string): void {
  if (kept.accountSid === accountSid) return;
  const mend = "use that account's TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or delete the file";
  const why = `${path} holds the settings of a number of another account (${kept.accountSid})`;
  throw new CommandError(EXIT.configuration, `${why}: ${mend}`);
}

function isEmpty(change: NumberChange): boolean {
  return Object.keys(change).length === 0;
}

/** Twilio says what it kept; it ought to be what it was told. */
function unheeded(change: NumberChange, after: NumberSettings): string[] {
  return Object.entries(change)
    .filter(([name, value]) => after[name as keyof NumberSettings] !== value)
    .map(
      ([name, value]) =>
        `Twilio kept ${name} as "${after[name as keyof NumberSettings]}" where "${value}" was asked for`,
    );
}
