// The schema of configurations against the words of the program it has to know.
import { CLIP_IDS } from "../../src/core/clip.ts";
import { organizationConfig } from "../../src/wire/rest/organization.ts";

test("every stored phrase but the greeting can be put in other words", () => {
  const phrases = Object.fromEntries(CLIP_IDS.filter((id) => id !== "greeting").map((id) => [id, "Moment."]));
  expect(organizationConfig.parse({ phrases })).toEqual({ phrases });
  expect(organizationConfig.safeParse({ phrases: { greeting: "Hello." } }).success).toBe(false);
});

test("everything may be left out", () => {
  expect(organizationConfig.parse({})).toEqual({});
});

test.each([
  [{ hours: { timezone: "Europe/Berlin", open: [{ day: 5, from: "22:00", to: "02:00" }] } }, true],
  [{ hours: { timezone: "Europe/Berlin", open: [{ day: 5, from: "00:00", to: "24:00" }] } }, true],
  [{ hours: { timezone: "Europe/Berlin", open: [{ day: 5, from: "24:00", to: "02:00" }] } }, false],
  [{ hours: { timezone: "", open: [] } }, false],
  [{ language: "de-AT" }, true],
  [{ language: "German" }, false],
  [{ persona: "Two\nlines,\ta tab, ünïcode 🙂" }, true],
  [{ persona: "half of a pair \ud83d" }, false],
  [{ name: "   " }, false],
  [{ voice: { transcription_model: "gpt-realtime-whisper" } }, false],
  [{ turn_detection: { type: "semantic_vad", threshold: 0.5 } }, false],
])("%j: %s", (config, good) => {
  expect(organizationConfig.safeParse(config).success).toBe(good);
});
