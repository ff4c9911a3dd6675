// Where the sessions of sockets are kept: in the shared state while they are used, and in the database for when that is empty. Whose
// they are stands there as a hash, since it may be an address. What a session is for is not known here.
import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/observe.ts";
import type { State } from "../../core/state.ts";
import type { CustomerStore } from "../../core/stores.ts";
import type { Session } from "./sessions.ts";
import { SESSION_MS } from "./settings.ts";

export interface KeptSessionsParts {
  readonly state: Pick<State, "get" | "put">;
  readonly customers: Pick<CustomerStore, "putSession" | "session">;
  readonly clock: Clock;
  readonly log: Log;
}

interface Kept {
  readonly kind: "socket";
  readonly ownerHash: string;
  readonly session: Omit<Session, "owner">;
}

/** Whose a session is that is not theirs who ask. */
const SOMEBODY = "";

const hash = (text: string): string => createHash("sha256").update(text).digest("base64url");
const rowOf = (key: string): string => `socket:${hash(key)}`;

export type KeptSessions = ReturnType<typeof createKeptSessions>;

export function createKeptSessions({ state, customers, clock, log }: KeptSessionsParts) {
  /** What is being written, by session: one after the other. */
  const writing = new Map<string, Promise<void>>();

  async function write(key: string, { owner, ...session }: Session): Promise<void> {
    const data: Kept = { kind: "socket", ownerHash: hash(owner), session };
    const now = clock.date();
    const row = { sessionId: rowOf(key), orgId: session.orgId, data: { ...data }, createdAt: now, updatedAt: now };
    await customers.putSession({ ...row, state: "intake" }).catch((error: unknown) =>
      log.warn("a session of a socket is kept in the shared state alone", {
        error: error instanceof Error ? error.name : "unknown",
      }),
    );
  }

  return {
    /** As `owner` sees it. */
    async read(key: string, owner: string): Promise<Session | undefined> {
      const shared = (await state.get(key)) as Session | undefined;
      if (shared) return shared;
      // A database that is away takes the memory from a session that the state does not know either, and not the socket.
      const row = await customers.session(rowOf(key)).catch(() => undefined);
      if (row?.data["kind"] !== "socket" || +clock.date() - +row.updatedAt > SESSION_MS) return undefined;
      const { ownerHash, session } = row.data as unknown as Kept;
      return { ...session, owner: ownerHash === hash(owner) ? owner : SOMEBODY };
    },
    /** Resolves when every instance knows it; it is written to the database behind that. */
    async keep(key: string, session: Session): Promise<void> {
      await state.put(key, session, SESSION_MS);
      const written = (writing.get(key) ?? Promise.resolve()).then(() => write(key, session));
      writing.set(key, written);
      void written.then(() => writing.get(key) === written && writing.delete(key));
    },
    /** Everything kept so far is written, or cannot be. */
    async settled(): Promise<void> {
      await Promise.all(writing.values());
    },
  };
}
