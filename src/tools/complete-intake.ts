// Takes down what the organization wants to know of a caller, piece by piece: what fits is kept as a draft at once, so that a call
// that breaks off has lost nothing, and what does not fit is told back field by field.
import { z } from "zod";
import type { IntakeRecord, Urgency } from "../core/call.ts";
import { InvalidArguments, type Tool } from "../core/tool.ts";
import type { IntakeField } from "../wire/rest/organization.ts";

/** What is taken down where nothing else is configured: who, how to reach them, and why. */
export const DEFAULT_INTAKE: readonly IntakeField[] = [
  { name: "caller_name", type: "text", ask: "The caller's name.", required: true },
  { name: "callback_number", type: "phone", ask: "The number to call them back at.", required: false },
  { name: "reason", type: "text", ask: "What they want, in one or two sentences.", required: true },
];

type Value = string | number | boolean;

const URGENCIES: readonly [Urgency, ...Urgency[]] = ["emergency", "high", "normal", "low"];
const LONGEST_TEXT = 2000;
/** Control characters other than tabs and line ends, and halves of surrogate pairs: no database would keep them. */
const UNKEEPABLE = /(?![\t\n\r])[\p{Cc}\p{Cs}]/gu;

const schemaOf: Readonly<Record<IntakeField["type"], (field: IntakeField) => z.ZodType<Value>>> = {
  text: () => z.string().trim().min(1).max(LONGEST_TEXT),
  number: () => z.number(),
  boolean: () => z.boolean(),
  date: () => z.iso.date("must be a date such as 2026-11-25"),
  phone: () =>
    z
      .string()
      .max(40)
      .regex(/^\+?(?:[\s().\-/]*\d){4,15}[\s().\-/]*$/, "must be a phone number in digits"),
  choice: ({ choices = [] }) => z.enum(choices as [string, ...string[]]),
};

/** `fields`: as configured; none: `DEFAULT_INTAKE`. */
export function createCompleteIntake(fields: readonly IntakeField[] = []): Tool {
  const asked = fields.length > 0 ? fields : DEFAULT_INTAKE;
  const schemas = new Map(asked.map((field) => [field.name, schemaOf[field.type](field)]));
  const required = asked.filter((field) => field.required).map(({ name }) => name);
  const own = { complete: z.boolean(), urgency: z.enum(URGENCIES) };
  const described = z.strictObject({
    fields: z
      .strictObject(
        Object.fromEntries(
          asked.map(({ name, ask }) => [name, (schemas.get(name) as z.ZodType<Value>).optional().describe(ask)]),
        ),
      )
      .describe("Only what you know; what you gave before is kept."),
    urgency: own.urgency.optional().describe("How urgent the caller's matter is."),
    complete: own.complete
      .optional()
      .describe("true once everything needed is known and the caller has confirmed it; until then it stays a draft."),
  });
  const { $schema: _dialect, ...parameters } = z.toJSONSchema(described, { io: "input" });

  return {
    name: "complete_intake",
    description:
      "Take down what the caller told you. Call it as soon as something is known, with the fields you know, and once more with complete: true when the caller has confirmed it all. It answers what is still missing.",
    parameters,
    timeoutMs: 2000,
    run(args, context) {
      const given = z
        .looseObject({
          fields: z.record(z.string(), z.unknown()).nullish(),
          urgency: z.unknown(),
          complete: z.unknown(),
        })
        .partial()
        .safeParse(args);
      if (!given.success)
        return Promise.reject(new InvalidArguments("The arguments must be an object with fields in it."));
      const { fields: told, urgency, complete, ...others } = given.data;
      const before = context.intake();
      const kept: Record<string, Value> = { ...before?.fields };
      const refused: { field: string; why: string }[] = Object.keys(others).map(unknown);
      for (const [name, value] of Object.entries(told ?? {})) {
        // A model leaves a field out by null as well.
        if (value === null) continue;
        const schema = schemas.get(name);
        const read = schema?.safeParse(typeof value === "string" ? value.replace(UNKEEPABLE, " ") : value);
        if (!read) refused.push(unknown(name));
        else if (read.success) kept[name] = read.data;
        else refused.push({ field: name, why: read.error.issues.map(({ message }) => message).join("; ") });
      }
      const readUrgency = own.urgency.nullish().safeParse(urgency);
      if (!readUrgency.success) refused.push({ field: "urgency", why: `must be one of ${URGENCIES.join(", ")}` });
      const isNew = Object.keys(kept).some((name) => kept[name] !== before?.fields[name]);
      const newUrgency = readUrgency.data ?? undefined;
      if (refused.length > 0 && !isNew && newUrgency === undefined)
        return Promise.reject(new InvalidArguments(`Nothing was kept: ${list(refused)}.`));

      const missing = required.filter((name) => kept[name] === undefined);
      const isComplete = complete === true && missing.length === 0 && refused.length === 0;
      // What was complete and is changed afterwards stays complete: the caller corrected it.
      const status: IntakeRecord["status"] = isComplete || before?.status === "complete" ? "complete" : "draft";
      const finalUrgency = newUrgency ?? before?.urgency;
      context.keepIntake({ fields: kept, status, ...(finalUrgency !== undefined && { urgency: finalUrgency }) });
      return Promise.resolve({
        ok: true,
        status,
        missing,
        ...(refused.length > 0 && { not_kept: refused }),
        note: noteFor(status, missing, refused.length > 0),
      });
    },
  };
}

const unknown = (field: string): { field: string; why: string } => ({
  field: field.slice(0, 64),
  why: "is not a field of this intake",
});

const list = (refused: readonly { field: string; why: string }[]): string =>
  refused
    .slice(0, 10)
    .map(({ field, why }) => `${field}: ${why}`)
    .join("; ");

function noteFor(status: IntakeRecord["status"], missing: readonly string[], hasRefused: boolean): string {
  if (hasRefused) return "Some of it does not fit its field and was not kept: ask the caller again.";
  if (status === "complete") return "It is complete.";
  if (missing.length > 0) return "Kept as a draft. Ask for what is missing, one thing at a time.";
  return "Kept as a draft. Read it back, and call this once more with complete: true when the caller has confirmed it.";
}
