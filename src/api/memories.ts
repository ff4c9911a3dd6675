// What is remembered of users, for themselves and for those who look after them: looked at, searched, added, given out, deleted. A
// user is the name of a key; another user's memories are for administrators, and within what they see.
import { z } from "zod";
import { sees, type Principal } from "../core/access.ts";
import { DEFAULT_ORG } from "../core/call.ts";
import {
  LONGEST_MEMORY,
  LONGEST_SUBJECT,
  MEMORY_KINDS,
  MOST_MEMORIES,
  MOST_STEPS,
  type Fact,
  type Memories,
  type Memory,
  type MemoryOwner,
} from "../core/memory.ts";
import type { Log } from "../core/observe.ts";
import { InvalidRequest, Problem } from "../core/problem.ts";
import { empty, json, READERS, route, WRITERS, type Route } from "./define-route.ts";
import {
  addedMemories,
  addedOf,
  droppedOf,
  exportedMemory,
  exportOf,
  foundMemory,
  memoryView,
  viewOf,
} from "./memory-view.ts";
import type { Organizations } from "./ports.ts";

export interface MemoryRouteParts {
  readonly memories: Memories;
  readonly organizations: Organizations;
  readonly log: Log;
}

const whose = {
  user_id: z.string().min(1).max(128).optional().describe("Another user; for administrators."),
  org_id: z.string().min(1).max(63).optional().describe("The user's organization, where the key is of none."),
};
type Whose = { readonly user_id?: string | undefined; readonly org_id?: string | undefined };
const kind = z.enum(MEMORY_KINDS);
const words = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    // As a database takes them.
    .refine((text) => !/[\0\p{Cs}]/u.test(text), "has characters in it that are none");
const said = z.strictObject({ role: z.enum(["user", "assistant"]), content: words(8000) });
const given = z.strictObject({
  kind,
  subject: words(LONGEST_SUBJECT).describe("What it is about; a memory about the same is replaced."),
  text: words(LONGEST_MEMORY),
  steps: z.array(words(LONGEST_MEMORY)).max(MOST_STEPS).optional().describe("Of a routine."),
});

const byId = z.strictObject({ memory_id: z.string().regex(/^mem_\w{1,60}$/) });
const MOST_LISTED = 100;
const CURSOR = /^(\d{1,15})\.(mem_\w{1,60})$/;

export function memoryRoutes({ memories, organizations, log }: MemoryRouteParts): Route[] {
  /** @throws Problem 403, 404 */
  async function ownerOf(principal: Principal, { user_id, org_id }: Whose): Promise<MemoryOwner> {
    const home = principal.orgId ?? DEFAULT_ORG;
    const orgId = org_id ?? home;
    if (org_id !== undefined && (!sees(principal, orgId) || !(await organizations.get(orgId))))
      throw new Problem(404, "There is no such organization");
    const userId = user_id ?? principal.name;
    if ((userId !== principal.name || orgId !== home) && principal.role !== "admin")
      throw new Problem(403, "Memories of another user are for administrators");
    return { orgId, userId };
  }

  return [
    route(
      {
        method: "get",
        path: "/api/memories",
        summary: "What is remembered of a user",
        description: "Of whoever asks, or of the user an administrator names. Last changed first.",
        tag: "memories",
        access: READERS,
        query: z.strictObject({
          kind: kind.optional(),
          limit: z.coerce.number().int().min(1).max(MOST_LISTED).default(50),
          cursor: z.string().regex(CURSOR, "is no cursor of ours").optional(),
          ...whose,
        }),
        answers: {
          200: {
            description: "A page.",
            schema: z.strictObject({ memories: z.array(memoryView), next_cursor: z.string().nullable() }),
          },
        },
      },
      async ({ query, principal }) => {
        const { kind: only, limit, cursor } = query;
        const after = placeOf(cursor);
        const owner = await ownerOf(principal, query);
        const page = { limit: limit + 1, ...(only && { kind: only }), ...(after && { after }) };
        const found = await memories.list(owner, page);
        const last = found.length > limit ? found[limit - 1] : undefined;
        return json({
          memories: found.slice(0, limit).map(viewOf),
          next_cursor: last ? `${+last.updatedAt}.${last.memoryId}` : null,
        });
      },
    ),
    route(
      {
        method: "post",
        path: "/api/memories/search",
        summary: "Searches what is remembered of a user",
        description: "By meaning where the database and a model can tell it, else by words; best first.",
        tag: "memories",
        access: READERS,
        body: z.strictObject({ query: words(500), limit: z.number().int().min(1).max(50).default(10), ...whose }),
        answers: {
          200: { description: "What was found.", schema: z.strictObject({ memories: z.array(foundMemory) }) },
        },
      },
      async ({ body, principal, signal }) => {
        const owner = await ownerOf(principal, body);
        const found = await memories.search(owner, body.query, body.limit, signal);
        return json({ memories: found.map((one) => ({ ...viewOf(one), found_by: one.by, score: one.score })) });
      },
    ),
    route(
      {
        method: "post",
        path: "/api/memories",
        summary: "Remembers something of a user",
        description:
          "`messages` of a conversation, in which a model finds what is worth remembering, or `memories` as they are. A memory about the same subject is replaced and stays in its history; what is known already is not kept twice. What looks like the number of a payment card, a password, a PIN or a code is never kept: `dropped` says where it stood, and not what it was.",
        tag: "memories",
        access: WRITERS,
        body: z
          .strictObject({
            messages: z.array(said).min(1).max(100).optional(),
            memories: z.array(given).min(1).max(50).optional(),
            ...whose,
          })
          .refine((body) => (body.messages === undefined) !== (body.memories === undefined), {
            message: "either messages or memories",
          }),
        answers: { 200: { description: "What became of it.", schema: addedMemories } },
      },
      async ({ body, principal }) => {
        const owner = await ownerOf(principal, body);
        const learned = body.messages
          ? await memories.learn(owner, body.messages, { by: "conversation" })
          : await memories.keep(owner, (body.memories ?? []).map(factOf), { by: "given" });
        return json({ memories: learned.facts.map(addedOf), dropped: learned.dropped.map(droppedOf) });
      },
    ),
    route(
      {
        method: "get",
        path: "/api/memories/export",
        summary: "Everything that is remembered of a user",
        description: "With where each memory comes from and what it said before.",
        tag: "memories",
        access: READERS,
        query: z.strictObject(whose),
        answers: {
          200: {
            description: "All of it, last changed first.",
            schema: z.strictObject({
              org_id: z.string(),
              user_id: z.string(),
              exported_at: z.iso.datetime(),
              memories: z.array(exportedMemory),
            }),
          },
        },
      },
      async ({ query, principal }) => {
        const owner = await ownerOf(principal, query);
        const found = await memories.list(owner, { limit: MOST_MEMORIES });
        log.info("the memories of a user were exported", { by: principal.name, memories: found.length });
        return {
          ...json({
            org_id: owner.orgId,
            user_id: owner.userId,
            exported_at: new Date().toISOString(),
            memories: found.map(exportOf),
          }),
          headers: { "Content-Disposition": 'attachment; filename="memories.json"' },
        };
      },
    ),
    route(
      {
        method: "delete",
        path: "/api/memories",
        summary: "Forgets everything of a user",
        tag: "memories",
        access: WRITERS,
        query: z.strictObject(whose),
        answers: {
          200: { description: "How many were deleted.", schema: z.strictObject({ deleted: z.number().int() }) },
        },
      },
      async ({ query, principal, request }) => {
        // "/api/memories/" with an id that came out empty would forget everything.
        if (request.path.endsWith("/")) throw new Problem(404, "There is no such memory");
        const deleted = await memories.removeAll(await ownerOf(principal, query));
        log.info("the memories of a user were deleted", { by: principal.name, deleted });
        return json({ deleted });
      },
    ),
    route(
      {
        method: "delete",
        path: "/api/memories/{memory_id}",
        summary: "Forgets one memory",
        tag: "memories",
        access: WRITERS,
        params: byId,
        query: z.strictObject(whose),
        answers: { 204: { description: "It is gone." } },
      },
      async ({ params, query, principal }) => {
        const owner = await ownerOf(principal, query);
        if (!(await memories.remove(owner, params.memory_id))) throw new Problem(404, "There is no such memory");
        return empty();
      },
    ),
  ];
}

function factOf({ steps, ...fact }: z.infer<typeof given>): Fact {
  return { ...fact, ...(steps && { steps }) };
}

function placeOf(cursor: string | undefined): Pick<Memory, "updatedAt" | "memoryId"> | undefined {
  const [, ms, memoryId] = CURSOR.exec(cursor ?? "") ?? [];
  if (ms === undefined || memoryId === undefined) return undefined;
  const updatedAt = new Date(Number(ms));
  // Within the years that a database and ISO 8601 have in common.
  if (!/^\d{4}-/.test(Number.isNaN(+updatedAt) ? "" : updatedAt.toISOString()))
    throw new InvalidRequest([{ in: "query", pointer: "/cursor", detail: "is no cursor of ours" }]);
  return { updatedAt, memoryId };
}
