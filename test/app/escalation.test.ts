// What an organization does about an escalation: whom it dials, how, and what is told where nobody is dialled.
import { planEscalations, type EscalationSettings } from "../../src/app/escalation.ts";
import type { EscalationOutcome, EscalationRecord, Urgency } from "../../src/core/call.ts";
import { organizationConfig } from "../../src/wire/rest/organization.ts";

const NURSE = "+15550000001";
const DOCTOR = "+15550000002";
const PROGRAM = "+15550000009";

function plan(
  escalation: object | undefined,
  { urgency = "normal", reason = "the caller asked for a person", ...more }: Partial<Asked> = {},
) {
  const given = organizationConfig.parse({ ...(escalation && { escalation }) }).escalation;
  const { earlier, ...settings } = more;
  return planEscalations({ escalation: given, ...settings })(
    { trigger: "request", urgency, reason },
    "esc_1",
    earlier?.map(missed),
  );
}

interface Asked extends Omit<EscalationSettings, "escalation"> {
  readonly urgency: Urgency;
  readonly reason: string;
  readonly earlier: readonly (readonly [contact: string, outcome: EscalationOutcome])[];
}

const missed = ([contact, outcome]: readonly [string, EscalationOutcome]): EscalationRecord => ({
  id: "esc_0",
  trigger: "request",
  urgency: "normal",
  reason: "before",
  mode: "warm",
  contact,
  atMs: 0,
  outcome,
});

const team = {
  mode: "warm",
  contacts: [
    { name: "nurse", number: NURSE, for: ["normal", "low"] },
    { name: "doctor", number: DOCTOR },
  ],
  emergency_words: "Call 911 if you can.",
};

test("without anything configured a message is taken", () => {
  expect(plan(undefined)).toEqual({
    mode: "message",
    say: "",
    note: "Nobody can be reached now: tell the caller so, and offer to take a message.",
  });
});

test.each([
  [false, "cold"],
  [true, "warm"],
])("the program's own human is dialled where an organization names nobody (briefed: %s)", (isBriefed, mode) => {
  const program = { humanNumber: PROGRAM, isBriefed };
  expect(plan(undefined, program)).toEqual({
    mode,
    contact: "default",
    say: "",
    ending: {
      kind: "transfer",
      reason: "transferred",
      to: PROGRAM,
      note: "The caller asked for a person.",
      mode,
      escalationId: "esc_1",
      returns: true,
    },
  });
  expect(plan({ mode: "cold" }, program)).toMatchObject({ mode: "cold", ending: { to: PROGRAM } });
});

test.each([
  ["normal", NURSE, ""],
  ["low", NURSE, ""],
  ["high", DOCTOR, ""],
  ["emergency", DOCTOR, "Call 911 if you can."],
] as const)("the first who is there for what is %s is dialled", (urgency, to, say) => {
  expect(plan(team, { urgency })).toMatchObject({ mode: "warm", say, ending: { to } });
});

test.each([
  [[["nurse", "busy"]], "normal", DOCTOR],
  [[["nurse", "accepted"]], "normal", NURSE],
  [[["nurse", "withdrawn"]], "normal", NURSE],
  [
    [
      ["nurse", "declined"],
      ["doctor", "voicemail"],
    ],
    "normal",
    undefined,
  ],
  [[["doctor", "no-answer"]], "emergency", DOCTOR],
] as const)("after %j the next one is (%s)", (earlier, urgency, to) => {
  const planned = plan(team, { urgency, earlier });
  expect(planned.ending?.to).toBe(to);
  if (to === undefined) expect(planned).toMatchObject({ mode: "message", note: expect.stringContaining("Nobody") });
});

test("messages and flags dial nobody, but the emergency words are said", () => {
  for (const mode of ["message", "flag"] as const) {
    const planned = plan({ ...team, mode }, { urgency: "emergency" });
    expect(planned).toMatchObject({ mode, say: "Call 911 if you can." });
    expect(planned).not.toHaveProperty("ending");
    expect(planned.note === undefined).toBe(mode === "flag");
  }
});

test("after hours messages are taken, and emergencies are dialled for", () => {
  expect(plan(team, { onlyMessages: true })).toMatchObject({ mode: "message" });
  expect(plan(team, { onlyMessages: true, urgency: "emergency" })).toMatchObject({ ending: { to: DOCTOR } });
});

test.each([
  ["normal", "the caller asked for a person", "The caller asked for a person."],
  ["emergency", "emergency: chest pain", "Emergency: chest pain."],
  ["emergency", "the agent said: call 911!", "Emergency: the agent said: call 911!"],
] as const)("the briefing (%s) is one sentence", (urgency, reason, note) => {
  expect(plan(team, { urgency, reason }).ending?.note).toBe(note);
});
