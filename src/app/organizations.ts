// The organizations of the program: the directory calls are answered from, and the one way their configurations are read and
// changed from outside.
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { State } from "../core/state.ts";
import type { OrganizationRow, OrganizationStore } from "../core/stores.ts";
import type { Misgivings } from "../organizations/check.ts";
import { createDirectory, type Directory } from "../organizations/directory.ts";
import {
  mergeConfig,
  replaceConfig,
  type Fields,
  type MergeOptions,
  type MergeResult,
} from "../organizations/merge.ts";

export interface Organizations {
  readonly directory: Directory;
  get(orgId: string): Promise<OrganizationRow | undefined>;
  all(): Promise<readonly OrganizationRow[]>;
  /** Newest first, the current version included. */
  versions(orgId: string): Promise<readonly OrganizationRow[]>;
  /** The fields given over those there are; in force, here, when it resolves. @throws NumberTaken */
  merge(orgId: string, fields: Fields, options: MergeOptions): Promise<MergeResult>;
  /** This configuration and no other. @throws NumberTaken */
  replace(orgId: string, config: Fields, options: MergeOptions): Promise<MergeResult>;
}

export function createOrganizations(parts: {
  readonly store: OrganizationStore;
  readonly state: Pick<State, "publish" | "subscribe">;
  readonly misgivings: Misgivings;
  readonly clock: Clock;
  readonly log: Log;
}): Organizations {
  const { store, misgivings } = parts;
  const directory = createDirectory(parts);

  async function inForce(result: MergeResult): Promise<MergeResult> {
    if (result.kind !== "stored") return result;
    directory.announce(result.row.orgId);
    await directory.refresh();
    return result;
  }

  return {
    directory,
    get: (orgId) => store.get(orgId),
    all: () => store.all(),
    versions: (orgId) => store.versions(orgId),
    merge: async (orgId, fields, options) => inForce(await mergeConfig(store, misgivings, orgId, fields, options)),
    replace: async (orgId, config, options) => inForce(await replaceConfig(store, misgivings, orgId, config, options)),
  };
}
