// Whole calls in virtual time that the guard reads: what follows from a turn of the caller, from a reply before it is spoken or while
// the voice makes it, and that no fault of the guard is a fault of the call.
import type { EscalationPlan, EscalationRequest } from "../../src/core/escalation.ts";
import type { CallGuard, Verdict } from "../../src/core/guard.ts";
import { createGuard, type GuardRules } from "../../src/safety/guard.ts";
import { fakeCall, HUMAN, type FakeCall, type FakeCallOptions } from "../support/fake-call.ts";

let call: FakeCall;
afterEach(() => call.over());

const EMERGENCY = "Help is on its way. Stay on the line.";
const CHEST_PAIN = "I have a terrible chest pain.";

/** Dials warm, with emergency words in an emergency. */
function dials({ urgency, reason }: EscalationRequest, escalationId: string): EscalationPlan {
  return {
    mode: "warm",
    contact: "the duty nurse",
    say: urgency === "emergency" ? EMERGENCY : "",
    ending: { kind: "transfer", reason: "transferred", to: HUMAN, note: reason, mode: "warm", escalationId },
  };
}

const takesMessages = ({ urgency }: EscalationRequest): EscalationPlan => ({
  mode: "message",
  say: urgency === "emergency" ? EMERGENCY : "",
  note: "Nobody can be reached now: offer to take a message.",
});

interface Guarded extends FakeCallOptions {
  readonly rules?: GuardRules;
  readonly guard?: CallGuard;
  readonly plan?: typeof dials;
}

async function started({ rules, guard, plan = dials, ...options }: Guarded = {}): Promise<void> {
  call = await fakeCall({
    ...options,
    parts: { guard: guard ?? createGuard(rules).forCall(), planEscalation: plan, ...options.parts },
  });
  await call.greeted();
}

const names = (): string[] =>
  call
    .heardNames()
    .map(({ what }) => what)
    .filter((what) => !what.startsWith("clip:filler") && what !== "clip:greeting");
const escalations = () => call.record().escalations;
const transferred = () => call.until("the call is passed on", () => call.reasons.length > 0, 60_000);

describe("an emergency", () => {
  test("is told the emergency words at once and passed on; the assistant is not asked", async () => {
    await started();
    call.caller.speaks(CHEST_PAIN);
    await transferred();
    expect(call.thread.asked).toEqual([]);
    expect(names().join(" ")).toBe(EMERGENCY);
    expect(call.reasons).toEqual(["transferred"]);
    expect(call.endings.at(-1)?.ending).toMatchObject({
      kind: "transfer",
      to: HUMAN,
      escalationId: escalations()[0]!.id,
    });
    expect(escalations()).toMatchObject([
      {
        trigger: "emergency-keyword",
        urgency: "emergency",
        reason: "emergency: chest pain",
        mode: "warm",
        contact: "the duty nurse",
        outcome: "pending",
      },
    ]);
    expect(call.record()).toMatchObject({
      phase: "completed",
      turns: [{ turn: 1, text: CHEST_PAIN, cause: "guard-escalated" }],
    });
    expect(call.record().timeline.map(({ what }) => what)).toEqual(expect.arrayContaining(["guard", "escalation"]));
    expect(call.meter.total("voice_guard_verdicts_total", { verdict: "escalate", by: "caller" })).toBe(1);
    expect(call.meter.total("voice_escalations_total", { trigger: "emergency-keyword", urgency: "emergency" })).toBe(1);
  });

  test("cuts a reply that is being heard, and nothing the caller says takes it back", async () => {
    await started({
      reply: () => "Let me tell you about our opening hours. They are long. We open at eight every day.",
    });
    call.caller.speaks("When do you open?");
    await call.untilHeard("opening hours");
    call.caller.speaks(CHEST_PAIN);
    await call.untilHeard("Help is on");
    call.caller.speaks("Wait, what did you say?");
    await transferred();
    expect(call.thread.asked).toHaveLength(1);
    expect(names().slice(-2).join(" ")).toBe(EMERGENCY);
    expect(call.reasons).toEqual(["transferred"]);
    expect(escalations()).toMatchObject([{ outcome: "pending" }]);
  });

  test("in the greeting does not wait for its end", async () => {
    call = await fakeCall({ parts: { guard: createGuard().forCall(), planEscalation: dials } });
    await call.run(300);
    call.caller.speaks("My house is on fire!", { ms: 600 });
    await call.untilHeard("Help is on");
    const [greeting] = call.heardNames();
    expect(greeting!.ms).toBeLessThan("Hello, this is the assistant. How can I help?".length * 60);
    await transferred();
  });

  test("turns a goodbye that cannot be taken back into a call for help", async () => {
    await started({ settings: { maxCallMs: 8000 } });
    await call.untilHeard("We are out of time");
    call.caller.speaks(CHEST_PAIN, { ms: 600, transcriptMs: 50 });
    await transferred();
    expect(names()).toContain("clip:time-up");
    expect(call.endings.at(-1)?.ending).toMatchObject({ kind: "transfer", to: HUMAN });
  });

  test("without anybody to dial: the words are said, and the assistant goes on with what it has to know", async () => {
    await started({ plan: takesMessages, reply: () => "Tell me what happened." });
    call.caller.speaks(CHEST_PAIN);
    await call.untilHeard("Tell me what happened");
    expect(names().join(" ")).toBe(`${EMERGENCY} Tell me what happened.`);
    expect(call.thread.asked).toMatchObject([
      { text: CHEST_PAIN, note: "Nobody can be reached now: offer to take a message." },
    ]);
    expect(escalations()).toMatchObject([{ mode: "message", outcome: "message-taken" }]);
    call.caller.speaks(CHEST_PAIN);
    await call.until("the second answer", () => call.replies("reply").length === 2, 20_000);
    // It is known.
    expect(escalations()).toHaveLength(1);
    expect(call.thread.asked[1]).not.toHaveProperty("note");
  });

  test("is passed on although the voice is lost", async () => {
    await started({ voices: { voice: (number) => (number === 1 ? {} : { readyMs: -1 }) } });
    call.caller.speaks(CHEST_PAIN);
    await call.until("escalated", () => escalations().length === 1);
    call.voices.current.lose("gone");
    await transferred();
    expect(call.endings.at(-1)?.ending).toMatchObject({ kind: "transfer", to: HUMAN });
    expect(call.reasons).toEqual(["transferred"]);
  });
});

describe("a request for a person", () => {
  test("is passed on after the stock phrase", async () => {
    await started();
    call.caller.speaks("I want to talk to a person.");
    await transferred();
    expect(call.thread.asked).toEqual([]);
    expect(names()).toEqual(["clip:transfer"]);
    expect(escalations()).toMatchObject([{ trigger: "request", urgency: "normal", outcome: "pending" }]);
  });

  test("can be taken back, which is recorded; the assistant is told of it", async () => {
    await started({ reply: () => "All right." });
    call.caller.speaks("I want to talk to a person.");
    await call.until("the phrase is heard", () => names().includes("clip:transfer"));
    call.caller.speaks("No wait, just tell me when you open.");
    await call.until("answered", () => call.replies("reply").length === 1, 20_000);
    expect(call.call.phase()).toBe("listening");
    expect(escalations()).toMatchObject([{ outcome: "withdrawn", decidedAtMs: expect.any(Number) }]);
    expect(call.thread.asked).toHaveLength(1);
  });

  test("that is repeated while it is under way is one request", async () => {
    await started();
    call.caller.speaks("I want to talk to a person.");
    await call.until("the phrase is heard", () => names().includes("clip:transfer"));
    call.caller.speaks("I want to talk to a person!");
    await transferred();
    expect(escalations()).toMatchObject([{ outcome: "pending" }]);
    expect(call.reasons).toEqual(["transferred"]);
  });

  test("of a caller who leaves before anybody is dialled is withdrawn", async () => {
    await started();
    call.caller.speaks("I want to talk to a person.");
    await call.until("the phrase is heard", () => names().includes("clip:transfer"));
    call.line.hangUp();
    await call.run(100);
    expect(call.reasons).toEqual(["caller-hangup"]);
    expect(escalations()).toMatchObject([{ outcome: "withdrawn" }]);
  });
});

describe("other turns", () => {
  test("urgent matters, and misunderstandings in a row", async () => {
    await started({ reply: () => "We open at eight." });
    for (let i = 0; i < 3; i++) {
      call.caller.speaks("You don't understand me.");
      await call.run(8000);
    }
    await transferred();
    expect(escalations()).toMatchObject([{ trigger: "uncertainty", reason: "3 misunderstandings in a row" }]);
    expect(call.record().flags).toMatchObject([
      { by: "caller", rule: "misunderstanding: you don't understand" },
      { by: "caller" },
    ]);
    expect(call.thread.asked).toHaveLength(2);
  });

  test("words that nobody understood, in a row", async () => {
    await started({ rules: { misunderstandings: 2 } });
    call.caller.speaks("Mumble mumble.", { as: "failed" });
    await call.untilHeard("I did not catch that");
    await call.run(2000);
    call.caller.speaks("Mumble mumble.", { as: "failed" });
    await transferred();
    expect(names()).toEqual(["clip:say-again", "clip:transfer"]);
  });

  test("that end the call", async () => {
    await started({ rules: { end_on: [{ phrase: "wrong number", say: "No problem. Goodbye." }] } });
    call.caller.speaks("Sorry, wrong number.");
    await transferred();
    expect(names().join(" ")).toBe("No problem. Goodbye.");
    expect(call.reasons).toEqual(["agent-hangup"]);
    expect(call.record().turns).toMatchObject([{ cause: "guard-ended" }]);
  });

  test("of ordinary talk are answered", async () => {
    await started({ reply: () => "A lovely colour." });
    call.caller.speaks("My heart is set on blue.");
    await call.untilHeard("A lovely colour");
    expect(call.record()).toMatchObject({ escalations: [], flags: [], turns: [{ turn: 1 }] });
    expect(call.record().turns[0]).not.toHaveProperty("cause");
  });
});

describe("a reply of the assistant", () => {
  const forbids: GuardRules = {
    forbidden: [{ phrase: "guaranteed", instead: "I can not promise that." }, { phrase: "cheap" }],
  };

  test("is read sentence by sentence before it is spoken", async () => {
    await started({
      rules: forbids,
      reply: () => "It is ready today. That is guaranteed. It was cheap. Come at five.",
    });
    call.caller.speaks("When is it ready?");
    await call.until("heard", () => call.replies("reply").length === 1, 20_000);
    const [reply] = call.replies("reply");
    expect(reply!.heard).toContain("It is ready today.");
    expect(reply!.heard).toContain("I can not promise that.");
    expect(call.voices.spoken.map(({ text }) => text).join(" ")).not.toContain("guaranteed");
    expect(call.record().turns).toMatchObject([{ cause: "guard-replaced" }]);
    expect(call.meter.total("voice_guard_verdicts_total", { verdict: "say", by: "agent" })).toBe(1);
  });

  test("that takes what it heard for an emergency is an emergency", async () => {
    await started({ reply: () => "That is bad. This is an emergency, call 911 right now. Then lie down." });
    call.caller.speaks("I feel a bit strange today.");
    await transferred();
    expect(names().join(" ")).toContain(EMERGENCY);
    expect(names().join(" ")).not.toContain("lie down");
    expect(escalations()).toMatchObject([{ trigger: "agent-reply", urgency: "emergency" }]);
    expect(call.thread.open).toBe(0);
  });

  test("that does not understand once too often is not spoken: the caller is passed on after what was", async () => {
    await started({
      rules: { misunderstandings: 1 },
      reply: () => "We open at eight. I'm sorry, I didn't understand that.",
    });
    call.caller.speaks("Is the moon out?");
    await transferred();
    expect(names()).toEqual(["We open at eight.", "clip:transfer"]);
    expect(call.reasons).toEqual(["transferred"]);
  });
});

describe("a voice that answers by itself", () => {
  const own = (items: readonly string[], more: Guarded = {}): Promise<void> =>
    started({ speechToSpeech: true, ...more, voices: { reply: () => ({ items }), ...more.voices } });

  test("is cut off when the caller's words turn out to be an emergency", async () => {
    await own(["Let me tell you about our opening hours, which are long and need some explaining to be understood."]);
    call.caller.speaks(CHEST_PAIN, { transcriptMs: 1500 });
    await call.untilHeard("Help is on");
    await transferred();
    expect(escalations()).toMatchObject([{ trigger: "emergency-keyword" }]);
    expect(call.record().turns).toMatchObject([{ turn: 1, text: CHEST_PAIN, cause: "guard-escalated, cut-off" }]);
    expect(call.reasons).toEqual(["transferred"]);
  });

  test("is cut ahead of the ear where it says what it must not", async () => {
    const rules: GuardRules = { forbidden: [{ phrase: "for free", instead: "That has its price." }] };
    const text =
      "Your car needs new tyres, new brakes and a new engine, and a good deal of work besides. We do all of it for free, today.";
    await own([text], { rules });
    call.caller.speaks("What about my car?");
    await call.untilHeard("That has its price");
    const heard = call.replies("reply")[0]!;
    expect(heard.generated).toContain("for free");
    expect(heard.heard).not.toContain("for free");
    await call.until("said", () => call.replies("notice").length === 1, 20_000);
    expect(call.replies("notice")[0]!.heard).toBe("That has its price.");
    expect(call.voices.current.told.map(({ text: told }) => told).join(" ")).toMatch(/cut off by a rule/);
    // Nobody asks the question again.
    expect(call.voices.current.responds).toHaveLength(1);
    call.caller.speaks("And when?");
    await call.until("the next answer", () => call.voices.current.responds.length === 2, 20_000);
  });

  test("that raises the alarm itself is an emergency", async () => {
    await own(["This sounds serious. This is an emergency, you should call 911 right now, and then lie down."]);
    call.caller.speaks("I feel a bit strange today.");
    await transferred();
    expect(names().join(" ")).toContain(EMERGENCY);
    expect(escalations()).toMatchObject([{ trigger: "agent-reply", urgency: "emergency" }]);
  });
});

describe("a guard that fails", () => {
  const broken: CallGuard = {
    caller: () => {
      throw new Error("caller");
    },
    agent: () => {
      throw new Error("agent");
    },
    unheard: () => {
      throw new Error("unheard");
    },
  };

  // What the call stumbled over is what this is about.
  const leftovers = async () => (await call.leftovers()).filter((one) => !one.startsWith("stumbled"));

  test.each([false, true])("is no guard, and no fault of the call (speech-to-speech: %s)", async (speechToSpeech) => {
    await started({
      guard: broken,
      speechToSpeech,
      reply: () => "A lovely colour.",
      voices: { reply: () => ({ items: ["A lovely colour."] }) },
    });
    call.caller.speaks("My heart is set on blue.");
    await call.until("answered", () => call.replies("reply").length === 1, 20_000);
    if (!speechToSpeech) {
      call.caller.speaks("Mumble.", { as: "failed" });
      await call.untilHeard("I did not catch that");
    }
    expect(await leftovers()).toEqual([]);
    expect(call.meter.total("voice_internal_errors_total")).toBeGreaterThan(1);
    call.log.lines.length = 0;
  });
});

test("verdicts that answer the caller in place of the assistant", async () => {
  const says: Verdict = { kind: "say", rule: "own words", text: "We do not talk about that." };
  await started({ guard: { caller: () => says, agent: () => ({ kind: "pass" }), unheard: () => ({ kind: "pass" }) } });
  call.caller.speaks("Tell me a secret.");
  await call.untilHeard("We do not talk");
  await call.run(3000);
  expect(call.thread.asked).toEqual([]);
  expect(call.call.phase()).toBe("listening");
  expect(call.record().turns).toMatchObject([{ text: "Tell me a secret.", cause: "guard-replaced" }]);
});
