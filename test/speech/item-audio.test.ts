import { createItemAudio } from "../../src/speech/item-audio.ts";

const part = (itemId: string, contentIndex = 0) => ({ itemId, contentIndex });

test("heard time is a whole number of ms and never beyond the audio there is", () => {
  const items = createItemAudio();
  for (let count = 0; count < 10; count++) items.account(part("a")).bytes += 160;
  items.account(part("a")).bytes += 3;
  expect(items.cut(part("a"), 123.9)).toEqual({ kind: "truncate", ms: 123 });
  expect(items.cut(part("a"), 9999)).toEqual({ kind: "truncate", ms: 200 });
});

test("an item nobody heard is deleted, a later part of one that was heard is cut at its start", () => {
  const items = createItemAudio();
  items.account(part("a")).bytes += 160;
  expect(items.cut(part("a"), 0)).toEqual({ kind: "delete" });
  expect(items.cut(part("a"), -5)).toEqual({ kind: "delete" });
  items.account(part("b")).bytes += 160;
  items.account(part("b", 1)).bytes += 160;
  expect(items.cut(part("b", 1), 0)).toEqual({ kind: "truncate", ms: 0 });
});

test("an item we know nothing of is cut where we are told", () => {
  expect(createItemAudio().cut(part("x"), 77.7)).toEqual({ kind: "truncate", ms: 77 });
});

test("only the latest items are remembered", () => {
  const items = createItemAudio();
  for (let count = 0; count < 1000; count++) items.account(part(`i${count}`)).bytes += 160;
  expect(items.cut(part("i999"), 9999)).toEqual({ kind: "truncate", ms: 20 });
  expect(items.cut(part("i0"), 9999)).toEqual({ kind: "truncate", ms: 9999 });
});
