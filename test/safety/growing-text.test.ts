// Text that grows is read piece by piece as it would be read whole, wherever its pieces end.
import * as fc from "fast-check";
import { plainWords, spokenOf } from "../../src/safety/readings.ts";
import { createRecentWords } from "../../src/safety/recent-words.ts";
import { createGrowingWords, wordsOf } from "../../src/safety/words.ts";

const part = fc.oneof(
  fc.constantFrom(
    " ",
    " ",
    " ",
    "well",
    "-known",
    "can",
    "'t",
    "’s",
    "`",
    ". ",
    ", ",
    "?",
    "…",
    "\n",
    "- ",
    "de\u0301ja\u0300",
    "\u0323",
  ),
  fc.constantFrom(
    "ΟΔΟΣ",
    "'Α",
    "\u00ad",
    "\u200b",
    "ﬁ",
    "ß",
    "胸が",
    "\ud801\udc00",
    "\ud801",
    "one",
    "dash ",
    "A",
    "7",
  ),
  fc.constantFrom("%41", "Q29kZWQgd29yZHMgaW4", ".-", "/", "di-dah ", ". . - ", "- .", "lundi"),
);
const pieces = fc.array(
  fc.array(part, { minLength: 1, maxLength: 12 }).map((parts) => parts.join("")),
  { maxLength: 12 },
);

test("its words and clauses, and those of another text that comes then", () => {
  fc.assert(
    fc.property(pieces, pieces, (some, others) => {
      const read = createGrowingWords();
      for (const all of [some, others]) {
        let text = "";
        for (const piece of all) {
          text += piece;
          expect(read(text)).toEqual(wordsOf(text));
        }
      }
    }),
  );
});

test("the words at its end, and whether a code or Morse's signs are in it", () => {
  const CODE = /(?=[A-Za-z0-9+/_-]{16})[A-Za-z0-9+/_-][a-z-]{0,14}[A-Z0-9+/_]|%[0-9a-fA-F]{2}/;
  const MORSE = /(?:[.·•_–−-]{1,5}[ /|]+){6}|(?:\bd(?:it?|ah?)\b\W+){12}/i;
  const [REMEMBERED, NEAR] = [120, 50];
  const morse = fc.constantFrom<string[]>(
    ["... - .- -... -.-. --- .- "],
    ["./-/.-/-./././-/"],
    ["- ", ". ", "- ", ". ", "-. ", "- ", ". "],
    ["dit dah di-dah dit "],
    ["da ", "di ", "da ", "di ", "da di ", "da dit "],
  );
  const some: fc.Arbitrary<string[]> = fc.oneof(
    pieces.map((one) => [one.join("")]),
    morse,
  );
  fc.assert(
    fc.property(fc.array(some, { maxLength: 12 }), (all) => {
      const recent = createRecentWords(REMEMBERED);
      let text = "";
      for (const piece of all.flat()) {
        text = text.slice(-REMEMBERED) + piece;
        const near = text.slice(-NEAR - piece.length);
        const found = recent(piece, NEAR + piece.length);
        const words = plainWords(near);
        expect(found.words).toEqual(words);
        expect(found.spoken).toEqual(spokenOf(words));
        if (CODE.test(near)) expect(found.mayBeCoded).toBe(true);
        if (MORSE.test(text)) expect(found.mayBeMorse).toBe(true);
      }
    }),
  );
});

test("in ordinary talk there may be neither", () => {
  const recent = createRecentWords(800)("We are open from nine to six. It's well-known, I'd say. ", 400);
  expect(recent).toMatchObject({ mayBeCoded: false, mayBeMorse: false });
});
