// Sessions of the personal assistant between their sockets: whose they are, what they were asked to be, and where their conversation stands.
// Shared by all instances, and in the database for when the shared state is empty.
import { sees, type Principal } from "../../core/access.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/observe.ts";
import { Problem } from "../../core/problem.ts";
import type { State } from "../../core/state.ts";
import type { CustomerStore } from "../../core/stores.ts";
import type { SpokenLine } from "../../core/voice.ts";

export interface AssistantSession {
  readonly kind: "assistant";
  readonly sessionId: string;
  readonly userId: string;
  readonly orgId: string;
  readonly model: string;
  readonly voice: string;
  /** The latest call of it. */
  readonly callId?: string;
  /** What was said before that call. */
  readonly lines: readonly SpokenLine[];
  /** ISO 8601. */
  readonly createdAt: string;
}

export interface SessionsParts {
  readonly state: Pick<State, "put" | "get">;
  readonly customers: Pick<CustomerStore, "putSession" | "session">;
  readonly clock: Clock;
  readonly log: Log;
}

export type Sessions = ReturnType<typeof createSessions>;

/** A conversation can be gone on with for so long after it was last touched; the database keeps it longer. ms. */
const KEPT_MS = 24 * 3_600_000;

export function createSessions({ state, customers, clock, log }: SessionsParts) {
  const nameOf = (sessionId: string): string => `assistant-session:${sessionId}`;

  async function find(sessionId: string): Promise<AssistantSession | undefined> {
    const kept = (await state.get(nameOf(sessionId))) as AssistantSession | undefined;
    if (kept) return kept;
    const data = (await customers.session(sessionId))?.data as Partial<AssistantSession> | undefined;
    return data?.kind === "assistant" ? (data as AssistantSession) : undefined;
  }

  return {
    find,
    /** @throws Problem 404 where there is none, or not for this user. */
    async of(sessionId: string, user: Principal): Promise<AssistantSession> {
      const session = await find(sessionId);
      if (!session || session.userId !== user.name || !sees(user, session.orgId))
        throw new Problem(404, "There is no such session");
      return session;
    },
    async keep(session: AssistantSession): Promise<void> {
      await state.put(nameOf(session.sessionId), session, KEPT_MS);
      const { sessionId, orgId, createdAt } = session;
      // What was said stands in the records of its calls already.
      const data = { ...session, lines: [] };
      const row = { sessionId, orgId, state: "intake", data, createdAt: new Date(createdAt), updatedAt: clock.date() };
      await customers.putSession({ ...row, state: "intake" }).catch((error: unknown) =>
        log.warn("a session of the assistant is kept in the shared state alone", {
          error: error instanceof Error ? error.name : "unknown",
        }),
      );
    },
  };
}
