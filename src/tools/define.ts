// Makes a Tool of a zod schema: the schema is offered to the model as JSON Schema and checks what the model sends.
import { z } from "zod";
import { InvalidArguments, type Tool, type ToolContext } from "../core/tool.ts";

export function defineTool<Schema extends z.ZodObject>(definition: {
  readonly name: string;
  readonly description: string;
  readonly schema: Schema;
  /** ms */
  readonly timeoutMs: number;
  /** Runs a minute of one call; absent: as many as the model likes. */
  readonly perMinute?: number;
  readonly run: (args: z.infer<Schema>, context: ToolContext) => Promise<unknown>;
}): Tool {
  const { $schema: _version, ...parameters } = z.toJSONSchema(definition.schema, { io: "input" });
  return {
    name: definition.name,
    description: definition.description,
    parameters,
    timeoutMs: definition.timeoutMs,
    ...(definition.perMinute !== undefined && { perMinute: definition.perMinute }),
    run(argumentsJson, context) {
      const parsed = definition.schema.safeParse(argumentsJson);
      if (!parsed.success) {
        const told = parsed.error.issues
          .map((issue) => `${issue.path.join(".") || "arguments"}: ${issue.message}`)
          .join("; ");
        return Promise.reject(new InvalidArguments(`The arguments do not fit: ${told}`));
      }
      return definition.run(parsed.data, context);
    },
  };
}
