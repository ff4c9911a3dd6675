// How far what was spoken strays from what was to be spoken. Speech of exact words is only asked for, never guaranteed, so
// every reply is measured.

/** Words compared; the rest of a longer text is not looked at. */
const WORDS = 400;

/**
 * Word error rate: words inserted, left out or exchanged per word asked for, at most 1. Case, punctuation and accents of
 * width do not count; digits do. Languages without spaces are compared by character.
 */
export function divergence(asked: string, spoken: string): number {
  const wanted = wordsOf(asked);
  const said = wordsOf(spoken);
  if (wanted.length === 0) return said.length === 0 ? 0 : 1;
  return Math.min(1, distance(wanted, said) / wanted.length);
}

function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKC").toLowerCase().replaceAll(/['’]/g, "");
  const words = plain.match(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}\p{M}]+/gu,
  );
  return (words ?? []).slice(0, WORDS);
}

/** Levenshtein distance over words, two rows at a time. */
function distance(from: readonly string[], to: readonly string[]): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const kept = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(kept, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
