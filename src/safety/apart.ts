// Finds rules whose parts stand apart in one clause, in order: "can't ... breathe" is in "I can't seem to breathe". One pass of the
// automaton finds all parts of all rules; joining them costs a step for each part found, so that the time stays linear in the text.
import { createMatcher, variants, type Found } from "./matcher.ts";
import type { Words } from "./words.ts";

/** Words that may stand between two parts. */
const GAP = 5;
const BETWEEN = "...";

interface Part {
  readonly rule: number;
  readonly at: number;
}

export interface ApartMatcher<Tag> {
  find(words: Words): Found<Tag>[];
}

/** @param rules one a line, parts divided by three dots, each with its variants: "{my|his} chest ... {hurts|aches}". */
export function createApart<Tag>(rules: Iterable<{ readonly tag: Tag; readonly lines: string }>): ApartMatcher<Tag> {
  const known: { readonly tag: Tag; readonly phrase: string; readonly parts: number }[] = [];
  const phrases: { tag: Part; phrase: string }[] = [];
  for (const { tag, lines } of rules)
    for (const line of lines.split("\n").map((text) => text.trim())) {
      if (line === "") continue;
      const parts = line.split(BETWEEN);
      for (const [at, part] of parts.entries()) {
        const one: Part = { rule: known.length, at };
        for (const phrase of variants(part)) phrases.push({ tag: one, phrase });
      }
      known.push({ tag, phrase: line, parts: parts.length });
    }
  const matcher = createMatcher(phrases);

  return {
    find({ words, clauses }) {
      const parts = matcher.find(words);
      if (parts.length === 0) return [];
      const found: Found<Tag>[] = [];
      /** How far each rule has come: where its first part began, and where its last one ended. */
      const begun = new Map<number, ({ readonly from: number; readonly to: number } | undefined)[]>();
      // They come in the order of their ends.
      for (const { tag, from, to } of parts) {
        const places = begun.get(tag.rule) ?? [];
        begun.set(tag.rule, places);
        const before = tag.at === 0 ? { from, to: from } : places[tag.at - 1];
        if (!before || from < before.to || from - before.to > GAP || clauses[before.from] !== clauses[to - 1]) continue;
        places[tag.at] = { from: before.from, to };
        const rule = known[tag.rule];
        if (rule && tag.at === rule.parts - 1)
          found.push({ tag: rule.tag, phrase: rule.phrase, from: before.from, to });
      }
      return found;
    },
  };
}
