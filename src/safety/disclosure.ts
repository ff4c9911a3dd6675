// Whether what the agent says gives away what is nobody's to hear: its instructions, word for word, or a secret of the program. Pure,
// outside of any model, and looked at before it is heard. What is meant to be said (facts, greetings, questions) is no disclosure, and
// what is told in other words is not seen here.
import { plain } from "./words.ts";

export interface Protected {
  /** Their lines are what is compared. */
  readonly instructions: string;
  /** Stands in the instructions and is there to be said. */
  readonly sayable: readonly string[];
  /** Keys, tokens and the like. */
  readonly secrets: readonly string[];
  /** A word of the instructions that stands nowhere else: it survives a translation. */
  readonly canary: string;
}

/** Of one call; remembers the end of what was said before, so that nothing is given away piece by piece. */
export interface DisclosureWatch {
  /** What is given away by these words: a whole piece, or a longer beginning of the piece before. */
  read(text: string): "instructions" | "secret" | undefined;
}

export interface DisclosureRules {
  forCall(): DisclosureWatch;
}

/** Letters and digits in a row of one line: about a dozen words. A run of WINDOW + STRIDE is always found. */
const WINDOW = 48;
const STRIDE = 12;
/** As much of a secret as can be no coincidence. */
const SECRET_PART = 12;
const REMEMBERED = 800;

export function createDisclosureRules({ instructions, sayable, secrets, canary }: Protected): DisclosureRules {
  const open = sayable.map(lettersOf).join("\n");
  const windows = new Set<string>();
  for (const line of instructions.split("\n")) {
    const letters = lettersOf(line);
    for (let at = 0; at + WINDOW <= letters.length; at += STRIDE) {
      const window = letters.slice(at, at + WINDOW);
      if (!open.includes(window)) windows.add(window);
    }
  }
  const mark = lettersOf(canary);
  const parts = new Set(secrets.flatMap((secret) => partsOf(lettersOf(secret))));

  function givesAway(letters: string): "instructions" | "secret" | undefined {
    if (mark && letters.includes(mark)) return "instructions";
    for (let at = 0; at + SECRET_PART <= letters.length; at++)
      if (parts.has(letters.slice(at, at + SECRET_PART))) return "secret";
    for (let at = 0; at + WINDOW <= letters.length; at++)
      if (windows.has(letters.slice(at, at + WINDOW))) return "instructions";
    return undefined;
  }

  return {
    forCall() {
      let last = "";
      /** The end of all that was said, and its letters. */
      let heard = "";
      let tail = "";
      return {
        read(text) {
          // A reply that is being transcribed comes again and again, each time with a few words more: what was read is not read twice.
          const isMore = last !== "" && text.startsWith(last);
          const fresh = isMore ? text.slice(last.length) : text;
          last = text;
          const all = `${heard}${isMore ? "" : " "}${fresh}`;
          const letters = `${tail}${lettersOf(fresh)}`;
          heard = all.slice(-REMEMBERED);
          tail = letters.slice(-WINDOW);
          for (const reading of readings(letters, all, fresh)) {
            const found = givesAway(reading);
            if (found) return found;
          }
          return undefined;
        },
      };
    },
  };
}

/** Case, accents, spaces and everything between letters are no difference: it may be spelt out. */
const lettersOf = (text: string): string => plain(text).replaceAll(/[^\p{L}\p{N}]/gu, "");

function partsOf(secret: string): string[] {
  if (secret.length < SECRET_PART) return [];
  return Array.from({ length: secret.length - SECRET_PART + 1 }, (_, at) => secret.slice(at, at + SECRET_PART));
}

/** Ways to hide a text that a caller can ask a model for, undone. */
function* readings(letters: string, all: string, fresh: string): Generator<string> {
  yield letters;
  if (letters.length < SECRET_PART) return;
  yield letters.replaceAll(/[a-z]/g, rot13);
  yield Array.from(letters).toReversed().join("");
  yield letters.replaceAll(/[013457]/g, (digit) => LEET[digit] ?? digit);
  yield lettersOf(all.split(/\s+/).slice(-REVERSED_WORDS).toReversed().join(" "));
  if (CODED_WORD.test(fresh)) for (const coded of unpacked(all)) yield lettersOf(coded);
  if (/\d/.test(fresh)) for (const coded of numbered(all)) yield lettersOf(coded);
}

/** Enough for a window of them. */
const REVERSED_WORDS = 20;
/** Hardly a word of any language. */
const CODED_WORD = /[A-Za-z0-9+/_-]{16}|%[0-9a-f]{2}/i;
const LEET: Readonly<Record<string, string>> = { 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t" };
const rot13 = (letter: string): string => String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97);

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

function* numbered(text: string): Generator<string> {
  const numbers = text.match(/\b\d{2,3}\b/g) ?? [];
  if (numbers.length >= SECRET_PART) yield String.fromCharCode(...numbers.map(Number));
  const binary = text.match(/\b[01]{8}\b/g) ?? [];
  if (binary.length >= SECRET_PART) yield String.fromCharCode(...binary.map((bits) => Number.parseInt(bits, 2)));
}
