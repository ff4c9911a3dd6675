// The words of what was said lately, out of a text that only grows: what stands before its last space is read once and kept. Pure.
import { plainWords, spokenOf } from "./readings.ts";

export interface RecentWords {
  readonly words: readonly string[];
  /** The same, each as the character that it names where it names one, without what is only said of a character. */
  readonly spoken: readonly string[];
  /** False: no code stands in these words, and no signs of Morse's in all that is remembered. */
  readonly mayBeCoded: boolean;
  readonly mayBeMorse: boolean;
}

interface Stretch extends RecentWords {
  readonly text: string;
}

/** There is no code without one of these, and no space in any of them. */
const CODED = /[A-Za-z0-9+/_-]{16}|%/;
/** Of six signs in a row one stands alone between spaces, unless they are divided by something else. */
const SIGNS = /(?:^| )[.·•_–−-]+(?= |$)|[/|]|\bd(?:it?|ah?)\b/i;

/** Returns what takes more of the text, and then reads the words in so many characters at its end, as if nothing stood before them. */
export function createRecentWords(remembered: number): (more: string, length: number) => RecentWords {
  /** Each ends with a space. */
  let stretches: Stretch[] = [];
  let rest = "";

  return (more, length) => {
    const text = rest + more;
    const end = text.lastIndexOf(" ") + 1;
    if (end > 0) stretches.push(stretchOf(text.slice(0, end)));
    rest = text.slice(end).slice(-remembered - more.length);

    const last = stretchOf(rest);
    const near = [endOf(last, length)];
    let total = rest.length;
    let first = stretches.length;
    while (first > 0 && total < remembered + more.length) {
      const stretch = stretches[--first] as Stretch;
      if (total < length) near.unshift(endOf(stretch, length - total));
      total += stretch.text.length;
    }
    stretches = stretches.slice(first);
    const none: readonly string[] = [];
    return {
      words: none.concat(...near.map(({ words }) => words)),
      spoken: none.concat(...near.map(({ spoken }) => spoken)),
      mayBeCoded: near.some(({ mayBeCoded }) => mayBeCoded),
      mayBeMorse: last.mayBeMorse || stretches.some(({ mayBeMorse }) => mayBeMorse),
    };
  };
}

function stretchOf(text: string): Stretch {
  return { text, ...wordsIn(text), mayBeCoded: CODED.test(text), mayBeMorse: SIGNS.test(text) };
}

function wordsIn(text: string): Pick<Stretch, "words" | "spoken"> {
  const words = plainWords(text);
  return { words, spoken: spokenOf(words) };
}

const endOf = (stretch: Stretch, length: number): Stretch =>
  stretch.text.length <= length ? stretch : { ...stretch, ...wordsIn(stretch.text.slice(-length)) };
