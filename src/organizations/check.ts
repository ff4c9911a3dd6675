// Whether a configuration can be used: its own schema first, then what the program around it knows. Everything wrong is told at
// once, each with the place it stands at.
import type { z } from "zod";
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
    const mistakes = mistakesIn(parsed.error, "is not a field of a configuration");
    return { ok: false, issues: mistakes.map(({ path, detail }) => issueAt(path, detail)) };
  }
  const issues = misgivings(parsed.data);
  return issues.length > 0 ? { ok: false, issues } : { ok: true, config: parsed.data };
}

export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly detail: string;
}

/** What a schema found, each with its place: fields that do not exist one by one, and not at the object around them. */
export function mistakesIn(error: z.ZodError, noSuchField: string): Mistake[] {
  return error.issues.flatMap((issue): Mistake[] =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key], detail: noSuchField }))
      : [{ path: issue.path, detail: plain(issue.message) }],
  );
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
