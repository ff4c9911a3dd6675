// Words for the search by words. They are cut out here and not by the database: a database's own way depends on the language it was
// made with, and none of them knows where words end in Chinese, Japanese or Thai.

/** Words of one question; whoever asks more has asked for everything. */
const MOST_WORDS = 40;
/** Letters of a word that is compared by its beginning, so that endings do not matter: words this long lose so many. */
const ENDINGS = [
  { from: 6, cut: 2 },
  { from: 4, cut: 1 },
];

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** Lower case, each once, in order. */
export function wordsIn(text: string): string[] {
  const words = new Set<string>();
  for (const { segment, isWordLike } of segmenter.segment(text.normalize("NFKC").toLowerCase())) {
    // What PostgreSQL would take for syntax is no part of a word.
    const word = isWordLike ? segment.replaceAll(/[^\p{L}\p{M}\p{N}]/gu, "") : "";
    if (word !== "") words.add(word);
  }
  return [...words];
}

/** A tsquery that any of the words fits, by its beginning; undefined where there is no word. */
export function anyOf(text: string): string | undefined {
  const words = wordsIn(text).slice(0, MOST_WORDS);
  if (words.length === 0) return undefined;
  return words.map((word) => `'${beginning(word)}':*`).join(" | ");
}

function beginning(word: string): string {
  const { cut } = ENDINGS.find(({ from }) => word.length >= from) ?? { cut: 0 };
  // Not between the halves of a surrogate pair.
  return word.slice(0, word.length - cut).replace(/[\ud800-\udbff]$/, "");
}
