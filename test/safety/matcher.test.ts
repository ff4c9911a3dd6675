// The matcher and the words it reads: whole words in any script, overlapping phrases, and work that grows with the text alone.
import * as fc from "fast-check";
import { createMatcher, phrasesIn, variants } from "../../src/safety/matcher.ts";
import { plain, wordsOf } from "../../src/safety/words.ts";

const matcher = (...phrases: string[]) => createMatcher(phrases.map((phrase) => ({ tag: phrase, phrase })));
const found = (text: string, ...phrases: string[]): string[] =>
  matcher(...phrases)
    .find(wordsOf(text).words)
    .map(({ tag }) => tag);

test.each([
  ["CHEST PAIN!", "chest pain"],
  ["chest-pain", "chest pain"],
  ["Chest,\n pain", "chest pain"],
  ["j’ai mal à la poitrine", "mal a la poitrine"],
  ["Ich kriege KEINE LUFT", "keine Luft"],
  ["die Straße brennt", "strasse brennt"],
  ["ｃａｎ’ｔ breathe", "can't breathe"],
  ["I cant breathe", "can't breathe"],
  ["che\u00adst pain", "chest pain"],
  ["胸が痛いです", "胸が痛い"],
  ["у меня болит грудь", "болит грудь"],
])("%p has %p in it", (text, phrase) => expect(found(text, phrase)).toEqual([phrase]));

test.each([
  ["chest pains", "chest pain"],
  ["a treasurechest pain", "chest pain"],
  ["firefighter", "fire"],
  ["gunther has a gunny", "has a gun"],
  ["", "fire"],
])("%p has no %p in it", (text, phrase) => expect(found(text, phrase)).toEqual([]));

test("phrases within and across one another are all found, with their places", () => {
  const all = matcher("a b c", "b", "b c d", "c").find(wordsOf("x a b c d").words);
  expect(all.map(({ tag, from, to }) => [tag, from, to])).toEqual([
    ["b", 2, 3],
    ["a b c", 1, 4],
    ["c", 3, 4],
    ["b c d", 2, 5],
  ]);
});

test("finds exactly what a search word by word finds", () => {
  const word = fc.constantFrom("a", "b", "c");
  const words = (maxLength: number) => fc.array(word, { minLength: 1, maxLength });
  fc.assert(
    fc.property(fc.array(words(4), { maxLength: 8 }), words(30), (phrases, text) => {
      const given = [...new Set(phrases.map((phrase) => phrase.join(" ")))];
      const naive = given.flatMap((phrase) => {
        const length = phrase.split(" ").length;
        return text.flatMap((_, at) => (text.slice(at, at + length).join(" ") === phrase ? [`${phrase} ${at}`] : []));
      });
      const ours = matcher(...given)
        .find(text)
        .map(({ tag, from }) => `${tag} ${from}`);
      expect(ours.toSorted()).toEqual(naive.toSorted());
    }),
  );
});

test("makes at most two moves a word, however nearly the text matches", () => {
  const long = "a ".repeat(60).trim();
  const nasty = createMatcher([
    { tag: 0, phrase: `${long} b` },
    { tag: 1, phrase: `${"a ".repeat(30)}c` },
  ]);
  for (const text of ["a ".repeat(25_000), `${long} c `.repeat(400), "b ".repeat(25_000)]) {
    const { words } = wordsOf(text);
    expect(nasty.measure(words).moves).toBeLessThanOrEqual(2 * words.length);
  }
});

test("variants of a pattern, a phrase a line", () => {
  expect(variants("{I|we} can't{| really} go")).toEqual([
    "I can't go",
    "I can't really go",
    "we can't go",
    "we can't really go",
  ]);
  expect(phrasesIn("\n  one\n\n  {two|three}\n")).toEqual(["one", "two", "three"]);
});

test("accents, case, width and apostrophes are made alike", () => {
  expect(plain("Élève l’ÉCOLE, I’M don´t")).toBe("eleve l'ecole, im dont");
});

test("clauses end at punctuation, not at hyphens", () => {
  const { words, clauses } = wordsOf("No, well-known. Yes");
  expect(words).toEqual(["no", "well", "known", "yes"]);
  expect(clauses[1]).toBe(clauses[2]);
  expect(new Set(clauses).size).toBe(3);
});
