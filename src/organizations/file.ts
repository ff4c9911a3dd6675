// An organization as a file that people edit: its configuration with the id it belongs to and the version it was made from.
import { stringify } from "yaml";
import { z } from "zod";
import { mistakesIn } from "./check.ts";
import { readYaml } from "./yaml.ts";
import type { Fields } from "./merge.ts";

export interface OrganizationFile {
  readonly org_id: string;
  /** The file is only taken while the organization is at this version. */
  readonly version?: number;
  readonly config: Fields;
}

/** The configuration itself is judged by whoever stores it. */
const head = z.looseObject({
  org_id: z.string("is needed: whose configuration is it?"),
  version: z.number("must be a number").int().min(1).optional(),
});

export function writeOrganization({ org_id, version, config }: Required<OrganizationFile>): string {
  const text = stringify({ org_id, version, ...config }, { lineWidth: 120 });
  return `# An organization of Voicebridge; docs/organizations.md explains every field.\n${text}`;
}

export function readOrganization(
  text: string,
):
  | { readonly ok: true; readonly file: OrganizationFile }
  | { readonly ok: false; readonly problems: readonly string[] } {
  const read = readYaml(text);
  if (!read.ok) return read;
  const parsed = head.safeParse(read.value);
  if (!parsed.success) {
    const problems = mistakesIn(parsed.error, "").map(({ path, detail }) => `/${path.map(String).join("/")} ${detail}`);
    return { ok: false, problems };
  }
  const { org_id, version, ...config } = parsed.data;
  return { ok: true, file: { org_id, config, ...(version !== undefined && { version }) } };
}
