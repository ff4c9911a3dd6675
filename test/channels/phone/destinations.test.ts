// Whom may be called: valid numbers of allowed countries that cost nobody a fortune.
import * as fc from "fast-check";
import { homeCountries, judgeDestination } from "../../../src/channels/phone/destinations.ts";
import { numbersIn } from "../../../src/channels/phone/do-not-call.ts";

test.each([
  ["+1 (202) 555-0123", ["US"], "+12025550123"],
  ["+49 30 901820", ["US", "DE"], "+4930901820"],
  ["+442079460958", ["GB"], "+442079460958"],
])("%s in %j is called as %s", (to, countries, number) => {
  expect(judgeDestination(to, countries)).toEqual({ ok: true, number });
});

test.each([
  ["of another country", "+442079460958", ["US"], false],
  ["of another country with the same code", "+18765550123", ["US"], false],
  ["of no country", "+881612345678", ["US", "DE"], false],
  ["that costs money by the minute", "+19002345678", ["US"], false],
  ["that costs money by the minute", "+4990012345670", ["DE"], true],
  ["where nothing is allowed", "+12025550123", [], false],
  ["without a country code", "2025550123", ["US"], true],
  ["for emergencies", "911", ["US"], true],
  ["with an extension", "+12025550123;ext=7", ["US"], true],
  ["in a sentence", "call +12025550123 please", ["US"], true],
])("a number %s: %s is not", (_what, to, countries, invalid) => {
  expect(judgeDestination(to, countries)).toMatchObject({ ok: false, invalid });
});

test("whatever is given: what is called is E.164 of an allowed country, and nothing throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."+0123456789 -()".split("")) })), (to) => {
      const judged = judgeDestination(to, ["US", "CA"]);
      if (judged.ok) expect(judged.number).toMatch(/^\+1\d{10}$/);
    }),
    { numRuns: 500 },
  );
});

test("the home country is that of our own number", () => {
  expect(homeCountries("+12025550100")).toEqual(["US"]);
  expect(homeCountries("+15550001111")).toEqual([]);
});

test("a list of numbers: comments, blank lines and ways of writing are no matter; anything else is", () => {
  expect([...numbersIn("# list\n\n+1 202-555-0199 # May\r\n+4930901820\n")]).toEqual(["+12025550199", "+4930901820"]);
  for (const bad of ["hello", "2025550199", "+1202555019 9 9x"])
    expect(() => numbersIn(`+12025550199\n${bad}`)).toThrow(/line 2/);
});
