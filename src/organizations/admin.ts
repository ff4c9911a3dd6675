// What an administrator on the same machine may ask about organizations: the same for a running server and for a command that
// opened the store itself. Refusals list everything that is wrong, one thing a line.
import { z } from "zod";
import { Refused, type AdminHandlers } from "../core/admin.ts";
import { NumberTaken, type OrganizationRow } from "../core/stores.ts";
import type { Fields, MergeOptions, MergeResult } from "./merge.ts";

export interface OrganizationShown {
  readonly org_id: string;
  readonly version: number;
  readonly config: Fields;
  readonly updated: string;
  readonly by: string;
}

export interface Imported extends OrganizationShown {
  readonly created: boolean;
}

export interface AskedOrganizations {
  get(orgId: string): Promise<OrganizationRow | undefined>;
  all(): Promise<readonly OrganizationRow[]>;
  replace(orgId: string, config: Fields, options: MergeOptions): Promise<MergeResult>;
}

const BY = "npm run org";

const exportInput = z.strictObject({ org_id: z.string() });
const importInput = z.strictObject({
  org_id: z.string(),
  version: z.number().optional(),
  config: z.record(z.string(), z.unknown()),
});

export function organizationRequests(organizations: AskedOrganizations): AdminHandlers {
  return {
    async "organizations.list"() {
      return (await organizations.all()).map(shown);
    },
    async "organizations.export"(input) {
      const { org_id: orgId } = exportInput.parse(input);
      const row = await organizations.get(orgId);
      if (!row) throw new Refused(`there is no organization ${orgId}`);
      return shown(row);
    },
    async "organizations.import"(input): Promise<Imported> {
      const { org_id: orgId, version, config } = importInput.parse(input);
      const result = await replace(orgId, config, {
        by: BY,
        mayCreate: true,
        ...(version !== undefined && { version }),
      });
      if (result.kind === "stored") return { ...shown(result.row), created: result.created };
      throw new Refused(why(orgId, result));
    },
  };

  async function replace(...given: Parameters<AskedOrganizations["replace"]>): Promise<MergeResult> {
    try {
      return await organizations.replace(...given);
    } catch (error) {
      if (error instanceof NumberTaken) throw new Refused(`the number ${error.number} belongs to another organization`);
      throw error;
    }
  }
}

function why(orgId: string, result: Exclude<MergeResult, { kind: "stored" }>): string {
  if (result.kind === "invalid") return result.issues.map(({ pointer, detail }) => `${pointer} ${detail}`).join("\n");
  if (result.kind === "unknown") return `there is no organization ${orgId}`;
  return result.version === 0
    ? `there is no organization ${orgId} that this could be a version of: take \`version\` out of the file to make it`
    : `${orgId} was changed since: it is at version ${result.version}. Export it again, or take \`version\` out of the file`;
}

function shown({ orgId, version, config, updatedAt, updatedBy }: OrganizationRow): OrganizationShown {
  return { org_id: orgId, version, config, updated: updatedAt.toISOString(), by: updatedBy };
}
