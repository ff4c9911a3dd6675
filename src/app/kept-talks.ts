// Where conversations over requests are kept: a row of the customers' sessions with all that was said, and beside it the record that
// everybody else reads. How a turn is taken, and by which way, is not known here.
import { sees, type Principal } from "../core/access.ts";
import type { Clock } from "../core/clock.ts";
import { isOver } from "../core/conversation.ts";
import { resultOf } from "../core/end-result.ts";
import type { Meter } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import type { CallStore, CustomerStore, SessionRow } from "../core/stores.ts";
import { recordOfTalk, withThread, type Talk } from "./talk.ts";

export interface KeptTalksParts {
  readonly customers: Pick<CustomerStore, "putSession" | "session">;
  readonly store: Pick<CallStore, "open" | "update" | "release">;
  readonly clock: Clock;
  readonly meter: Meter;
}

export interface KeptTalk {
  readonly row: SessionRow;
  readonly talk: Talk;
}

/** Of the table's sessions those are ours that say so. */
const KIND = "talk";

export type KeptTalks = ReturnType<typeof createKeptTalks>;

export function createKeptTalks({ customers, store, clock, meter }: KeptTalksParts) {
  const keep = (row: SessionRow, talk: Talk): Promise<void> =>
    customers.putSession({ ...row, state: talk.phase, data: { kind: KIND, talk }, updatedAt: clock.date() });

  /** Any instance may take its next turn. */
  function record(row: SessionRow, talk: Talk): void {
    store.update(row.sessionId, recordOfTalk(talk));
    store.release(row.sessionId);
  }

  async function find(sessionId: string): Promise<KeptTalk | undefined> {
    const row = await customers.session(sessionId);
    return row?.data["kind"] === KIND ? { row, talk: row.data["talk"] as Talk } : undefined;
  }

  return {
    find,
    /** @throws Problem 404 for what is not there for this principal, 409 for what is over. */
    async read(sessionId: string, principal: Principal): Promise<KeptTalk> {
      const found = await find(sessionId);
      if (!found || !sees(principal, found.row.orgId)) throw new Problem(404, "There is no such session");
      if (isOver(found.talk.phase)) throw new Problem(409, "The conversation has ended");
      return found;
    },
    /** Keeps a new one, and opens its record. */
    async open(row: SessionRow, talk: Talk): Promise<void> {
      await keep(row, talk);
      store.open(talk.party, row.createdAt);
      record(row, talk);
    },
    /** Keeps what it has come to, for whoever goes on with it and for its record. */
    async settle(row: SessionRow, talk: Talk): Promise<void> {
      await keep(row, talk);
      record(row, talk);
      if (!talk.endReason || isOver(row.state)) return;
      meter.count("voice_calls_ended_total", { reason: talk.endReason, result: resultOf(talk.endReason) });
    },
    /** What it was asked and has not answered is in its thread by now: the next turn makes another, from what was said. */
    async forgetThread(row: SessionRow, talk: Talk): Promise<void> {
      if (talk.threadId === undefined) return;
      await keep(row, withThread(talk, undefined)).catch(() => undefined);
    },
  };
}
