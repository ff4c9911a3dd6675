// Our tools in the nested form that Chat Completions and the Assistants wire share; the Responses API takes them flat.
import type { ToolDescription } from "../core/thread.ts";

export function nestedTools(tools: readonly ToolDescription[]) {
  return tools.map(({ name, description, parameters }) => ({
    type: "function" as const,
    function: { name, description, parameters: { ...parameters } },
  }));
}
