// How a reply that is transcribed while it is heard comes before the guard: as a sentence that goes on, and whole at its end.
import { createGuarding, type GuardingParts } from "../../src/bridge/guarding.ts";

function setup() {
  const asked: (readonly [string, boolean])[] = [];
  const none = {} as never;
  const parts: GuardingParts = {
    guard: {
      caller: () => ({ kind: "pass" }),
      agent(text, goesOn = false) {
        if (text !== "") asked.push([text, goesOn]);
        return { kind: "pass" };
      },
      unheard: () => ({ kind: "pass" }),
    },
    matters: none,
    journal: none,
    ending: none,
    parting: none,
    phrases: none,
    tell() {},
    turn: () => undefined,
  };
  return { asked, guarding: createGuarding(parts) };
}

test("whole words, then the sentence as it ended", () => {
  const { asked, guarding } = setup();
  for (const delta of ["We", " are", " open", ".", " Come", " in", "."]) guarding.words("a", delta);
  guarding.wordsEnded("a");
  expect(asked).toEqual([
    ["We", true],
    ["We are", true],
    ["We are open", true],
    ["We are open.", false],
    ["Come", true],
    ["Come in", true],
    ["Come in.", false],
  ]);
});

test("a reply that ends where its last word was read already is read once more as a whole", () => {
  const { asked, guarding } = setup();
  for (const delta of ["The key ", "is this "]) guarding.words("a", delta);
  guarding.wordsEnded("a");
  guarding.wordsEnded("a");
  expect(asked).toEqual([
    ["The key", true],
    ["The key is this", true],
    ["The key is this", false],
  ]);
});
