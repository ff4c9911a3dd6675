// Lists what is remembered of the user, newest first.
import { z } from "zod";
import type { Memories } from "../core/memory.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool } from "./define.ts";
import { forUser, userIdIgnored } from "./known-user.ts";
import { DATA_NOTE, told } from "./memory-search.ts";

/** More would be paid for and not read. */
const MOST = 50;

export function createMemoryList(memories: Pick<Memories, "list">): Tool {
  return defineTool({
    name: "memory_list",
    description: "Everything you remember of the user, newest first. Prefer memory_search when you look for something.",
    schema: z.strictObject({ userId: userIdIgnored }),
    timeoutMs: 8000,
    perMinute: 12,
    run: (_args, context) =>
      forUser(context, async (owner) => {
        const found = await memories.list(owner, { limit: MOST + 1 });
        return { memories: found.slice(0, MOST).map(told), more: found.length > MOST, note: DATA_NOTE };
      }),
  });
}
