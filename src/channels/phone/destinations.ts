// Whom this server may call. A number is dialled only when it is valid, in an allowed country, and of a kind that cannot cost a
// fortune; everything that is not known to be harmless is refused. Pure, over libphonenumber's tables.
import { parsePhoneNumberFromString, type PhoneNumber } from "libphonenumber-js/max";

export type Destination =
  | { readonly ok: true; readonly number: string }
  | { readonly ok: false; readonly invalid: boolean; readonly why: string };

/** Kinds of numbers that take money from whoever calls them, or that nobody answers. */
const REFUSED_KINDS: ReadonlySet<string> = new Set(["PREMIUM_RATE", "SHARED_COST", "PAGER", "VOICEMAIL", "UAN"]);

const refuse = (why: string, invalid = false): Destination => ({ ok: false, invalid, why });

/**
 * @param to as it was given; spaces, dashes and brackets are no matter.
 * @param countries ISO 3166-1 codes; a shared code such as +1 is told apart by the number.
 */
export function judgeDestination(to: string, countries: readonly string[]): Destination {
  const parsed = to.trim().startsWith("+") ? parsePhoneNumberFromString(to.trim(), { extract: false }) : undefined;
  if (!parsed?.isValid() || parsed.ext !== undefined)
    return refuse("must be a phone number in E.164 form, such as +15551234567", true);
  // Satellite and other numbers of no country (+881, +882, +979) have none.
  const country: string | undefined = parsed.country;
  if (country === undefined) return refuse("numbers that belong to no country are not called");
  if (!countries.includes(country)) return refuse(`numbers of ${country} are not called (OUTBOUND_COUNTRIES)`);
  if (REFUSED_KINDS.has(parsed.getType() ?? "")) return refuse("numbers of this kind are not called");
  return { ok: true, number: parsed.number };
}

/** The country of our own number, which is called where nothing else is allowed; empty for a number without one. */
export function homeCountries(ownNumber: string): readonly string[] {
  const parsed: PhoneNumber | undefined = parsePhoneNumberFromString(ownNumber);
  return parsed?.country === undefined ? [] : [parsed.country];
}
