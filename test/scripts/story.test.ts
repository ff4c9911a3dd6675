import { decodeMulaw } from "../../src/audio/mulaw.ts";
import { resample } from "../../src/audio/resample.ts";
import { hum } from "../../src/sim/openai/hum.ts";
import { EAR, hearsAnything, recorded } from "../../scripts/demo/story.ts";

const hear = (audio: Int16Array, rate: number) =>
  hearsAnything(undefined, { index: 0, itemId: "item_1", startMs: 0, endMs: 0, audio, rate }).text;
const ASKED = "What are your opening hours?";

test("what a person says on the page is a question that has an answer, and the page names it", async () => {
  expect(hear(await hum("words of my own", { voice: "x", rate: 24_000, speed: 1 }), 24_000)).toBe(ASKED);
  expect(EAR).toContain(ASKED);
});

test("recordings are heard as what they are, there too", () => {
  const { text, audio } = recorded("tuesday-at-nine");
  expect(hear(resample(decodeMulaw(audio), 8000, 24_000), 24_000)).toBe(text);
});

test("nobody asks anything on a telephone, or by a click, or in silence", async () => {
  expect(hear(await hum("words of my own", { voice: "x", rate: 8000, speed: 1 }), 8000)).toBe("");
  expect(hear(new Int16Array(24_000).fill(20_000, 0, 1200), 24_000)).toBe("");
  expect(hear(new Int16Array(24_000), 24_000)).toBe("");
});
