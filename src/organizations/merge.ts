// Changes an organization's configuration: the fields given over those there are, all of it valid or nothing stored. Versions,
// numbers and what happens when two people do it at once are dealt with here; who may do it is not.
import type { OrganizationRow, OrganizationStore } from "../core/stores.ts";
import { checkConfig, checkId, type ConfigIssue, type Misgivings } from "./check.ts";

export interface MergeOptions {
  /** Who does it; kept with the version. */
  readonly by: string;
  /** Made when there is none. */
  readonly mayCreate: boolean;
  /** The version the change was made from; absent: whatever is there. */
  readonly version?: number;
}

export type MergeResult =
  | { readonly kind: "stored"; readonly row: OrganizationRow; readonly created: boolean }
  | { readonly kind: "unknown" }
  /** Somebody else changed it since that version. */
  | { readonly kind: "stale"; readonly version: number }
  | { readonly kind: "invalid"; readonly issues: readonly ConfigIssue[] };

export type Fields = Readonly<Record<string, unknown>>;

/** Whoever loses so often against others is not meant to win. */
const TRIES = 8;

/** The fields given replace those there are, null takes one away. @throws NumberTaken */
export function mergeConfig(
  store: OrganizationStore,
  misgivings: Misgivings,
  orgId: string,
  fields: Fields,
  options: MergeOptions,
): Promise<MergeResult> {
  return change(store, misgivings, orgId, (before) => without({ ...before, ...fields }), options);
}

/** The configuration becomes this one, whatever it was. @throws NumberTaken */
export function replaceConfig(
  store: OrganizationStore,
  misgivings: Misgivings,
  orgId: string,
  config: Fields,
  options: MergeOptions,
): Promise<MergeResult> {
  return change(store, misgivings, orgId, () => without(config), options);
}

async function change(
  store: OrganizationStore,
  misgivings: Misgivings,
  orgId: string,
  make: (before: Fields) => Fields,
  { by, mayCreate, version }: MergeOptions,
): Promise<MergeResult> {
  const wrongId = checkId(orgId);
  if (wrongId.length > 0) return mayCreate ? { kind: "invalid", issues: wrongId } : { kind: "unknown" };
  let row: OrganizationRow | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    row = await store.get(orgId);
    if (!row && !mayCreate) return { kind: "unknown" };
    const before = row?.version ?? 0;
    if (version !== undefined && version !== before) return { kind: "stale", version: before };
    const config = make(row?.config ?? {});
    const checked = checkConfig(config, misgivings);
    if (!checked.ok) return { kind: "invalid", issues: checked.issues };
    // Stored as it was written, defaults left out, so that it is read back as it was written.
    const stored = await store.put(orgId, config, before, by, checked.config.numbers ?? []);
    if (stored) return { kind: "stored", row: stored, created: row === undefined };
  }
  return { kind: "stale", version: row?.version ?? 0 };
}

function without(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}
