// What must not be remembered, whatever a model writes down: numbers of payment cards, and whatever is called a password or a PIN.
import type { Secret } from "../core/memory.ts";

const CARD = /\d(?:[ -]?\d){12,18}/g;
/** Looks a bounded way ahead, so that its time stays linear in a text that names a PIN again and again. */
const NAMED =
  /\b(?:password|passcode|passphrase|kennwort|passwort|mot de passe|contraseña|pin|cvv|cvc|tan)\b\W{0,3}(?:(?:is|ist|lautet|est|es)\b\W{0,3})?\S{0,64}?\d/iu;

export function secretIn(text: string): Secret | undefined {
  if (NAMED.test(text)) return "password";
  return (text.match(CARD) ?? []).some((found) => isCard(found.replaceAll(/\D/g, ""))) ? "card" : undefined;
}

/** Luhn's sum. */
function isCard(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
