import { phoneInstructions } from "../../src/assistants/persona.ts";

test("the default instructions", () => {
  expect(phoneInstructions()).toMatchSnapshot();
});

test("an operator's persona replaces the default one and keeps the rules of spoken form", () => {
  const text = phoneInstructions({ persona: "\nYou are Ada of Ada's Garage.\n" });
  expect(text.startsWith("You are Ada of Ada's Garage.\n\nHow to speak on the phone\n")).toBe(true);
  expect(text).not.toContain("answers this telephone number");
  expect(text.endsWith(phoneInstructions().slice(phoneInstructions().indexOf("How to speak")))).toBe(true);
});

test("an empty persona is none", () => {
  expect(phoneInstructions({ persona: "  \n" })).toBe(phoneInstructions());
});

test.each(["markdown", "One question|one question", "[keypad] 55", "end_call", "AI assistant", "interrupted"])(
  "the rules speak of %s",
  (pattern) => {
    expect(phoneInstructions()).toMatch(new RegExp(pattern.replace(/[[\]]/g, "\\$&")));
  },
);
