// The organization's form: its fields are those of the schema, and values are changed, compared and refused field by field.
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Field, Fields } from "../../src/web/organization/field-kinds.ts";
import { SECTIONS } from "../../src/web/organization/fields.ts";
import { STOCK_PHRASES } from "../../src/web/organization/stock-phrases.ts";
import {
  changesOf,
  errorsOf,
  errorsWithin,
  pointerOf,
  valueAt,
  withoutErrors,
  withValue,
} from "../../src/web/organization/values.ts";
import { organizationConfig } from "../../src/wire/rest/organization.ts";

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly propertyNames?: { readonly enum?: readonly string[] };
  readonly additionalProperties?: boolean | Schema;
}

/** The form's fields as lines, to be compared with those of the schema. */
const linesOf = (fields: Fields, parent = ""): string[] =>
  Object.entries(fields).flatMap(([name, field]) => lineOf(field, `${parent}/${name}`));
function lineOf(field: Field, path: string): string[] {
  switch (field.kind) {
    case "group":
      return linesOf(field.fields, path);
    case "list":
      return lineOf(field.item, `${path}/*`);
    case "some":
      return [`${path}/* ${field.options.join("|")}`];
    case "choice":
      return [`${path} ${field.isNumber ? "number" : field.options.join("|")}`];
    case "flag":
      return [`${path} boolean`];
    case "number":
      return [`${path} number`];
    default:
      return [`${path} string`];
  }
}
function schemaLines(schema: Schema, path = ""): string[] {
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) {
    const lines = variants.flatMap((one) => schemaLines(one, path));
    const types = variants.map((one) => one.properties?.type?.const).filter((type) => type !== undefined);
    return [...lines.filter((line) => !line.startsWith(`${path}/type `)), `${path}/type ${types.join("|")}`];
  }
  if (schema.enum) return [`${path} ${schema.enum.join("|")}`];
  if (schema.items) return schemaLines(schema.items, `${path}/*`);
  if (schema.propertyNames?.enum) return schema.propertyNames.enum.map((name) => `${path}/${name} string`);
  if (schema.properties)
    return Object.entries(schema.properties).flatMap(([name, one]) => schemaLines(one, `${path}/${name}`));
  return [`${path} ${schema.type === "integer" ? "number" : (schema.type ?? `const ${schema.const}`)}`];
}

test("the form has every field of the schema, of its kind, and no other", () => {
  const schema = z.toJSONSchema(organizationConfig, { io: "input", unrepresentable: "any" }) as Schema;
  const shown = SECTIONS.flatMap(({ fields }) => linesOf(fields));
  expect(shown.toSorted()).toEqual(schemaLines(schema).toSorted());
});

test("stock phrases have names, are told when they are said, and show the words of the recordings", () => {
  const clips = JSON.parse(readFileSync("assets/clips/clips.json", "utf8")) as { id: string; text: string }[];
  for (const [id, field] of Object.entries(STOCK_PHRASES)) {
    expect(field).toMatchObject({ kind: "text", example: clips.find((clip) => clip.id === id)?.text });
    expect(field.label).toMatch(/^[A-Z]/);
    expect(field.label).not.toBe(id);
    expect(field.hint).toMatch(/^[A-Z].{15}/);
  }
});

describe("values", () => {
  const config = { name: "Acme", escalation: { contacts: [{ name: "Ada", number: "+1" }, { name: "Bob" }] } };

  test("are read and changed where a pointer says", () => {
    expect(valueAt(config, "/escalation/contacts/1/name")).toBe("Bob");
    expect(valueAt(config, "/escalation/rules/forbidden/0")).toBeUndefined();
    const changed = withValue(config, "/escalation/contacts/1/number", "+2");
    expect(changed).toEqual({
      ...config,
      escalation: { contacts: [config.escalation.contacts[0], { name: "Bob", number: "+2" }] },
    });
    expect(withValue({}, "/voice/name", "cedar")).toEqual({ voice: { name: "cedar" } });
    expect(withValue({}, pointerOf("/phrases", "a/b~c"), "x")).toEqual({ phrases: { "a/b~c": "x" } });
    expect(config.escalation.contacts[1]).toEqual({ name: "Bob" });
  });

  test("that are emptied are no more, nor is the group that held nothing else", () => {
    expect(withValue({ voice: { name: "cedar" }, name: "Acme" }, "/voice/name", undefined)).toEqual({ name: "Acme" });
    expect(withValue({ name: "Acme" }, "/name", undefined)).toEqual({});
    // An item of a list stays where it is while its text is written anew.
    expect(withValue({ facts: ["one", "two"] }, "/facts/0", undefined)).toEqual({ facts: ["", "two"] });
    expect(withValue(config, "/escalation/contacts/1/name", undefined)).toMatchObject({
      escalation: { contacts: [{}, {}] },
    });
  });

  test("only what is another now is sent; null takes a field away", () => {
    expect(changesOf(config, { escalation: config.escalation, name: "Acme" })).toBeUndefined();
    expect(changesOf({ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } })).toBeUndefined();
    expect(changesOf(config, { ...config, name: "Other" })).toEqual({ name: "Other" });
    expect(changesOf(config, { name: "Acme" })).toEqual({ escalation: null });
  });
});

test("errors stand at their fields, are counted for what is around them, and go when the field is changed", () => {
  const errors = errorsOf([
    { pointer: "/escalation/contacts/0/number", detail: "must be a phone number" },
    { pointer: "/escalation/mode", detail: "is none" },
    { pointer: "/escalations", detail: "is not known here" },
  ]);
  expect([
    errorsWithin(errors, "/escalation"),
    errorsWithin(errors, "/escalation/contacts"),
    errorsWithin(errors, "/name"),
  ]).toEqual([2, 1, 0]);
  const left = withoutErrors(errors, "/escalation/contacts");
  expect([...left.keys()]).toEqual(["/escalation/mode", "/escalations"]);
});
