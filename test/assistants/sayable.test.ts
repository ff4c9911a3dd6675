// What an organization has its agent tell of it is no disclosure, however often it is told, in figures and in words.
import { fixedInstructions } from "../../src/assistants/prompt.ts";
import { sayableOf } from "../../src/assistants/sayable.ts";
import { createDisclosureRules } from "../../src/safety/disclosure.ts";
import { organizationConfig } from "../../src/wire/rest/organization.ts";

const NAME = "Mueller and Sons Heating, Bathrooms and Air Conditioning of North Springfield";
const GREETING = "Hello, this is an AI assistant. How can I help you?";
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const SPANS: Readonly<Record<number, readonly (readonly [string, string])[]>> = {
  1: [
    ["08:00", "12:00"],
    ["13:30", "17:45"],
  ],
  2: [
    ["08:15", "12:15"],
    ["14:00", "18:30"],
  ],
  3: [["09:00", "13:00"]],
  4: [
    ["07:30", "11:30"],
    ["15:00", "20:00"],
  ],
  5: [["22:00", "02:00"]],
  6: [["10:00", "14:00"]],
};
const CHOICES = ["a repair of the heating at home", "a new bathroom with a shower", "the yearly look at the boiler"];
const organization = organizationConfig.parse({
  name: NAME,
  language: "de-AT",
  hours: {
    timezone: "America/Argentina/Buenos_Aires",
    open: Object.entries(SPANS).flatMap(([day, spans]) => spans.map(([from, to]) => ({ day: Number(day), from, to }))),
  },
  intake: { fields: [{ name: "matter", type: "choice", ask: "What is it about?", choices: CHOICES }] },
});
const rules = createDisclosureRules({
  instructions: fixedInstructions({ organization, tools: ["end_call", "complete_intake"] }),
  sayable: sayableOf(organization, GREETING),
  secrets: [],
  canary: "vb-0123456789ab",
});

const NUMBERS =
  "twelve one two three four five six seven eight nine ten eleven twelve one two three four five six seven eight nine ten eleven".split(
    " ",
  );
const MINUTES: Readonly<Record<string, string>> = {
  "00": "",
  15: "quarter past ",
  30: "half past ",
  45: "quarter to ",
};
const inWords = (time: string): string => {
  const [hour = "", minute = ""] = time.split(":");
  return `${MINUTES[minute]}${NUMBERS[Number(hour) + (minute === "45" ? 1 : 0)]}`;
};
const told = (say: (time: string) => string, between: string): string[] =>
  DAYS.map((name, day) => {
    const spans = (SPANS[day] ?? []).map(([from, to]) => `${say(from)} ${between} ${say(to)}`);
    return `${name}: ${spans.length === 0 ? "closed" : spans.join(" and ")}.`;
  });

/** One call, in which all of this is said. */
function findings(lines: readonly string[]): string[] {
  const watch = rules.forCall();
  return lines.filter((line) => watch.read(line) !== undefined);
}

test.each<[string, readonly string[]]>([
  ["in figures", told((time) => time, "to")],
  ["in figures of twelve hours", told((time) => `${Number(time.slice(0, 2)) % 12}:${time.slice(3)}`, "to")],
  ["in words", told(inWords, "to")],
  ["day by day", told((time) => time, "to").map((line) => `On ${line.replace(":", " we are open from")}`)],
])("it tells its opening hours %s, all of them, twice", (_how, week) => {
  expect(findings([...week, ...week])).toEqual([]);
  expect(findings([week.join(" "), `Once more: ${week.join(" ")}`])).toEqual([]);
});

test("it tells its long name, its languages and what there is to choose from, again and again", () => {
  expect(
    findings([
      `You have reached the telephone of ${NAME}.`,
      `This is ${NAME}. How can I help you?`,
      `Yes, that is us: ${NAME}!`,
      `Mueller and Sons Heating, that is right. Mueller and Sons Heating, Bathrooms and Air Conditioning.`,
      "I speak Austrian German, and a caller who speaks another language is answered in theirs.",
      `Is it ${CHOICES.join(", or ")}?`,
      `You can choose from ${CHOICES.join(", ")}.`,
      "These are our opening hours, in the time of America, Argentina, Buenos Aires.",
      `Thank you for calling ${NAME}, and goodbye from ${NAME}.`,
    ]),
  ).toEqual([]);
});

test("what it is told to be is still found", () => {
  expect(
    findings(["Everything you write is read aloud by a voice. Write plain sentences only, no markdown."]),
  ).toHaveLength(1);
});
