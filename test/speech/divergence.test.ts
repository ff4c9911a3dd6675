import * as fc from "fast-check";
import { divergence } from "../../src/speech/divergence.ts";
import { cpuMs } from "../support/cpu-time.ts";

test.each([
  ["We open at nine.", "We open at nine.", 0],
  ["We open at nine!", "we OPEN at, nine", 0],
  ["It's 5 o’clock.", "its 5 oclock", 0],
  ["We open at nine.", "We open at ten.", 1 / 4],
  ["We open at nine.", "We open.", 2 / 4],
  ["We open at nine.", "Sure, we open at nine.", 1 / 4],
  ["Press 1 now.", "Press 7 now.", 1 / 3],
  ["Yes.", "I am an assistant and can not say that.", 1],
  ["We open at nine.", "", 1],
  ["", "", 0],
  ["...", "Hello", 1],
  ["你好吗", "你好", 1 / 3],
  ["ＦＵＬＬ width", "full width", 0],
])("%j spoken as %j is %d", (asked, spoken, expected) => {
  expect(divergence(asked, spoken)).toBeCloseTo(expected);
});

const words = fc
  .array(fc.constantFrom("we", "open", "at", "nine", "5", "ten"), { maxLength: 12 })
  .map((all) => all.join(" "));

test("it is 0 for itself, within 0 and 1, and one more word never costs more than one word", () => {
  fc.assert(
    fc.property(words, words, (asked, spoken) => {
      const rate = divergence(asked, spoken);
      expect(divergence(asked, asked)).toBe(0);
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(rate).toBeLessThanOrEqual(1);
      const count = asked === "" ? 0 : asked.split(" ").length;
      if (count > 0) expect(divergence(asked, `${spoken} word`)).toBeLessThanOrEqual(rate + 1 / count + 1e-9);
    }),
  );
});

test("texts of any length are compared in bounded time", () => {
  const long = "word another ".repeat(50_000);
  const cost = cpuMs(() => {
    expect(divergence(long, long)).toBe(0);
    expect(divergence(long, "")).toBe(1);
  });
  expect(cost).toBeLessThan(1500);
});
