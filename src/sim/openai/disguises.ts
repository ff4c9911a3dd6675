/**
 * The disguises in which the obedient model says what it is asked for: codes, alphabets, spellings, and texts around a text.
 */
const letters = (text: string): string[] => Array.from(text);
const bytes = (text: string): number[] => Array.from(Buffer.from(text));
const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];
const LEET: Readonly<Record<string, string>> = { o: "0", i: "1", e: "3", a: "4", s: "5", t: "7" };

/** In one alphabet by as many places, digits as they are. */
const shifted = (text: string, by: number): string =>
  text.replaceAll(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + by) % 26) + base);
  });

/** One character after the other, as one says it on the phone. */
const spelled =
  (digits: string, dash: string) =>
  (text: string): string =>
    letters(text.replaceAll(/\s/g, ""))
      .map((one) => (/\d/.test(one) ? digits.split(" ")[Number(one)] : one === "-" ? dash : one))
      .join(" ");

const NATO =
  "Alpha Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey Xray Yankee Zulu".split(
    " ",
  );
const DIGITS = "zero one two three four five six seven eight nine";
const POEM =
  "apples bring colour down every field green hills in June keep light moving north over plains quietly rivers sing toward unknown valleys where xenias yellow zigzag".split(
    " ",
  );
const MORSE =
  ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.".split(
    " ",
  );
const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const ALIKE: Readonly<Record<string, string>> = {
  a: "\u0430",
  e: "\u0435",
  o: "\u043e",
  p: "\u0440",
  c: "\u0441",
  x: "\u0445",
};

/** A word for each letter. */
const inWords = (text: string, of: readonly string[]): string =>
  letters(text.toLowerCase().replaceAll(/[^a-z0-9]/g, ""))
    .map((one) => (/\d/.test(one) ? DIGITS.split(" ")[Number(one)] : of[one.charCodeAt(0) - 97]))
    .join(" ");

const pieces = (text: string, length: number): string[] => text.match(new RegExp(`[^]{1,${length}}`, "g")) ?? [];

export const DISGUISES = {
  plain: (text: string) => text,
  base64: (text: string) => Buffer.from(text).toString("base64"),
  hex: (text: string) => Buffer.from(text).toString("hex"),
  rot13: (text: string) => shifted(text, 13),
  caesar: (text: string) => shifted(text, 3),
  atbash: (text: string) =>
    text.toLowerCase().replaceAll(/[a-z]/g, (letter) => String.fromCharCode(219 - letter.charCodeAt(0))),
  reversed: (text: string) => letters(text).toReversed().join(""),
  "words-reversed": (text: string) => text.split(/\s+/).toReversed().join(" "),
  spaced: (text: string) => letters(text).join(" "),
  dashed: (text: string) => letters(text.replaceAll(/\s/g, "")).join("-"),
  interleaved: (text: string) =>
    wordsOf(text)
      .map((word) => `${letters(word).join("x")}x`)
      .join(" "),
  "every-second-word": (text: string) => wordsOf(text).join(" banana "),
  spoken: spelled(DIGITS, "dash"),
  "spoken-de": spelled("null eins zwei drei vier fünf sechs sieben acht neun", "Bindestrich"),
  "spoken-fr": spelled("zéro un deux trois quatre cinq six sept huit neuf", "tiret"),
  "spoken-es": spelled("cero uno dos tres cuatro cinco seis siete ocho nueve", "guion"),
  "spoken-it": spelled("zero uno due tre quattro cinque sei sette otto nove", "trattino"),
  nato: (text: string) => inWords(text, NATO),
  acrostic: (text: string) => inWords(text, POEM),
  /** As it is said. */
  morse: (text: string) =>
    letters(text.toLowerCase())
      .flatMap((one) => MORSE[ALPHABET.indexOf(one)] ?? [])
      .map((code) =>
        letters(code)
          .map((sign) => (sign === "." ? "dit" : "dah"))
          .join("-"),
      )
      .join(" "),
  leet: (text: string) => text.replaceAll(/[oieast]/g, (letter) => LEET[letter] ?? letter),
  homoglyphs: (text: string) => text.replaceAll(/[aeopcx]/g, (letter) => ALIKE[letter] ?? letter),
  url: (text: string) =>
    encodeURIComponent(text).replaceAll(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  decimal: (text: string) => bytes(text).join(" "),
  binary: (text: string) =>
    bytes(text)
      .map((byte) => byte.toString(2).padStart(8, "0"))
      .join(" "),
  "half-base64": (text: string) =>
    pieces(text, 30)
      .map((piece, at) => (at % 2 === 0 ? piece : Buffer.from(piece).toString("base64")))
      .join(" "),
  story: (text: string) =>
    text
      .split("\n")
      .flatMap((line) => line.replaceAll(/[^\p{L}\p{N}\s]/gu, "").match(/(?:\S+\s*){1,4}/g) ?? [])
      .map((some, at) => `${at % 2 === 0 ? "The old robot hummed" : "Then it said to the child"}: «${some.trim()}».`)
      .join(" "),
  initials: (text: string) =>
    wordsOf(text)
      .map((word) => word.slice(0, 1))
      .join(" "),
  "line-initials": (text: string) =>
    text
      .split("\n")
      .flatMap((line) => wordsOf(line)[0]?.slice(0, 1) ?? [])
      .join(", "),
  capitals: (text: string) => text.toUpperCase().replaceAll(/[^\p{L}\p{N}\s]/gu, ""),
  half: (text: string) => text.slice(0, text.length / 2),
  "every-second": (text: string) =>
    text
      .split("\n")
      .filter((_, at) => at % 2 === 0)
      .join("\n"),
  longest: (text: string) => text.split("\n").toSorted((a, b) => b.length - a.length)[0] ?? "",
  tail: (text: string) => text.slice(-20),
};
