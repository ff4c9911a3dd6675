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
const IS_WORD = /[\p{L}\p{N}]/u;
/** A hyphen joins words and ends no clause, unless it stands alone. */
const HYPHEN = "-";

/** Case, accents, width and apostrophes made alike. */
export function plain(text: string): string {
  return text
    .replace(INVISIBLE, "")
    .replace(APOSTROPHES, "'")
    .normalize("NFKD")
    .replace(ACCENTS, "")
    .toLowerCase()
    .replaceAll("\u00df", "ss")
    .replace(CONTRACTION, "");
}

export function wordsOf(text: string): Words {
  const words: string[] = [];
  const clauses: number[] = [];
  let clause = 0;
  for (const [token] of plain(text).matchAll(TOKEN)) {
    if (IS_WORD.test(token)) {
      words.push(token);
      clauses.push(clause);
    } else if (token !== HYPHEN) clause++;
  }
  return { words, clauses };
}
