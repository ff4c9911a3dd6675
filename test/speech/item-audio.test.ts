import { createItemAudio } from "../../src/speech/item-audio.ts";
import { frame } from "./voice-kit.ts";

const part = (itemId: string, contentIndex = 0) => ({ itemId, contentIndex });

test("heard time is a whole number of ms and never beyond the audio there is", () => {
  const items = createItemAudio();
  for (let count = 0; count < 10; count++) items.add(part("a"), frame());
  items.add(part("a"), Buffer.alloc(3).toString("base64"));
  expect(items.cut(part("a"), 123.9)).toEqual({ kind: "truncate", ms: 123 });
  expect(items.cut(part("a"), 9999)).toEqual({ kind: "truncate", ms: 200 });
});

test("an item nobody heard is deleted, a later part of one that was heard is cut at its start", () => {
  const items = createItemAudio();
  items.add(part("a"), frame());
  expect(items.cut(part("a"), 0)).toEqual({ kind: "delete" });
  expect(items.cut(part("a"), -5)).toEqual({ kind: "delete" });
  items.add(part("b"), frame());
  items.add(part("b", 1), frame());
  expect(items.cut(part("b", 1), 0)).toEqual({ kind: "truncate", ms: 0 });
});

test("an item we know nothing of is cut where we are told", () => {
  expect(createItemAudio().cut(part("x"), 77.7)).toEqual({ kind: "truncate", ms: 77 });
});

test("only the latest items are remembered", () => {
  const items = createItemAudio();
  for (let count = 0; count < 1000; count++) items.add(part(`i${count}`), frame());
  expect(items.cut(part("i999"), 9999)).toEqual({ kind: "truncate", ms: 20 });
  expect(items.cut(part("i0"), 9999)).toEqual({ kind: "truncate", ms: 9999 });
});
