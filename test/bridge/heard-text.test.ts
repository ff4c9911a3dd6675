// Words out of bytes: what was heard, what is still unsaid, where a sentence begins.
import * as fc from "fast-check";
import { expectedBytes, heardText, sentenceStart, unsaidText, type SpokenPiece } from "../../src/bridge/heard-text.ts";

/** A piece of 100 bytes a character. */
function piece(text: string, complete = true): SpokenPiece {
  return { text, generated: text.length * 100, complete };
}

describe("the length of a piece", () => {
  test.each<[string, SpokenPiece, number]>([
    ["is what was made, once it is complete", { text: "Hello there.", generated: 321, complete: true }, 321],
    ["is guessed from the text before that", { text: "x".repeat(15), generated: 10, complete: false }, 8000],
    [
      "is guessed from the voice's own pace when that is known",
      { text: "x".repeat(15), generated: 10, complete: false, pace: 100 },
      1500,
    ],
    ["is never less than what is there", { text: "x", generated: 5000, complete: false }, 5000],
    ["is nothing for a piece that came to nothing", { text: "x", generated: 0, complete: true }, 0],
  ])("%s", (_what, one, bytes) => expect(expectedBytes(one)).toBe(bytes));
});

describe("the words heard", () => {
  const text = "We open at nine.";
  test.each<[number, string]>([
    [0, ""],
    [-5, ""],
    [100, ""],
    [199, ""],
    [200, "We"],
    [299, "We"],
    [300, "We"],
    [650, "We"],
    [700, "We open"],
    [1599, "We open at"],
    [1600, text],
    [9999, text],
  ])("after %d bytes", (bytes, heard) => expect(heardText(piece(text), bytes)).toBe(heard));

  test.each<[string, SpokenPiece, number, string]>([
    ["a single word that was cut was not heard", piece("Goodbye!"), 400, ""],
    ["scripts without spaces are cut between characters", piece("我们九点开门"), 350, "我们九"],
    ["a mixed text is cut at whichever boundary there is", piece("Open 九点开门 daily"), 750, "Open 九点"],
    ["never between the halves of a character", piece("𠮷𠮷𠮷"), 300, "𠮷"],
    ["of a piece without audio nothing was heard", { text: "Hello.", generated: 0, complete: true }, 100, ""],
    [
      "a piece in the making is measured by its probable length",
      { text: "one two three", generated: 100, complete: false, pace: 100 },
      900,
      "one two",
    ],
  ])("%s", (_what, one, bytes, heard) => expect(heardText(one, bytes)).toBe(heard));
});

describe("the words unsaid", () => {
  test.each<[string, number, string]>([
    ["all of them before the first sound", 0, "one two three"],
    ["a word that was begun counts as said", 100, "two three"],
    ["a word that was not begun does not", 400, "two three"],
    ["nor does one after the space before it", 300, "two three"],
    ["one that was begun by a byte does", 401, "three"],
    ["none after the end", 1300, ""],
    ["none beyond the end", 5000, ""],
  ])("%s", (_what, bytes, unsaid) => expect(unsaidText(piece("one two three"), bytes)).toBe(unsaid));

  test("scripts without spaces lose a character at most", () => {
    expect(heardText(piece("我们九点开门"), 350)).toBe("我们九");
    expect(unsaidText(piece("我们九点开门"), 350)).toBe("开门");
  });
});

describe("where a sentence begins", () => {
  const text = 'Yes. We open at nine! Dr. Who comes at 5 p.m. today. "Really?" He does.';
  const start = (of: string): number => text.indexOf(of) * 100;
  test.each<[string, number, number]>([
    ["the first", 200, 0],
    ["not before it has begun", start("We") - 1, 0],
    ["as it begins", start("We"), start("We")],
    ["in its middle", start("nine"), start("We")],
    ["a title does not end one", start("comes"), start("Dr.")],
    ["nor do letters that go on", start("today"), start("Dr.")],
    ["quotes belong to the sentence they close", start("He does"), start("He does")],
    ["beyond the end", 99_999, start("He does")],
    ["before the start", -1, 0],
  ])("%s", (_what, bytes, at) => expect(sentenceStart(piece(text), bytes)).toBe(at));

  test("without spaces between sentences", () => {
    expect(sentenceStart(piece("你好。我们开门。再见。"), 600)).toBe(300);
  });
  test("of nothing is nothing", () => {
    expect(sentenceStart({ text: "", generated: 0, complete: true }, 10)).toBe(0);
  });
});

describe("for any text and any place", () => {
  const word = fc.string({
    unit: fc.constantFrom(...Array.from("abcdeABC,.!?é我们。𠮷'-")),
    minLength: 1,
    maxLength: 9,
  });
  const texts = fc.array(word, { minLength: 1, maxLength: 30 }).map((words) => words.join(" "));
  const cases = fc.record({
    text: texts,
    generated: fc.integer({ min: 1, max: 200_000 }),
    complete: fc.boolean(),
    share: fc.double({ min: 0, max: 1.2, noNaN: true }),
  });

  test("heard and unsaid words never overlap, and lose one word at most", () => {
    fc.assert(
      fc.property(cases, ({ share, ...one }) => {
        const bytes = Math.floor(expectedBytes(one) * share);
        const heard = heardText(one, bytes);
        const unsaid = unsaidText(one, bytes);
        expect(one.text.startsWith(heard)).toBe(true);
        expect(one.text.endsWith(unsaid)).toBe(true);
        const between = one.text.slice(heard.length, one.text.length - unsaid.length);
        expect(heard.length + unsaid.length).toBeLessThanOrEqual(one.text.length);
        expect(between.trim()).not.toMatch(/\s/);
      }),
    );
  });
  test("more bytes never mean fewer words", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 0, max: 50_000 }), ({ share, ...one }, more) => {
        const bytes = Math.floor(expectedBytes(one) * share);
        expect(heardText(one, bytes + more).length).toBeGreaterThanOrEqual(heardText(one, bytes).length);
        expect(unsaidText(one, bytes + more).length).toBeLessThanOrEqual(unsaidText(one, bytes).length);
      }),
    );
  });
  test("a sentence begins where it is heard or before", () => {
    fc.assert(
      fc.property(cases, ({ share, ...one }) => {
        const bytes = Math.floor(expectedBytes(one) * share);
        const start = sentenceStart(one, bytes);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start).toBeLessThanOrEqual(bytes);
      }),
    );
  });
});
