// Whether a phrase that was found is meant: denied in its clause ("no chest pain"), part of a figure of speech ("fire sale"), or
// told of another time ("ten years ago"). When in doubt it is meant: a false alarm costs a call to a human, a missed one a life.
import { createMatcher, phrasesIn, type Found } from "./matcher.ts";
import type { RuleBook } from "./rules/index.ts";
import { wordsOf, type Words } from "./words.ts";

/** How far before a phrase its denial may stand, in words. */
const REACH = 5;

interface Denials {
  readonly strict: ReadonlySet<string>;
  readonly before: ReadonlySet<string>;
  readonly between: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
}

export interface Reading {
  /** Denied in one of these languages; all of them where none is given. */
  isDenied(found: Found<unknown>, book?: RuleBook): boolean;
  /** A figure of speech covers a word of it, or its clause is about another time. */
  isHarmless(found: Found<unknown>): boolean;
}

export function createReader(books: readonly RuleBook[]): (words: Words) => Reading {
  const denials = new Map(books.map((book) => [book, denialsOf(book)]));
  const all = [...denials.values()];
  const harmless = createMatcher(
    books.flatMap((book) => phrasesIn(book.harmless).map((phrase) => ({ tag: 0, phrase }))),
  );
  const elsewhere = createMatcher(
    books.flatMap((book) => phrasesIn(book.elsewhere).map((phrase) => ({ tag: 0, phrase }))),
  );

  return ({ words, clauses }) => {
    const covered = new Set<number>();
    for (const { from, to } of harmless.find(words)) for (let at = from; at < to; at++) covered.add(at);
    const away = new Set(elsewhere.find(words).map(({ from }) => clauses[from]));

    function denied({ from, to }: Found<unknown>, { strict, before, between, after }: Denials): boolean {
      const clause = clauses[from];
      if (clauses[to] === clauses[to - 1] && after.has(words[to] ?? "")) return true;
      for (let at = from - 1; at >= Math.max(0, from - REACH) && clauses[at] === clause; at--) {
        const word = words[at] as string;
        if (before.has(word) || (at === from - 1 && strict.has(word))) return true;
        if (!between.has(word)) return false;
      }
      return false;
    }

    return {
      isDenied(found, book) {
        const own = book && denials.get(book);
        return own ? denied(found, own) : all.some((denial) => denied(found, denial));
      },
      isHarmless({ from, to }) {
        for (let at = from; at < to; at++) if (covered.has(at) || away.has(clauses[at])) return true;
        return false;
      },
    };
  };
}

function denialsOf(book: RuleBook): Denials {
  const set = (text: string): ReadonlySet<string> => new Set(wordsOf(text).words);
  return {
    strict: set(book.strictNegators),
    before: set(book.negators),
    between: set(book.between),
    after: set(book.negatorsAfter),
  };
}
