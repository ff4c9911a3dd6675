// Whose session an address names, and which call goes on in it, so that a socket may come back to any instance and after a restart. Where
// that is kept is in kept-sessions.ts; what was said is not: the record has it.
import { isReported, type CallParty, type CallRecord, type IntakeRecord } from "../../core/call.ts";
import type { Clock, Ids } from "../../core/clock.ts";
import { Problem } from "../../core/problem.ts";
import { spokenLines } from "../../core/resumption.ts";
import type { ResumeCause, State } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import type { SpokenLine } from "../../core/voice.ts";
import { socketCarrierId } from "../../wire/browser.ts";
import type { KeptSessions } from "./kept-sessions.ts";
import type { BrowserTiming } from "./settings.ts";
import type { WrittenTalk } from "./written.ts";

/** Who is at the door. */
export interface SocketGuest {
  readonly owner: string;
  /** Ids of theirs may be somebody else's as well. */
  readonly isAnonymous: boolean;
}

export interface Session {
  readonly id: string;
  readonly owner: string;
  readonly orgId: string;
  /** Its last call. */
  readonly party?: CallParty;
  /** The assistant's thread of it. */
  readonly threadId?: string;
}

/** What a socket gets. */
export interface Continuation {
  readonly party: CallParty;
  readonly resumes?: ResumeCause;
  readonly threadId?: string;
  readonly history: readonly SpokenLine[];
  /** What was taken down before. */
  readonly intake?: IntakeRecord;
}

export interface SessionsParts {
  readonly kept: KeptSessions;
  readonly state: Pick<State, "first" | "findLive" | "getEnding" | "dropEnding">;
  readonly store: Pick<CallStore, "get">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timing: Pick<BrowserTiming, "takeoverMs">;
  /** The line of this call is to be given up, wherever it is. */
  readonly loseLine: (carrierId: string) => Promise<unknown>;
  readonly isHere: (carrierId: string) => boolean;
}

const CLAIM_MS = 2000;
const LOOK_AGAIN_MS = 20;
/** Lines of earlier calls that the next one knows. */
const MOST_HISTORY = 40;

const noSuchSession = (): Problem => new Problem(404, "There is no such session");

const visitorKey = (owner: string, id: string): string => `ws-session:${owner}/${id}`;

/** Is this open socket's session that of an owner whose names may be somebody else's as well? */
export async function isSocketOf(
  owner: string,
  { sessionId, callId }: { readonly sessionId: string; readonly callId: string },
  state: Pick<State, "get">,
): Promise<boolean> {
  const session = (await state.get(visitorKey(owner, sessionId))) as Session | undefined;
  return session?.party?.callId === callId;
}

export type Sessions = ReturnType<typeof createSessions>;

export function createSessions({ kept, state, store, clock, ids, timing, loseLine, isHere }: SessionsParts) {
  const sharedKey = (id: string): string => `ws-session:${id}`;

  const keyOf = (id: string, { owner, isAnonymous }: SocketGuest): string =>
    isAnonymous ? visitorKey(owner, id) : sharedKey(id);

  const pause = (): Promise<void> => new Promise((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));

  async function record(callId: string): Promise<CallRecord | undefined> {
    // A store that is away takes the memory from a conversation, and not the conversation.
    return store.get(callId).catch(() => undefined);
  }

  /** The call that the session's last socket had, where it is to be gone on with. */
  async function interrupted({ party }: Session, written?: WrittenTalk): Promise<Continuation | undefined> {
    if (!party) return undefined;
    const { callId, carrierId } = party;
    if (await state.findLive(callId)) {
      await loseLine(carrierId);
      const deadline = clock.now() + timing.takeoverMs;
      while (isHere(carrierId) || (await state.findLive(callId))) {
        if (clock.now() >= deadline)
          throw new Problem(409, "The session's call is still being ended", { "Retry-After": "2" });
        await pause();
      }
    }
    const [ending, last] = await Promise.all([state.getEnding(carrierId), record(callId)]);
    if (!last || last.status !== "in-progress" || isReported(last)) return undefined;
    if (ending && ending.kind !== "reconnect") return undefined;
    // It does not know what was said over requests since.
    if (written && written.lastCall !== callId && written.history.length > 0) return undefined;
    await state.dropEnding(carrierId);
    return { party, resumes: ending ? "line" : "instance", history: [] };
  }

  return {
    /** The session of this name, made for whoever asks first. @throws Problem 404 for somebody else's. */
    async open(
      id: string,
      orgId: string | undefined,
      guest: SocketGuest,
      defaults: Pick<Session, "orgId">,
    ): Promise<Session> {
      const shared = guest.isAnonymous ? await kept.read(sharedKey(id), guest.owner) : undefined;
      if (shared) {
        if (shared.owner === guest.owner) return shared;
        throw noSuchSession();
      }
      const key = keyOf(id, guest);
      const deadline = clock.now() + CLAIM_MS;
      do {
        const known = await kept.read(key, guest.owner);
        if (known) {
          if (known.owner !== guest.owner || (orgId !== undefined && orgId !== known.orgId)) throw noSuchSession();
          return known;
        }
        if (await state.first(`${key}:claim`, CLAIM_MS)) {
          const session: Session = { ...defaults, id, owner: guest.owner, ...(orgId !== undefined && { orgId }) };
          await kept.keep(key, session);
          return session;
        }
        await pause();
      } while (clock.now() < deadline);
      throw new Problem(409, "The session is just being opened", { "Retry-After": "1" });
    },
    /** Its call: the one that broke off, or a new one that knows what was said before, be it `written` or not. */
    async next(session: Session, written: WrittenTalk | undefined): Promise<Continuation> {
      const goesOn = await interrupted(session, written);
      if (goesOn) return goesOn;
      const last = written ? undefined : session.party?.callId;
      const before = last === undefined ? undefined : await record(last);
      const history = before ? spokenLines(before.turns, before.replies) : (written?.history ?? []);
      const intake = before ? before.intake : written?.intake;
      const callId = ids.callId();
      return {
        party: {
          callId,
          carrierId: socketCarrierId.of(session.id, callId),
          from: written?.customer ?? "",
          ...(written?.customer !== undefined && { attested: true }),
          to: "",
          channel: "browser",
          direction: "inbound",
          orgId: session.orgId,
        },
        history: history.slice(-MOST_HISTORY),
        ...(intake && { intake }),
        // Its thread does not know what was written.
        ...(!written && session.threadId !== undefined && { threadId: session.threadId }),
      };
    },
    /** Remembers the call of the session, and its thread. */
    async keep(session: Session, guest: SocketGuest, party: CallParty, threadId = session.threadId): Promise<void> {
      const value: Session = { ...session, party, ...(threadId !== undefined && { threadId }) };
      await kept.keep(keyOf(session.id, guest), value);
    },
  };
}
