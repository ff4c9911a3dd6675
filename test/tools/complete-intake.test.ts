// What is taken down of a caller: typed by the organization's fields, kept piece by piece, and never lost to one bad piece.
import * as fc from "fast-check";
import type { IntakeRecord } from "../../src/core/call.ts";
import { InvalidArguments, type Tool, type ToolContext } from "../../src/core/tool.ts";
import { createCompleteIntake } from "../../src/tools/complete-intake.ts";
import type { IntakeField } from "../../src/wire/rest/organization.ts";

const FIELDS: readonly IntakeField[] = [
  { name: "patient", type: "text", ask: "The patient's name.", required: true },
  { name: "born", type: "date", ask: "The date of birth.", required: true },
  { name: "callback", type: "phone", ask: "A number to call back.", required: false },
  { name: "weight", type: "number", ask: "Weight in kilograms.", required: false },
  { name: "known", type: "boolean", ask: "Have they been here before?", required: false },
  {
    name: "doctor",
    type: "choice",
    ask: "Whom do they want to see?",
    required: false,
    choices: ["Dr. Chen", "Dr. Ito"],
  },
];

/** A call that keeps what its tool takes down. */
function intakeOf(tool: Tool = createCompleteIntake(FIELDS)) {
  let intake: IntakeRecord | undefined;
  let writes = 0;
  const context: ToolContext = {
    callId: "c",
    signal: new AbortController().signal,
    endAfterReply: () => {},
    escalate: () => ({ mode: "flag", say: "" }),
    intake: () => intake,
    keepIntake(kept) {
      writes += 1;
      intake = { ...kept, updatedAtMs: writes };
    },
  };
  return {
    give: (args: unknown) => tool.run(args, context) as Promise<Record<string, unknown>>,
    kept: () => intake,
    writes: () => writes,
  };
}

test("the schema is the organization's: typed, described, nothing else in it", () => {
  const { parameters } = createCompleteIntake(FIELDS);
  expect(parameters).not.toHaveProperty("$schema");
  expect(parameters).toMatchObject({
    type: "object",
    additionalProperties: false,
    properties: {
      fields: {
        type: "object",
        additionalProperties: false,
        properties: {
          patient: { type: "string", description: "The patient's name." },
          born: { type: "string", format: "date" },
          weight: { type: "number" },
          known: { type: "boolean" },
          doctor: { enum: ["Dr. Chen", "Dr. Ito"] },
        },
      },
      urgency: { enum: ["emergency", "high", "normal", "low"] },
      complete: { type: "boolean" },
    },
    required: ["fields"],
  });
});

test("where nothing is configured it asks who, how to reach them, and why", async () => {
  const call = intakeOf(createCompleteIntake());
  expect(await call.give({ fields: { caller_name: "Zoë Miller" }, complete: true })).toMatchObject({
    status: "draft",
    missing: ["reason"],
  });
  expect(await call.give({ fields: { reason: "A refund." }, complete: true })).toMatchObject({ status: "complete" });
  expect(call.kept()?.fields).toEqual({ caller_name: "Zoë Miller", reason: "A refund." });
});

test("a draft grows piece by piece, is complete when it is said to be, and stays so when it is corrected", async () => {
  const call = intakeOf();
  expect(await call.give({ fields: { patient: " Ada " }, urgency: "high" })).toMatchObject({
    status: "draft",
    missing: ["born"],
  });
  expect(call.kept()).toMatchObject({ fields: { patient: "Ada" }, status: "draft", urgency: "high" });
  // All of it is known, but nobody has confirmed it.
  expect(await call.give({ fields: { born: "1985-02-03", weight: 61.5, known: false } })).toMatchObject({
    status: "draft",
    missing: [],
  });
  expect(await call.give({ fields: {}, complete: true })).toMatchObject({ status: "complete", missing: [] });
  expect(
    await call.give({ fields: { doctor: "Dr. Ito", callback: "+1 (555) 111-0000" }, urgency: null }),
  ).toMatchObject({
    status: "complete",
  });
  expect(call.kept()).toMatchObject({
    fields: {
      patient: "Ada",
      born: "1985-02-03",
      weight: 61.5,
      known: false,
      doctor: "Dr. Ito",
      callback: "+1 (555) 111-0000",
    },
    urgency: "high",
    status: "complete",
  });
});

test("what does not fit is told field by field, and what fits is kept beside it", async () => {
  const call = intakeOf();
  const answer = await call.give({
    fields: { patient: "Ada", born: "yesterday", weight: "heavy", doctor: "Dr. No", callback: "my mobile", age: 40 },
    urgency: "very",
    complete: true,
  });
  expect(answer).toMatchObject({ ok: true, status: "draft", missing: ["born"] });
  expect((answer.not_kept as { field: string }[]).map(({ field }) => field).sort()).toEqual([
    "age",
    "born",
    "callback",
    "doctor",
    "urgency",
    "weight",
  ]);
  expect(call.kept()?.fields).toEqual({ patient: "Ada" });
});

test.each([
  null,
  [],
  "Ada",
  7,
  { fields: [] },
  { fields: "Ada" },
  { fields: { nobody: "asked" } },
  { fields: { born: "soon" } },
  { urgency: 3 },
  { patient: "not among the fields" },
])("%j changes nothing", async (args) => {
  const call = intakeOf();
  await expect(call.give(args)).rejects.toThrow(InvalidArguments);
  expect(call.writes()).toBe(0);
});

test("what no database would keep is not kept: control characters, halves of characters, endless text", async () => {
  const call = intakeOf();
  await call.give({ fields: { patient: "A\u0000da \ud800" } });
  expect(call.kept()?.fields.patient).toBe("A da");
  await expect(call.give({ fields: { patient: "a".repeat(2001) } })).rejects.toThrow(InvalidArguments);
  expect(call.kept()?.fields.patient).toBe("A da");
});

test("whatever a model writes: an answer or InvalidArguments, and only declared fields of the declared types are kept", async () => {
  const types = {
    patient: "string",
    born: "string",
    callback: "string",
    weight: "number",
    known: "boolean",
    doctor: "string",
  };
  const argument = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        fields: fc.dictionary(
          fc.oneof(fc.constantFrom(...Object.keys(types), "__proto__", "toString"), fc.string()),
          fc.jsonValue(),
        ),
        urgency: fc.oneof(fc.constantFrom("high", "low"), fc.jsonValue()),
        complete: fc.oneof(fc.boolean(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(argument, { maxLength: 4 }), async (all) => {
      const call = intakeOf();
      for (const args of all) {
        try {
          expect(await call.give(args)).toMatchObject({ ok: true });
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArguments);
        }
      }
      for (const [name, value] of Object.entries(call.kept()?.fields ?? {}))
        expect([name, typeof value]).toEqual([name, types[name as keyof typeof types]]);
    }),
    { numRuns: 300 },
  );
});
