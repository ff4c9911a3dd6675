// What an administrator may ask of the store: the same for a running server, asked over its socket, and for a command that opened
// the store itself. Keys are made here, shown once, and never kept.
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { Refused, type AdminHandlers } from "../core/admin.ts";
import type { Storage } from "../core/stores.ts";

const KEY_NAME = /^[^:@,\s]{1,64}$/;

const CHECK_MS = 5000;

const createInput = z
  .strictObject({
    name: z.string().regex(KEY_NAME, "a name has no blanks, colons, commas or @, and at most 64 characters"),
    role: z.enum(["admin", "organization", "read"], "the role is admin, organization or read"),
    org: z.string().optional(),
  })
  .refine(({ role, org }) => role !== "organization" || org !== undefined, "the role organization needs --org");
const revokeInput = z.strictObject({ key: z.string().min(1) });

export interface KeyShown {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly org: string | null;
  readonly created: string;
  readonly revoked: string | null;
}

export function keyHash(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

export function storeRequests(
  storage: Pick<Storage, "keys" | "organizations" | "check" | "pendingRows">,
): AdminHandlers {
  const { keys, organizations } = storage;
  const shown = (row: Awaited<ReturnType<typeof keys.list>>[number]): KeyShown => ({
    id: row.id,
    name: row.name,
    role: row.role,
    org: row.orgId ?? null,
    created: row.createdAt.toISOString(),
    revoked: row.revokedAt?.toISOString() ?? null,
  });
  return {
    async "store.check"() {
      await storage.check(CHECK_MS);
      return { pendingRows: storage.pendingRows() };
    },
    async "keys.create"(input) {
      const { name, role, org } = parsed(createInput, input);
      if (org !== undefined && !(await organizations.get(org))) throw new Refused(`there is no organization ${org}`);
      const live = (await keys.list()).some((one) => one.name === name && !one.revokedAt);
      if (live) throw new Refused(`there is a key named ${name} already: revoke it first, or choose another name`);
      const key = `vb_${randomBytes(32).toString("base64url")}`;
      const row = await keys.create({ name, role, hash: keyHash(key), ...(org !== undefined && { orgId: org }) });
      return { ...shown(row), key };
    },
    async "keys.list"() {
      return (await keys.list()).map(shown);
    },
    async "keys.revoke"(input) {
      const { key } = parsed(revokeInput, input);
      if (!(await keys.revoke(key))) throw new Refused(`there is no key ${key} that could be revoked`);
      return {};
    },
  };
}

function parsed<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new Refused(result.error.issues.map(({ message }) => message).join("; "));
}
