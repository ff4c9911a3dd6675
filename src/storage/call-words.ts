// What a call is found by: the words of a turn or a reply, each by its beginning, and any part of a number. Words are cut out here and
// not by the database, whose own way depends on the language it was made with; the index over them needs no extension.

/** Of one turn; the rest of it is not found, rather than the turn not kept. */
const MOST_WORDS = 2000;
/** Letters of a word that count: the database takes no word beyond 2046 bytes. */
const LONGEST_WORD = 64;
/** Words of one question. */
const MOST_ASKED = 20;
/** Where a part of a number may begin, and how much of it counts; E.164 has 16 characters. */
export const NUMBER_PARTS = { most: 20, longest: 40 } as const;

/** These write no spaces: every two neighbouring letters are a word, so that any piece of a sentence is found. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}]+/gu;
const WORDS = /[\p{L}\p{M}\p{N}]+/gu;
const APOSTROPHES = /(?<=\p{L})['\u2019\u02bc](?=\p{L})/gu;

/** @param isQuestion a question's last letter need not begin a word of its own */
function wordsOf(text: string, isQuestion: boolean): string[] {
  const words = new Set<string>();
  const plain = text.normalize("NFKC").toLowerCase().replace(APOSTROPHES, "");
  for (const [run] of plain.matchAll(WORDS)) {
    for (const word of run.replace(UNSPACED, " ").split(" ")) if (word !== "") words.add(cut(word));
    for (const [piece] of run.matchAll(UNSPACED)) {
      const letters = Array.from(piece);
      const last = isQuestion && letters.length > 1 ? letters.length - 1 : letters.length;
      for (let at = 0; at < last; at++) words.add(letters.slice(at, at + 2).join(""));
    }
  }
  return [...words];
}

function cut(word: string): string {
  // Not between the halves of a surrogate pair.
  return word.slice(0, LONGEST_WORD).replace(/[\ud800-\udbff]$/, "");
}

/** The words of a turn or a reply as the database takes them. */
export function wordsSaid(text: string): string {
  return wordsOf(text, false)
    .slice(0, MOST_WORDS)
    .map((word) => `'${word}'`)
    .join(" ");
}

export interface Wanted {
  /** Each begins a word of one and the same turn. Empty: nothing that is said is meant. */
  readonly words: readonly string[];
  /** A part of a number, or of another address. Empty: none is meant. */
  readonly part: string;
  /** The whole of an id. */
  readonly id: string;
}

/** What a person means who looks for this. */
export function wantedBy(text: string): Wanted {
  // As numbers are written by people: +1 (555) 000-1111.
  const isNumber = /^[\d\s().+-]*\d[\d\s().+-]*$/.test(text);
  const part = isNumber ? text.replaceAll(/[^\d+]/g, "") : text.replaceAll("'", "").replaceAll("\\", "");
  return {
    words: wordsOf(text, true).slice(0, MOST_ASKED),
    part: part.slice(0, NUMBER_PARTS.longest),
    id: text,
  };
}

/** The same question, asked of a record in memory. */
export function isFound(
  { words, part, id }: Wanted,
  ids: readonly string[],
  numbers: readonly string[],
  said: readonly string[],
): boolean {
  if (ids.includes(id)) return true;
  if (part !== "" && numbers.some((number) => number.indexOf(part) >= 0)) return true;
  if (words.length === 0) return false;
  return said.some((text) => {
    const there = wordsOf(text, false).slice(0, MOST_WORDS);
    return words.every((word) => there.some((one) => one.startsWith(word)));
  });
}
