// The ways in which a text can be hidden that a caller can ask a model for, undone: spelt out, turned round, put into another alphabet or
// code, one letter to a word. Pure. It knows of no text that is to be found; whoever compares does.
import type { RecentWords } from "./recent-words.ts";
import { plain } from "./words.ts";

/** Case, accents, spaces and everything between letters are no difference: it may be spelt out. */
export const lettersOf = (text: string): string => plain(text).replaceAll(/[^\p{L}\p{N}]/gu, "");
export const plainWords = (text: string): string[] => plain(text).match(/[\p{L}\p{N}]+/gu) ?? [];

export interface Said {
  /** Of what is new, and of as much before it as a piece is long. */
  readonly letters: string;
  /** What was said lately, `fresh` at its end. */
  readonly all: string;
  /** The last words of it, enough for a piece that is put into words letter by letter. */
  readonly recent: RecentWords;
  readonly fresh: string;
  /** Letters of what is new and of a piece: further from the new end nothing has to be read again. */
  readonly reach: number;
}

/** Less than this cannot hold anything. */
const LEAST = 12;
/** Hardly a word of any language: the long ones of some have no capital and no figure in them. */
const CODED_WORD = /(?=[A-Za-z0-9+/_-]{16})[A-Za-z0-9+/_-][a-z-]{0,14}[A-Z0-9+/_]|%[0-9a-fA-F]{2}/;
/** Characters before what is new in which a code may stand that what is new completes. */
const CODED_BEFORE = 96;
const LEET: Readonly<Record<string, string>> = { 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t" };

/** Digits as they are said, in the languages that are spoken here and their neighbours. */
const DIGITS: ReadonlyMap<string, string> = new Map(
  [
    "zero oh null nul cero zéro nulla",
    "one eins ein un une uno",
    "two zwei zwo deux dos due",
    "three drei trois tres tre",
    "four vier quatre cuatro quattro",
    "five funf cinq cinco cinque",
    "six sechs seis sei",
    "seven sieben sept siete sette",
    "eight acht huit ocho otto",
    "nine neun neuf nueve nove",
  ].flatMap((said, digit) => plainWords(said).map((word) => [word, String(digit)] as const)),
);
/** Said of a character, or in place of one that is no letter. */
const ASIDE: ReadonlySet<string> = new Set(
  plainWords(
    "dash hyphen minus underscore dot point slash space comma colon capital uppercase lowercase upper lower case small letter big " +
      "bindestrich strich unterstrich punkt gross klein grosses kleines tiret majuscule minuscule point espace " +
      "guion guión mayuscula minuscula punto trattino maiuscola minuscola",
  ),
);
/** Letters of other alphabets that look like ours. */
const ALIKE: ReadonlyMap<string, string> = new Map(
  [
    ..."аa вb еe кk мm нh оo рp сc тt уy хx іi јj ѕs".split(" "),
    ..."αa βb εe ηn ιi κk μm νv οo ρp τt υu χx".split(" "),
  ].map((pair) => [pair.slice(0, 1), pair.slice(1)] as const),
);
const MORSE: ReadonlyMap<string, string> = new Map(
  (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. " +
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
  )
    .split(" ")
    .map((code, at) => [code, "abcdefghijklmnopqrstuvwxyz0123456789"[at] ?? ""] as const),
);

/** Letters of a text at regular places: where the first one stands, and how far on the next. Some readings need not be written out. */
export interface Row {
  readonly text: string;
  readonly first: number;
  readonly step: number;
}

/**
 * What is hidden in it, if anything: for each way of hiding what it would say then. Not as it is and not mirrored: whoever compares has
 * looked through it as it came, and has what is to be found mirrored.
 */
export function* readings({ letters, all, recent, fresh, reach }: Said): Generator<Row> {
  const { words, spoken, mayBeCoded, mayBeMorse } = recent;
  if (letters.length < LEAST) return;
  yield turned(letters);
  if (/[013457]/.test(letters)) yield row(letters.replaceAll(/[013457]/g, (digit) => LEET[digit] ?? digit));
  const last = words.length - 1;
  yield row(wordsBackwards(words, reach));
  for (const phase of [0, 1]) yield row(lastOf(words, last - ((last - phase) & 1), 2, reach));
  yield* everySecond(lastOf(words, last, 1, 2 * reach));
  for (const reading of inCharacters(words, spoken, reach)) yield row(reading);
  if (/[\u0370-\u04ff]/.test(letters))
    yield row(letters.replaceAll(/[\u0370-\u04ff]/g, (one) => ALIKE.get(one) ?? one));
  // What follows a piece in a code in the open belongs to it as well.
  if (mayBeCoded && CODED_WORD.test(all.slice(-CODED_BEFORE - fresh.length))) {
    for (const coded of unpacked(all)) yield row(lettersOf(coded));
    yield row(lettersOf(inPlace(all)));
  }
  if (/\d/.test(fresh)) for (const coded of numbered(all)) yield row(lettersOf(coded));
  if (mayBeMorse && /(?:[.·•_–−-]{1,5}[ /|]+){6}|(?:\bd(?:it?|ah?)\b\W+){12}/i.test(all)) yield row(morse(all));
}

/** Which letter comes how far after the one before: the same however far the alphabet was shifted (rot13, Caesar). */
export function stepsOf(letters: string): string {
  let steps = "";
  let before = NaN;
  for (let at = 0; at < letters.length; at++) {
    const code = letters.charCodeAt(at) - 97;
    const isLetter = code >= 0 && code < 26;
    steps += !isLetter
      ? letters[at]
      : Number.isNaN(before)
        ? "#"
        : String.fromCharCode(97 + ((code - before + 26) % 26));
    before = isLetter ? code : NaN;
  }
  return steps;
}

export function initialsOf(words: readonly string[]): string {
  let initials = "";
  for (const word of words) initials += word.slice(0, 1);
  return initials;
}

/** In the alphabet turned round (atbash): once more, and it is as it was. */
export function mirror(letters: string): string {
  let mirrored = "";
  for (let at = 0; at < letters.length; at++) {
    const code = letters.charCodeAt(at);
    mirrored += String.fromCharCode(code >= 97 && code <= 122 ? 219 - code : code);
  }
  return mirrored;
}

const row = (text: string): Row => ({ text, first: 0, step: 1 });

/** Letters of two units are no letters any more when they are taken apart. */
const ASTRAL = /[\ud800-\udfff]/;

const turned = (letters: string): Row =>
  ASTRAL.test(letters)
    ? row(Array.from(letters).toReversed().join(""))
    : { text: letters, first: letters.length - 1, step: -1 };

/** With something put between the letters. */
function everySecond(letters: string): Row[] {
  const isAstral = ASTRAL.test(letters);
  return [0, 1].map((phase) =>
    isAstral
      ? row(
          Array.from(letters)
            .filter((_, at) => at % 2 === phase)
            .join(""),
        )
      : { text: letters, first: phase, step: 2 },
  );
}

/** The letters at the end of words, of each or of every second one up to the one at `last`. */
function lastOf(words: readonly string[], last: number, step: number, length: number): string {
  let text = "";
  for (let at = last; at >= 0 && text.length < length; at -= step) text = `${words[at] ?? ""}${text}`;
  return text.slice(-length);
}

function wordsBackwards(words: readonly string[], length: number): string {
  let text = "";
  for (let at = words.length - 1; at >= 0 && text.length < length; at--) text += words[at] ?? "";
  return text.slice(0, length);
}

/** Words as the characters that they name. */
export const spokenOf = (words: readonly string[]): string[] =>
  words.filter((word) => !ASIDE.has(word)).map((word) => DIGITS.get(word) ?? word);

/** Character by character, by name or by a word that begins with it. */
function* inCharacters(words: readonly string[], spoken: readonly string[], reach: number): Generator<string> {
  let single = 0;
  for (const { length } of spoken) if (length === 1) single++;
  if (single >= LEAST / 2) yield lastOf(spoken, spoken.length - 1, 1, reach);
  yield initialsOf(spoken.slice(-reach));
  if (spoken.length < words.length) yield initialsOf(words.slice(-reach));
}

function* unpacked(text: string): Generator<string> {
  // A sentence cutter may have put spaces in.
  const packed = text.replaceAll(/\s+/g, "");
  for (const [token] of packed.matchAll(/[A-Za-z0-9+/_-]{24,}/g))
    // Where it began is not known any more.
    for (let offset = 0; offset < 4; offset++) yield Buffer.from(token.slice(offset), "base64").toString("latin1");
  for (const [token] of packed.matchAll(/(?:[0-9a-f]{2}){16,}/gi)) {
    yield Buffer.from(token, "hex").toString("latin1");
    yield Buffer.from(token.slice(1), "hex").toString("latin1");
  }
  if (/%[0-9a-f]{2}/i.test(text))
    yield text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Half in the open and half in a code: each part in its place. */
function inPlace(text: string): string {
  return text.replaceAll(/[A-Za-z0-9+/_-]{12,}={0,2}/g, (token) => {
    const isHex = /^(?:[0-9a-f]{2})+$/i.test(token);
    const found = Buffer.from(token, isHex ? "hex" : "base64").toString("latin1");
    return /^[\x20-\x7e\s]+$/.test(found) ? found : token;
  });
}

function* numbered(text: string): Generator<string> {
  const numbers = text.match(/\b\d{2,3}\b/g) ?? [];
  if (numbers.length >= LEAST) yield String.fromCharCode(...numbers.map(Number));
  const binary = text.match(/\b[01]{8}\b/g) ?? [];
  if (binary.length >= LEAST) yield String.fromCharCode(...binary.map((bits) => Number.parseInt(bits, 2)));
}

/** Written or said. */
const morse = (text: string): string =>
  text
    .replaceAll(/\b(?:dit?|dah?)(?:-(?:dit?|dah?))*\b/gi, (code) =>
      code.replaceAll(/[^-]+-?/g, (sign) => (/^di/i.test(sign) ? "." : "-")),
    )
    .replaceAll(/[·•]/g, ".")
    .replaceAll(/[_–−]/g, "-")
    .split(/[\s/|]+/)
    .map((code) => MORSE.get(code) ?? "")
    .join("");
