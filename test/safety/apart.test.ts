// Rules whose parts stand apart: in order, near enough, in one clause; and no dearer than the text is long.
import { createApart } from "../../src/safety/apart.ts";
import { createGuard } from "../../src/safety/guard.ts";
import { wordsOf } from "../../src/safety/words.ts";

const matcher = createApart([{ tag: "x", lines: `{can't|cannot} ... breathe\n my chest ... {hurts|aches} ... badly` }]);
const found = (text: string) => matcher.find(wordsOf(text)).map(({ phrase, from, to }) => [phrase, from, to]);
const BREATHE = "{can't|cannot} ... breathe";

test.each([
  ["I can't breathe", [[BREATHE, 1, 3]]],
  ["I can't seem to breathe", [[BREATHE, 1, 5]]],
  ["I cannot one two three four five breathe", [[BREATHE, 1, 8]]],
  ["I cannot one two three four five six breathe", []],
  ["breathe, I can't", []],
  ["I can't come, she can breathe", []],
  // The nearest beginning counts.
  ["I can't I can't get to breathe", [[BREATHE, 3, 7]]],
  ["my chest really aches so badly", [["my chest ... {hurts|aches} ... badly", 0, 6]]],
  ["my chest badly hurts", []],
])("%p", (text, places) => expect(found(text)).toEqual(places));

test("what is found is joined once for each end, however often it begins", () => {
  const many = matcher.find(wordsOf("i can't ".repeat(20_000) + "breathe ".repeat(20_000)));
  expect(many.length).toBeLessThanOrEqual(6);
});

describe("the guard, with its own", () => {
  const judged = (text: string) => createGuard().forCall().caller(text).kind;
  test.each([
    "my chest just suddenly hurts so much",
    "there is a very bad pain somewhere in my chest",
    "mein Vater hat so ein starkes Stechen links in der Brust",
    "ma fille a une drôle de douleur au milieu de la poitrine",
    "tengo un dolor muy raro en el pecho",
  ])("%p is meant", (text) => expect(judged(text)).toBe("escalate"));
  test.each([
    "I have no pain whatsoever in my chest",
    "kein Stechen mehr in der Brust",
    "no tengo ningún dolor raro en el pecho",
    "ten years ago I had a pain in my chest",
    "the smoke detector in the kitchen of my house beeps",
    "I took two ibuprofen and the headache is gone",
    "my son is looking at the blue one",
    "your app doesn't wake up my phone",
    "der Support meldet sich seit Tagen nicht",
    "il y a une odeur de fumée froide sur le tapis",
    "se me ha caído el móvil en la piscina",
  ])("%p is not", (text) => expect(judged(text)).toBe("pass"));
});
