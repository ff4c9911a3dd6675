// Words for the search by words: of any script, harmless to PostgreSQL, compared by their beginnings.
import { anyOf, wordsIn } from "../../src/storage/lexemes.ts";

test.each([
  ["Drinks green tea, GREEN!", ["drinks", "green", "tea"]],
  ["Möhre — Straße", ["möhre", "straße"]],
  ["don't", ["dont"]],
  ["today at 7:30", ["today", "at", "7", "30"]],
  ["我喜欢绿茶", ["我", "喜欢", "绿茶"]],
  ["ไปโรงเรียน", ["ไป", "โรงเรียน"]],
  ["' | & ! :* \\ <->", []],
  ["", []],
])("%j has the words %j", (text, words) => {
  expect(wordsIn(text)).toEqual(words);
});

test("a question is any of its words, without their endings, and has an end itself", () => {
  expect(anyOf("tea dogs allergies")).toBe("'tea':* | 'dog':* | 'allergi':*");
  expect(anyOf("𝔞𝔟𝔠𝔡".normalize("NFC"))).toBe("'abc':*");
  expect(anyOf("!?")).toBeUndefined();
  expect(anyOf(Array.from({ length: 100 }, (_, n) => `w${n}x`).join(" "))?.split("|")).toHaveLength(40);
});
