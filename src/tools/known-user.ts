// For tools that are about the user: who that is says the server, and nothing that a model writes. Without one they answer so.
import { z } from "zod";
import type { MemoryOwner } from "../core/memory.ts";
import type { ToolContext } from "../core/tool.ts";

/** As the model may write it; never read. */
export const userIdIgnored = z.unknown().optional().describe("Set by the server. Leave it out.");

export const NO_USER = {
  error: {
    code: "no-user",
    message: "It is not known who this is, so nothing is remembered of them. Go on without it.",
  },
} as const;

export async function forUser(
  { userId, orgId }: ToolContext,
  work: (owner: MemoryOwner) => Promise<unknown>,
): Promise<unknown> {
  return userId === undefined || orgId === undefined ? NO_USER : work({ orgId, userId });
}

/** Tools that make sense only where it is known who the user is. */
export function needsUser(toolName: string): boolean {
  return toolName.startsWith("memory_");
}
