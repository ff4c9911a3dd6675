// Verdicts of the guard: built-in rules, an organization's own, what is denied or only looks alike, and what repeats.
import { createGuard, judgeLine, type GuardRules } from "../../src/safety/guard.ts";
import type { Verdict } from "../../src/core/guard.ts";
import { readUtterances, scoreGuard } from "../support/guard-score.ts";

const caller = (text: string, rules?: GuardRules): Verdict => createGuard(rules).forCall().caller(text);
const agent = (text: string, rules?: GuardRules): Verdict => createGuard(rules).forCall().agent(text);
const EMERGENCY = { kind: "escalate", trigger: "emergency-keyword", urgency: "emergency" };
const REQUEST = { kind: "escalate", trigger: "request", urgency: "normal" };
const PASS = { kind: "pass" };

describe("what the caller says", () => {
  test.each([
    "I have chest pain",
    "no no I have chest pain",
    "Help!",
    "Tengo dolor en el pecho",
    "Es brennt!",
    "Au secours !",
  ])("%p is an emergency", (text) => expect(caller(text)).toMatchObject(EMERGENCY));
  test.each([
    "My heart is set on blue",
    "This is killing me, haha",
    "I'm not having chest pain",
    "Is the fire sale on?",
    "No person in particular",
    "No necesito una ambulancia.",
    "Es brennt nicht",
    "",
    "?!",
  ])("%p is nothing", (text) => expect(caller(text)).toEqual(PASS));
  test.each(["A human, please", "agent", "Can I talk to a person?", "Ich möchte mit einem Menschen sprechen"])(
    "%p asks for a person",
    (text) => expect(caller(text)).toMatchObject(REQUEST),
  );
  test("urgency before a person, an emergency before both", () => {
    expect(caller("It's urgent, I want to talk to a human")).toMatchObject({ trigger: "keyword", urgency: "high" });
    expect(caller("It's urgent, get me a real person, my house is on fire")).toMatchObject(EMERGENCY);
  });
  test("the rule is named by our phrase, not by the caller's words", () => {
    expect(caller("Oh dear, CHEST   pains since this morning, my number is 555")).toMatchObject({
      rule: "emergency: chest pains",
    });
  });
});

describe("an organization's rules", () => {
  test("its emergencies and ways to ask for a person come beside the built-in ones", () => {
    const rules = { emergency_keywords: ["Kühlkette"], person_requests: ["the foreman"] };
    expect(caller("die kuhlkette ist unterbrochen", rules)).toMatchObject({
      ...EMERGENCY,
      rule: "emergency: Kühlkette",
    });
    expect(caller("keine Kühlkette", rules)).toEqual(PASS);
    expect(caller("I have chest pain", rules)).toMatchObject(EMERGENCY);
    expect(caller("get the foreman", rules)).toMatchObject(REQUEST);
  });
  test("its urgent matters stand in place of the built-in ones", () => {
    expect(caller("it's urgent", { high_priority_keywords: [] })).toEqual(PASS);
    expect(caller("my boiler is cold", { high_priority_keywords: ["boiler"] })).toMatchObject({
      kind: "escalate",
      trigger: "keyword",
      rule: "high priority: boiler",
    });
  });
  test("words after which the call ends, but not before an emergency", () => {
    const rules = { end_on: [{ phrase: "stop calling me", say: "We will not call again." }] };
    expect(caller("Stop calling me!", rules)).toEqual({
      kind: "end",
      rule: "end: stop calling me",
      text: "We will not call again.",
    });
    expect(caller("Stop calling me, I have chest pain", rules)).toMatchObject(EMERGENCY);
  });
  test("words the agent must not say are replaced, or flagged", () => {
    const rules = { forbidden: [{ phrase: "guarantee", instead: "I can not promise that." }, { phrase: "diagnosis" }] };
    expect(agent("We guarantee it.", rules)).toEqual({
      kind: "say",
      rule: "forbidden: guarantee",
      text: "I can not promise that.",
    });
    expect(agent("That is my diagnosis.", rules)).toEqual({ kind: "flag", rule: "forbidden: diagnosis" });
    expect(agent("We are open.", rules)).toEqual(PASS);
    // The caller may say what they like.
    expect(caller("Do you guarantee it?", rules)).toEqual(PASS);
  });
  test("phrases of nothing but punctuation match nothing", () => {
    expect(caller("anything", { emergency_keywords: ["!!!", " - "] })).toEqual(PASS);
  });
});

describe("misunderstandings", () => {
  const lost = "That's not what I asked.";
  const flag = { kind: "flag" };
  const escalates = { kind: "escalate", trigger: "uncertainty", urgency: "normal" };

  test("three in a row call a human, then counting begins anew", () => {
    const call = createGuard().forCall();
    expect([1, 2, 3, 4].map(() => call.caller(lost))).toMatchObject([flag, flag, escalates, flag]);
  });
  test("a good exchange between them begins anew", () => {
    const call = createGuard().forCall();
    expect([lost, lost, "Tuesday at nine.", lost, lost].map((text) => call.caller(text))).toMatchObject([
      flag,
      flag,
      PASS,
      flag,
      flag,
    ]);
  });
  test("the agent's count as well, once an exchange", () => {
    const call = createGuard({ misunderstandings: 2 }).forCall();
    expect(call.caller("Blorb the fnord.")).toEqual(PASS);
    expect(call.agent("Sorry, I didn't catch that.")).toMatchObject(flag);
    expect(call.agent("Could you repeat that?")).toEqual(PASS);
    expect(call.caller(lost)).toMatchObject(escalates);
  });
  test("so do words that nobody heard", () => {
    const call = createGuard({ misunderstandings: 2 }).forCall();
    expect([call.unheard(), call.unheard()]).toMatchObject([flag, escalates]);
  });
  test("0 never calls anybody", () => {
    const call = createGuard({ misunderstandings: 0 }).forCall();
    for (let i = 0; i < 30; i++) expect(call.caller(lost)).toMatchObject(flag);
  });
  test("calls do not share their counts", () => {
    const guard = createGuard({ misunderstandings: 2 });
    guard.forCall().caller(lost);
    expect(guard.forCall().caller(lost)).toMatchObject(flag);
  });
});

test("an agent that sees an emergency escalates; its standing advice does not", () => {
  const alarm = { kind: "escalate", trigger: "agent-reply", urgency: "emergency" };
  expect(agent("This sounds like a medical emergency.")).toMatchObject(alarm);
  expect(agent("If this is an emergency, hang up and call your doctor.")).toEqual(PASS);
});

test("a posted line is judged by who said it", () => {
  const call = createGuard({ forbidden: [{ phrase: "cure" }] }).forCall();
  expect(judgeLine(call, { role: "caller", text: "I can't breathe" })).toMatchObject(EMERGENCY);
  expect(judgeLine(call, { role: "agent", text: "It will cure you" })).toMatchObject({ kind: "flag" });
});

describe("the labelled utterances", () => {
  const score = (set: string) =>
    scoreGuard(
      createGuard(),
      readUtterances().filter((one) => one.set === set),
    );
  const of = (set: string, expected: string) => score(set).rows.find(({ expect: kind }) => kind === expected);

  test("there are enough of every kind, none twice", () => {
    const all = readUtterances();
    expect(all.length).toBeGreaterThanOrEqual(150);
    expect(new Set(all.map(({ text }) => text)).size).toBe(all.length);
    expect(all.filter(({ near }) => near).length).toBeGreaterThanOrEqual(40);
    expect([...new Set(all.map(({ lang }) => lang))].toSorted()).toEqual(["de", "en", "es", "fr"]);
  });
  test.each(["open", "held", "late"])(
    "every emergency of the %s set is found, and nothing else is taken for one",
    (set) => {
      expect(of(set, "emergency")).toMatchObject({ recall: 1, precision: 1 });
    },
  );
  test("of those no rule was made for, no less than before", () => {
    expect(of("fresh", "emergency")?.recall).toBeGreaterThanOrEqual(0.95);
    expect(of("fresh", "emergency")?.precision).toBeGreaterThanOrEqual(0.95);
    expect(of("last", "emergency")?.recall).toBeGreaterThanOrEqual(0.95);
    expect(of("last", "emergency")?.precision).toBe(1);
    expect(of("unseen", "emergency")?.recall).toBeGreaterThanOrEqual(0.51);
    expect(of("unseen", "emergency")?.precision).toBeGreaterThanOrEqual(0.9);
  });
});
