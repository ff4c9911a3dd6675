// A yes is a yes in four languages, and whatever is not clearly one is none.
import { answerOf, contains, noticeFor } from "../../src/recording/consent-words.ts";

test.each([
  ["yes", ["Yes.", "Yeah, sure.", "Um, yes, that's fine.", "Okay", "Go ahead!", "No problem.", "Hello, yes please"]],
  ["yes", ["Ja, gerne.", "Natürlich", "Kein Problem.", "Oui, d'accord.", "Bien sûr !", "Sí, claro.", "De acuerdo"]],
  ["no", ["No.", "No, thanks", "I'd rather not.", "Please don’t.", "Yes, but do not keep it.", "Nope"]],
  [
    "no",
    ["Nein danke", "Lieber nicht.", "Non merci.", "Je ne veux pas", "No, prefiero que no.", "Okay, aber ohne Aufnahme"],
  ],
  [
    "unclear",
    ["", "What are your opening hours?", "Sorry?", "Um...", "I want to book", "Warum?", "¿Por qué?", "siesta"],
  ],
] as const)("%s: %j", (answer, texts) => {
  expect(texts.filter((text) => answerOf(text) !== answer)).toEqual([]);
});

test("the notice is in the organization's language, and in English where that is not known", () => {
  expect(noticeFor("announce", "de-AT")).toMatch(/aufgezeichnet/);
  expect(noticeFor("ask", "fr")).toMatch(/enregistrer/);
  expect(noticeFor("ask")).toMatch(/record/);
  expect(noticeFor("announce", "fi")).toBe("This call is recorded.");
  // Both ways to answer are said.
  for (const language of ["en", "de", "fr", "es"]) expect(noticeFor("ask", language)).toMatch(/1[^0-9]*2/);
});

test("a notice is found among what was heard, whatever the signs around it", () => {
  expect(contains("Hello there. This call is recorded.", "This call is recorded")).toBe(true);
  expect(contains("Hello there. This call is", "This call is recorded.")).toBe(false);
  expect(contains("This call is recorded-ish", "call is record")).toBe(false);
});
