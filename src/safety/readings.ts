// The ways in which a text can be hidden that a caller can ask a model for, undone: spelt out, turned round, put into another alphabet or
// code, one letter to a word. Pure. It knows of no text that is to be found; whoever compares does.
import { plain } from "./words.ts";

/** Case, accents, spaces and everything between letters are no difference: it may be spelt out. */
export const lettersOf = (text: string): string => plain(text).replaceAll(/[^\p{L}\p{N}]/gu, "");
export const plainWords = (text: string): string[] => plain(text).match(/[\p{L}\p{N}]+/gu) ?? [];

export interface Said {
  /** Of what is new, and of as much before it as a piece is long. */
  readonly letters: string;
  /** What was said lately, `fresh` at its end. */
  readonly all: string;
  /** The last of them, enough for a piece that is put into words letter by letter. */
  readonly words: readonly string[];
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

/** What is hidden in it, if anything: for each way of hiding what it would say then. */
export function* readings({ letters, all, words, fresh, reach }: Said): Generator<string> {
  if (letters.length < LEAST) return;
  yield letters.replaceAll(/[a-z]/g, mirrored);
  yield Array.from(letters).toReversed().join("");
  yield letters.replaceAll(/[013457]/g, (digit) => LEET[digit] ?? digit);
  yield words.toReversed().join("").slice(0, reach);
  for (const reading of everySecond(words)) yield reading.slice(-reach);
  yield* everySecond(Array.from(words.join("").slice(-2 * reach)));
  for (const reading of spoken(words)) yield reading.slice(-reach);
  if (/[\u0370-\u04ff]/.test(letters)) yield letters.replaceAll(/[\u0370-\u04ff]/g, (one) => ALIKE.get(one) ?? one);
  // What follows a piece in a code in the open belongs to it as well.
  if (CODED_WORD.test(all.slice(-CODED_BEFORE - fresh.length))) {
    for (const coded of unpacked(all)) yield lettersOf(coded);
    yield lettersOf(inPlace(all));
  }
  if (/\d/.test(fresh)) for (const coded of numbered(all)) yield lettersOf(coded);
  if (/(?:[.·•_–−-]{1,5}[ /|]+){6}|(?:\bd(?:it?|ah?)\b\W+){12}/i.test(all)) yield morse(all);
}

/** Which letter comes how far after the one before: the same however far the alphabet was shifted (rot13, Caesar). */
export function stepsOf(letters: string): string {
  let steps = "";
  let before = NaN;
  for (const letter of letters) {
    const code = letter.charCodeAt(0) - 97;
    const isLetter = code >= 0 && code < 26;
    steps += !isLetter ? letter : Number.isNaN(before) ? "#" : String.fromCharCode(97 + ((code - before + 26) % 26));
    before = isLetter ? code : NaN;
  }
  return steps;
}

export const initialsOf = (words: readonly string[]): string => words.map((word) => word.slice(0, 1)).join("");

const mirrored = (letter: string): string => String.fromCharCode(219 - letter.charCodeAt(0));

/** With something put between the parts. */
function* everySecond(parts: readonly string[]): Generator<string> {
  for (const phase of [0, 1]) yield parts.filter((_, at) => at % 2 === phase).join("");
}

/** Character by character, by name or by a word that begins with it. */
function* spoken(words: readonly string[]): Generator<string> {
  const said = words.filter((word) => !ASIDE.has(word)).map((word) => DIGITS.get(word) ?? word);
  if (said.filter((word) => word.length === 1).length >= LEAST / 2) yield said.join("");
  yield initialsOf(said);
  if (said.length < words.length) yield initialsOf(words);
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
