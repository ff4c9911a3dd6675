// Text as rules see it: words without case, accents and punctuation, and where its clauses end. Pure and linear.

export interface Words {
  readonly words: readonly string[];
  /** For each word the number of the clause it stands in. */
  readonly clauses: readonly number[];
}

/** Characters that are not there as far as anybody reads or hears. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060\ufeff]/g;
const APOSTROPHES = /[\u2018\u2019\u02bc\u0060\u00b4]/g;
const ACCENTS = /[\u0300-\u036f]/g;
/** "can't" is one word and "j'ai" is two. */
const CONTRACTION = /'(?=(?:t|s|m|d|re|ve|ll)(?![\p{L}\p{N}]))/gu;
/** Scripts that are written without spaces are read character by character. */
const TOKEN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[^\P{L}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+|\p{N}+|[.,;:!?\u2026\u00bf\u00a1()\n\u3001\u3002\uff0c\u060c\u061f-]/gu;
const HAS_LETTERS = /[\p{L}\p{N}]/u;
/** A hyphen joins words and ends no clause, unless it stands alone. */
const HYPHEN = "-";

const NOT_ASCII = /[^\t\n -~]/;

/** Case, accents, width and apostrophes made alike. */
export function plain(text: string): string {
  // Most of what is said in English, at a third of the cost: the same, without what such a text cannot have in it.
  if (!NOT_ASCII.test(text)) return text.toLowerCase().replaceAll("`", "'").replace(CONTRACTION, "");
  return text
    .replace(INVISIBLE, "")
    .replace(APOSTROPHES, "'")
    .normalize("NFKD")
    .replace(ACCENTS, "")
    .toLowerCase()
    .replaceAll("\u00df", "ss")
    .replace(CONTRACTION, "");
}

/** Of a token; most are seen by where their first letter stands in ASCII, where figures and small letters stand apart from the rest. */
function isWord(token: string): boolean {
  const code = token.charCodeAt(0);
  return code < 0x80 ? code >= 0x61 || (code >= 0x30 && code <= 0x39) : HAS_LETTERS.test(token);
}

export function wordsOf(text: string): Words {
  const words: string[] = [];
  const clauses: number[] = [];
  append(text, 0, words, clauses);
  return { words, clauses };
}

/**
 * Reads a text that comes again and again, each time with more at its end, as `wordsOf` does: no rule above looks across a space, so that
 * what stands before the last one is not read twice. What it returns is true until it is asked again.
 */
export function createGrowingWords(): (text: string) => Words {
  const words: string[] = [];
  const clauses: number[] = [];
  /** All up to its last space. */
  let begun = "";
  let kept = 0;
  let clause = 0;
  return (text) => {
    if (!text.startsWith(begun)) {
      begun = "";
      kept = 0;
      clause = 0;
    }
    words.length = clauses.length = kept;
    const end = text.lastIndexOf(" ") + 1;
    if (end > begun.length) {
      clause = append(text.slice(begun.length, end), clause, words, clauses);
      begun = text.slice(0, end);
      kept = words.length;
    }
    append(text.slice(end), clause, words, clauses);
    return { words, clauses };
  };
}

/** Returns the clause that the text ends in. */
function append(text: string, begins: number, words: string[], clauses: number[]): number {
  let clause = begins;
  for (const token of plain(text).match(TOKEN) ?? []) {
    if (isWord(token)) {
      words.push(token);
      clauses.push(clause);
    } else if (token !== HYPHEN) clause++;
  }
  return clause;
}
