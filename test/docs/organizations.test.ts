// docs/organizations.md: its example is taken as it stands, shows every field there is, and survives the way out and in again.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { checkConfig, noMisgivings } from "../../src/organizations/check.ts";
import { readOrganization, writeOrganization } from "../../src/organizations/file.ts";
import { organizationConfig } from "../../src/wire/rest/organization.ts";

const PAGE = readFileSync(new URL("../../docs/organizations.md", import.meta.url), "utf8");
const EXAMPLE = /```yaml\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? "";

function example() {
  const read = readOrganization(EXAMPLE);
  if (!read.ok) throw new Error(read.problems.join("; "));
  return read.file;
}

test("the example is a good configuration", () => {
  const { org_id, version, config } = example();
  expect([org_id, version]).toEqual(["clinic", 3]);
  expect(checkConfig(config, noMisgivings)).toMatchObject({ ok: true });
});

/** Names of fields, however deep. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties = {}, propertyNames: _names, ...rest } = schema as Record<string, unknown>;
  return [
    ...Object.keys(properties as object),
    ...[...Object.values(properties as object), ...Object.values(rest)].flatMap(fieldsOf),
  ];
}

test("the example shows every field", () => {
  const fields = fieldsOf(z.toJSONSchema(organizationConfig, { io: "input" }));
  expect(fields.length).toBeGreaterThan(60);
  expect([...new Set(fields)].filter((name) => !new RegExp(`\\b${name}:`).test(EXAMPLE))).toEqual([]);
});

test("what is written is read again as it was", () => {
  const { org_id, config } = example();
  const text = writeOrganization({ org_id, version: 4, config });
  expect(readOrganization(text)).toEqual({ ok: true, file: { org_id, version: 4, config } });
  expect(text).toContain('"+15550004444"');
});

test("a number without quotes is still a number to dial", () => {
  expect(readOrganization("org_id: a\nnumbers: [+15550004444]\n")).toMatchObject({
    file: { config: { numbers: ["+15550004444"] } },
  });
});
