// Which organization a called number belongs to, and what is configured for it: kept in memory, so that an incoming call waits for
// no database and is answered while the database is away. What is announced, or found every now and then, applies to the next call.
import { DEFAULT_ORG } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/observe.ts";
import type { State } from "../core/state.ts";
import type { OrganizationRow, OrganizationStore } from "../core/stores.ts";
import type { OrganizationConfig } from "../wire/rest/organization.ts";
import { checkConfig, noMisgivings, type ConfigIssue, type Misgivings } from "./check.ts";
import { withoutIssues } from "./misgivings.ts";

/** One organization as the next call finds it. */
export interface Organization {
  readonly orgId: string;
  /** 0: nothing is stored for it. */
  readonly version: number;
  readonly config: OrganizationConfig;
}

export interface Directory {
  /** The organization a called number belongs to; the default one for numbers nobody claimed. */
  organizationOf(number: string): string;
  /** An organization that nobody knows is configured like one that says nothing. */
  of(orgId: string): Organization;
  all(): readonly Organization[];
  /** Reads what changed. Never rejects: what was known stays known while the database is away. */
  refresh(): Promise<void>;
  /** Reads everything, then follows what is announced and looks again every now and then. Never rejects. */
  start(): Promise<void>;
  /** This organization was changed here: every instance is told. */
  announce(orgId: string): void;
  /** Called with what a refresh found new. Returns the unsubscribe. */
  onChange(listener: (changed: readonly Organization[]) => void): () => void;
  close(): void;
}

export interface DirectoryParts {
  readonly store: Pick<OrganizationStore, "get" | "numbers" | "revisions">;
  readonly state: Pick<State, "publish" | "subscribe">;
  /** What of a stored configuration is not to be heeded; it is told once for each version. */
  readonly misgivings: Misgivings;
  readonly clock: Clock;
  readonly log: Log;
}

export const ORGANIZATIONS_TOPIC = "organizations";
const REFRESH_MS = 30_000;
/** As long as nothing could be read at all, every caller gets the default organization: look again soon. */
const FIRST_LOAD_MS = 2000;
/** The start waits for the database only so long. */
const START_MS = 5000;

export function createDirectory({ store, state, misgivings, clock, log }: DirectoryParts): Directory {
  const known = new Map<string, Organization>();
  const listeners = new Set<(changed: readonly Organization[]) => void>();
  let owners: ReadonlyMap<string, string> = new Map();
  let running: Promise<void> | undefined;
  let again = false;
  let isLoaded = false;
  let isAway = false;
  let closed = false;
  let cancelTimer = (): void => {};
  let unsubscribe = (): void => {};

  function read(row: OrganizationRow): Organization {
    const { orgId, version, config } = row;
    const checked = checkConfig(config, noMisgivings);
    const problems = (issues: readonly ConfigIssue[]): string =>
      issues.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ");
    if (checked.ok) {
      // It was good when it was stored, and the program's own settings have changed since.
      const issues = misgivings(checked.config);
      if (issues.length === 0) return { orgId, version, config: checked.config };
      log.warn("a part of a stored configuration is not heeded", { orgId, version, problems: problems(issues) });
      return { orgId, version, config: withoutIssues(checked.config, issues) };
    }
    // Written by another version of this program, or by hand. A caller is answered all the same.
    log.error("a stored configuration cannot be used, the one before stays in force", {
      orgId,
      version,
      problems: problems(checked.issues),
    });
    return { orgId, version, config: known.get(orgId)?.config ?? {} };
  }

  async function load(): Promise<void> {
    const revisions = await store.revisions();
    const changed: Organization[] = [];
    for (const [orgId, version] of revisions) {
      if (known.get(orgId)?.version === version) continue;
      const row = await store.get(orgId);
      if (closed) return;
      if (row) changed.push(read(row));
    }
    // Numbers after configurations: a number is never shown to belong to an organization that is not known yet.
    owners = await store.numbers();
    for (const orgId of known.keys()) if (!revisions.has(orgId)) known.delete(orgId);
    for (const one of changed) known.set(one.orgId, one);
    isLoaded = true;
    if (changed.length > 0 && !closed) for (const listener of listeners) listener(changed);
  }

  async function loadWhile(): Promise<void> {
    do {
      again = false;
      try {
        await load();
        if (isAway) log.info("the organizations can be read again");
        isAway = false;
      } catch (error) {
        if (!isAway && !closed)
          log.warn("the organizations could not be read, what is known of them stays in force", {
            error: error instanceof Error ? error.message : "unknown",
          });
        isAway = true;
      }
    } while (again && !closed);
  }

  /** One at a time; whoever asks in the meantime is served by one more. */
  function refresh(): Promise<void> {
    if (closed) return Promise.resolve();
    if (running) again = true;
    running ??= loadWhile().finally(() => (running = undefined));
    return running;
  }

  function keepLooking(): void {
    if (closed) return;
    cancelTimer = clock.after(isLoaded ? REFRESH_MS : FIRST_LOAD_MS, () => void refresh().then(keepLooking));
  }

  return {
    organizationOf: (number) => owners.get(number) ?? DEFAULT_ORG,
    of: (orgId) => known.get(orgId) ?? { orgId, version: 0, config: {} },
    all: () => [...known.values()],
    refresh,
    async start() {
      unsubscribe = state.subscribe(ORGANIZATIONS_TOPIC, () => void refresh());
      await new Promise<void>((resolve) => {
        const giveUp = clock.after(START_MS, resolve);
        void refresh().then(() => {
          giveUp();
          resolve();
        });
      });
      keepLooking();
    },
    announce: (orgId) => state.publish(ORGANIZATIONS_TOPIC, { orgId }),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closed = true;
      unsubscribe();
      cancelTimer();
    },
  };
}
