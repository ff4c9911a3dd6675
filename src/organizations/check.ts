// Whether a configuration can be used: its own schema first, then what the program around it knows. Everything wrong is told at
// once, each with the place it stands at.
import { ORG_ID, organizationConfig, type OrganizationConfig } from "../wire/rest/organization.ts";

/** One thing that is wrong, in the words of the API. */
export interface ConfigIssue {
  readonly in: "body" | "path";
  /** JSON pointer (RFC 6901); empty for the whole. */
  readonly pointer: string;
  readonly detail: string;
}

/** What can be wrong with a configuration beside its form, such as a model that has no price. */
export type Misgivings = (config: OrganizationConfig) => readonly ConfigIssue[];

export type Checked =
  | { readonly ok: true; readonly config: OrganizationConfig }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

export const noMisgivings: Misgivings = () => [];

export function checkConfig(given: unknown, misgivings: Misgivings): Checked {
  const parsed = organizationConfig.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.flatMap((issue) => {
      // Fields that do not exist are told one by one, or their place would be that of the object around them.
      const names = issue.code === "unrecognized_keys" ? issue.keys : [undefined];
      return names.map((name) =>
        name === undefined
          ? issueAt(issue.path, plain(issue.message))
          : issueAt([...issue.path, name], "is not a field of a configuration"),
      );
    });
    return { ok: false, issues };
  }
  const issues = misgivings(parsed.data);
  return issues.length > 0 ? { ok: false, issues } : { ok: true, config: parsed.data };
}

/** What is wrong with an organization's id, if anything. */
export function checkId(orgId: string): readonly ConfigIssue[] {
  if (ORG_ID.test(orgId)) return [];
  return [
    { in: "path", pointer: "/org_id", detail: "must be lower-case letters, digits, _ and -, at most 63 characters" },
  ];
}

export function issueAt(path: readonly PropertyKey[], detail: string): ConfigIssue {
  const pointer = path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return { in: "body", pointer, detail };
}

/** The schema's own sentences begin with a capital; ours with the verb. */
function plain(message: string): string {
  return message.replace(/^(Invalid|Too|Unrecognized)/, (word) => word.toLowerCase());
}
