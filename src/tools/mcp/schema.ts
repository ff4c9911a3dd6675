// A server's JSON Schema as models are given it, and as arguments are checked by it: without patterns, because somebody else's
// regular expression on a model's text can take for ever. The server checks the whole of it itself.
import type { Tool as ListedTool } from "@modelcontextprotocol/client";
import { InvalidArguments } from "../../core/tool.ts";

type Schema = Readonly<Record<string, unknown>>;

const DROPPED = new Set(["pattern", "patternProperties", "format", "$schema", "$id", "$async"]);
/** Under these stand names of somebody's choice, and schemas behind them. */
const NAMED = new Set(["properties", "$defs", "definitions", "dependentSchemas"]);
/** And under these values that are no schemas. */
const VALUES = new Set(["enum", "const", "default", "examples", "required"]);
const LONGEST = 16_384;

/** Undefined where no model could use it. */
export function parametersOf({ inputSchema }: Pick<ListedTool, "inputSchema">): Schema | undefined {
  const schema = withoutPatterns(inputSchema) as Schema;
  if (schema["type"] !== "object" || JSON.stringify(schema).length > LONGEST) return undefined;
  return { ...schema, properties: schema["properties"] ?? {} };
}

function withoutPatterns(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutPatterns);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !DROPPED.has(key))
      .map(([key, value]) => [key, VALUES.has(key) ? value : NAMED.has(key) ? eachOf(value) : withoutPatterns(value)]),
  );
}

const eachOf = (named: unknown): unknown =>
  typeof named === "object" && named !== null
    ? Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, withoutPatterns(schema)]))
    : {};

export type CheckArguments = (args: unknown) => asserts args is Readonly<Record<string, unknown>>;

/** @throws Error for a schema that is none. */
export async function checkerOf(parameters: Schema): Promise<CheckArguments> {
  const { AjvJsonSchemaValidator } = await import("@modelcontextprotocol/client/validators/ajv");
  const validate = new AjvJsonSchemaValidator().getValidator(parameters);
  return (args) => {
    if (typeof args !== "object" || args === null || Array.isArray(args))
      throw new InvalidArguments("The arguments do not fit: an object is needed");
    const { valid, errorMessage } = validate(args);
    if (!valid) throw new InvalidArguments(`The arguments do not fit: ${(errorMessage ?? "").slice(0, 500)}`);
  };
}
