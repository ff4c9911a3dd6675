import * as fc from "fast-check";
import { createSentences } from "../../src/speech/sentences.ts";
import { speakable } from "../../src/speech/speakable.ts";
import { cpuMs } from "../support/cpu-time.ts";

/** Every piece of a text that comes in these chunks. */
function piecesOf(...chunks: string[]): string[] {
  const sentences = createSentences();
  return [...chunks.flatMap((chunk) => sentences.push(chunk)), ...sentences.end()];
}

describe("where a sentence ends", () => {
  test.each([
    ["a full stop", "We open at nine. Come by.", "We open at nine."],
    ["a question mark", "Which day suits you? I have two.", "Which day suits you?"],
    ["an exclamation mark", "Great! See you.", "Great!"],
    ["several of them", "What?! No way.", "What?!"],
    ["a newline", "First line\nsecond line", "First line"],
    ["closing quotes", 'He said "no." Then he left.', 'He said "no."'],
    ["closing brackets", "It is closed (on Mondays.) We know.", "It is closed (on Mondays.)"],
    ["an ellipsis before a capital", "Well... Let me see.", "Well..."],
    ["Chinese", "你好。请问您贵姓？", "你好。"],
    ["Japanese quotes", "「はい。」そうです。", "「はい。」"],
    ["a number", "The answer is 42. Next question.", "The answer is 42."],
    ["p.m. before a capital", "We close at 5 p.m. See you then.", "We close at 5 p.m."],
    ["No. as an answer", "No. That is not possible.", "No."],
    ["an address", "See https://example.com/a.b?c=1.2. It helps.", "See a link."],
  ])("%s", (_, text, first) => {
    expect(piecesOf(text)[0]).toBe(first);
    expect(piecesOf(...text.split(""))[0]).toBe(first);
  });

  test.each([
    ["a decimal", "It costs 3.5 dollars today."],
    ["a title", "Ask for Dr. Miller or Mrs. Jones at the desk."],
    ["Latin", "Bring fruit, e.g. apples, i.e. food."],
    ["an initial", "Please hold for J. Smith now."],
    ["p.m. in mid-sentence", "The 3 p.m. appointment is free."],
    ["etc. in mid-sentence", "Oil, tires, etc. are extra."],
    ["a number sign", "It is No. 5 on the list."],
    ["an abbreviated country", "Calls from the U.S. are free."],
    ["a domain", "Write to me at desk@example.com please."],
    ["an ellipsis before a small letter", "I was... thinking about it."],
    ["a version", "Use Node.js v22.1.0 for this."],
    ["a numbered item", "1. Tea with milk"],
    ["a link with a stop in its text", "See [Dr. Who. The page](https://example.com/x) for more."],
  ])("not at %s", (_, text) => {
    expect(piecesOf(text)).toHaveLength(1);
    expect(piecesOf(...text.split(""))).toHaveLength(1);
  });

  test("the first sentence is there as soon as the space after it is", () => {
    const sentences = createSentences();
    expect(sentences.push("We open at nine.")).toEqual([]);
    expect(sentences.push(" ")).toEqual(["We open at nine."]);
  });

  test("a stream that pauses gives up what is surely complete, and only that", () => {
    const sentences = createSentences();
    expect(sentences.push("Let me check that.")).toEqual([]);
    expect(sentences.take()).toEqual(["Let me check that."]);
    expect(sentences.push(" It costs 3.")).toEqual([]);
    expect(sentences.take()).toEqual([]);
    expect(sentences.push("5 dollars, says Dr.")).toEqual([]);
    expect(sentences.take()).toEqual([]);
    expect(sentences.end()).toEqual(["It costs 3.5 dollars, says Dr."]);
  });

  test("complete sentences held for a bigger piece can be taken", () => {
    const sentences = createSentences();
    expect(sentences.push("One. Two. Three ")).toEqual(["One."]);
    expect(sentences.take()).toEqual(["Two."]);
    expect(sentences.take()).toEqual([]);
    expect(sentences.end()).toEqual(["Three"]);
  });
});

describe("pieces", () => {
  test("grow from one sentence over two to four", () => {
    const text = Array.from({ length: 13 }, (_, index) => `This is sentence ${"abcdefghijklm"[index]}.`).join(" ");
    const counts = piecesOf(text).map((piece) => piece.split(".").length - 1);
    expect(counts).toEqual([1, 2, 4, 4, 2]);
  });

  test("stay under 300 characters, a long sentence under 200", () => {
    const sentence = `${"word ".repeat(20).trim()}.`;
    for (const piece of piecesOf(Array.from({ length: 12 }, () => sentence).join(" "))) {
      expect(piece.length).toBeLessThanOrEqual(300);
    }
    const endless = "so it goes on and on, ".repeat(40);
    const pieces = piecesOf(endless);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces[0]?.length).toBeLessThanOrEqual(200);
    expect(pieces[0]).toMatch(/,$/);
    expect(pieces.every((piece) => piece.length <= 300)).toBe(true);
  });

  test("a language without spaces is cut too, never inside a character", () => {
    const pieces = piecesOf("你𠮷".repeat(300));
    expect(pieces.join("").replaceAll(" ", "")).toBe("你𠮷".repeat(300));
    for (const piece of pieces) expect(() => encodeURIComponent(piece)).not.toThrow();
  });

  test("an address longer than any sentence stays one link", () => {
    expect(piecesOf(`Look at https://example.com/${"a".repeat(500)} and call back.`).join(" ")).toBe(
      "Look at a link and call back.",
    );
  });
});

describe("what is said of what was written", () => {
  test.each([
    ["**Bold** and *soft* and __strong__ and _slanted_.", "Bold and soft and strong and slanted."],
    ["# Opening hours", "Opening hours"],
    ["- milk", "milk"],
    ["* milk", "milk"],
    ["> quoted", "quoted"],
    ["2. Press one.", "2. Press one."],
    ["Use `npm start` now.", "Use npm start now."],
    ["```js", ""],
    ["---", ""],
    ["| a | b |", "a b"],
    ["|---|:-:|", ""],
    ["See [our page](https://example.com/a_(b)) today.", "See our page today."],
    ["![a cat](cat.png)", "a cat"],
    ["Go to https://example.com/x?y=1, please.", "Go to a link, please."],
    ["Go to www.example.com.", "Go to a link."],
    ["<https://example.com>", "a link"],
    ["Great 🎉👍🏽 see you 👨‍👩‍👧 soon 🇩🇪!", "Great see you soon !"],
    ["Press 1️⃣ now", "Press 1 now"],
    ["Acme™ costs 5*3 or 5 * 3 or 2**3.", "Acme™ costs 5*3 or 5 * 3 or 2**3."],
    ["the file some_long_name.txt", "the file some_long_name.txt"],
    ["AT&T isn't <5% off", "AT&T isn't <5% off"],
    ["~~gone~~ kept", "gone kept"],
    ["...", ""],
  ])("%j", (written, said) => {
    expect(speakable(written)).toBe(said);
  });

  test("hostile text is cleaned in no time", () => {
    for (const unit of ["*", "_", "[", "](", "www.", "|-", "` ", "<https://", "- ", "![a](", "."]) {
      const text = unit.repeat(Math.ceil(20_000 / unit.length));
      const cost = cpuMs(() => {
        const sentences = createSentences();
        for (let at = 0; at < text.length; at += 50) sentences.push(text.slice(at, at + 50));
        sentences.end();
      });
      expect(cost).toBeLessThan(1000);
    }
  });
});

describe("whatever the chunks", () => {
  const words = [
    "Hello",
    "the",
    "3.5",
    "Dr.",
    "a.m.",
    "e.g.",
    "https://x.org/a.b",
    "42.",
    "done.",
    "Yes!",
    "no?",
    "U.S.",
  ];
  const more = [
    "[a b. c](http://d.e)",
    "**bold.**",
    "\n",
    "\n- ",
    "# ",
    "...",
    "…",
    "好。",
    "「あ。」",
    "(x.)",
    "🎉",
    "No.",
    ",",
  ];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...words, ...more), fc.string({ maxLength: 6 })), { maxLength: 80 })
    .map((parts) => parts.join(" "));

  function chunked(whole: string, cuts: readonly number[]): string[] {
    const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((one, other) => one - other);
    return [0, ...at].map((start, index) => whole.slice(start, at[index] ?? whole.length));
  }

  test("the pieces are the same", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat()), (whole, cuts) => {
        const chunks = chunked(whole, cuts);
        expect(chunks.join("")).toBe(whole);
        expect(piecesOf(...chunks)).toEqual(piecesOf(whole));
      }),
      { numRuns: 2000 },
    );
  });

  test("no word is lost or said twice, even when pieces are taken early", () => {
    // Whole words, so that cutting early cannot change what markdown means.
    const plain = fc.array(
      fc.constantFrom("Hello", "there.", "3.5", "Dr.", "p.m.", "yes?", "and,", "No.", "\n", "…", "x!"),
    );
    fc.assert(
      fc.property(plain, fc.array(fc.nat()), fc.array(fc.boolean()), (parts, cuts, takes) => {
        const whole = parts.join(" ");
        const sentences = createSentences();
        const said: string[] = [];
        chunked(whole, cuts).forEach((chunk, index) => {
          said.push(...sentences.push(chunk));
          if (takes[index]) said.push(...sentences.take());
        });
        said.push(...sentences.end());
        const wordsIn = (one: string) => one.match(/[\p{L}\p{N}.]*[\p{L}\p{N}]/gu) ?? [];
        expect(wordsIn(said.join(" "))).toEqual(wordsIn(whole));
      }),
      { numRuns: 2000 },
    );
  });

  test("no piece is empty or says nothing", () => {
    fc.assert(
      fc.property(text, (whole) => {
        for (const piece of piecesOf(whole)) expect(piece).toMatch(/[\p{L}\p{N}]/u);
      }),
      { numRuns: 1000 },
    );
  });
});
