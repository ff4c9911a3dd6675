// The conversations with the personal assistant that this instance holds: whether there is room, what an earlier one is gone on with, and
// their place among all calls.
import type { Call } from "../../bridge/parts.ts";
import type { CallParty, CallRecord } from "../../core/call.ts";
import type { Clock, Ids } from "../../core/clock.ts";
import type { Log, Meter } from "../../core/observe.ts";
import { spokenLines, type Resumption } from "../../core/resumption.ts";
import type { State } from "../../core/state.ts";
import type { CallStore } from "../../core/stores.ts";
import type { SpokenLine } from "../../core/voice.ts";
import type { Budgets } from "../../organizations/budgets.ts";
import type { Places } from "../../organizations/places.ts";
import type { Cluster } from "../cluster.ts";
import { capped } from "./history.ts";
import type { Making } from "./making.ts";
import { startRelay } from "./relay.ts";
import type { RelayParts } from "./relay-parts.ts";
import type { AssistantSession, Sessions } from "./sessions.ts";

export interface ConversationsParts {
  readonly sessions: Sessions;
  readonly making: Making;
  readonly cluster: Pick<Cluster, "began" | "recall" | "watch" | "elsewhere">;
  readonly budgets: Budgets;
  readonly places: Pick<Places, "take" | "leave" | "lapse">;
  readonly state: Pick<State, "findLive">;
  readonly store: CallStore;
  /** Calls of all kinds at once; `others`: those that are not ours. */
  readonly maxCalls: number;
  readonly others: () => number;
  readonly settings: RelayParts["settings"];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

/** Nobody needs more voices at once, and a key that leaked must not take all the room. */
const MOST_OF_A_USER = 10;
/** The instance that held the conversation writes what it knows, and lets go. ms. */
const LET_GO_MS = 2000;
const LOOK_AGAIN_MS = 20;

export type Conversations = ReturnType<typeof createConversations>;

/** Why there is no room. */
export type NoRoom = "busy" | "organization" | "user" | "draining";

export function createConversations(parts: ConversationsParts) {
  const { sessions, making, cluster, budgets, places, state, store, clock, ids, log, meter } = parts;
  const held = new Map<string, { readonly call: Call; readonly userId: string }>();
  let isDraining = false;

  function gauge(): void {
    meter.gauge("voice_calls_active", held.size, { direction: "inbound", channel: "assistant" });
  }

  /** Of this instance; what the organization has is known when a place is asked for. */
  function noRoom({ userId }: AssistantSession): NoRoom | undefined {
    if (isDraining) return "draining";
    if (held.size + parts.others() >= parts.maxCalls) return "busy";
    const mine = [...held.values()].filter((one) => one.userId === userId);
    return mine.length >= MOST_OF_A_USER ? "user" : undefined;
  }

  /** The call that an earlier socket of the session had: taken over where it is still open, else remembered. */
  async function before(session: AssistantSession): Promise<{
    readonly party?: CallParty;
    readonly resumed?: Resumption;
    readonly lines: readonly SpokenLine[];
  }> {
    const { callId, lines } = session;
    if (callId === undefined) return { lines };
    // Whoever still holds it has a client that is gone, or one that asked again.
    await cluster.elsewhere.lineIsOver(callId);
    const deadline = clock.now() + LET_GO_MS;
    while ((await state.findLive(callId)) && clock.now() < deadline)
      await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
    const record = await store.get(callId);
    if (!record) return { lines };
    if (record.status === "in-progress" && !(await state.findLive(callId)))
      return { party: partyOf(record), resumed: await cluster.recall(record, "line"), lines };
    return { lines: capped([...lines, ...spokenLines(record.turns, record.replies)]) };
  }

  return {
    /**
     * Begins a conversation, or goes on with one.
     * @returns why not, where there is no room.
     */
    async begin(
      session: AssistantSession,
      given: Pick<RelayParts, "client" | "open" | "voice" | "tools">,
    ): Promise<Call | NoRoom> {
      const { sessionId, userId, orgId } = session;
      const earlier = await before(session);
      const id = ids.callId();
      const ends = { from: "", to: "", channel: "browser", direction: "inbound" } as const;
      const party: CallParty = earlier.party ?? { callId: id, carrierId: ids.id("va"), orgId, ...ends };
      const { callId } = party;
      const user = { userId, orgId };
      const isFree = await places.take(party, budgets.mostCalls(orgId, making.limits(user)));
      const full = noRoom(session) ?? (isFree ? undefined : "organization");
      if (full) {
        if (isFree) places.leave(callId);
        meter.count("voice_admission_rejected_total", { cause: full });
        return full;
      }
      const { maxCallMs } = parts.settings;
      const call = startRelay({
        ...parts,
        ...given,
        party,
        sessionId,
        userId,
        expiresAt: Math.floor((+clock.date() + maxCallMs) / 1000),
        planEscalation: making.escalations(user),
        guard: making.guard(user),
        budget: budgets.open(party, making.limits(user)),
        earlier: earlier.lines,
        resumed: earlier.resumed,
        watch: cluster.watch(party),
      });
      held.set(callId, { call, userId });
      gauge();
      store.update(callId, { metadata: { assistant: "personal", session_id: sessionId, user: userId } });
      cluster.began(call, earlier.resumed);
      void call.ended.then(() => {
        if (held.get(callId)?.call === call) held.delete(callId);
        if (call.returns()) places.lapse(callId);
        else places.leave(callId);
        gauge();
      });
      await sessions.keep({ ...session, callId, lines: earlier.lines }).catch((error: unknown) =>
        log.warn("where a session of the assistant stands could not be kept", {
          callId,
          error: error instanceof Error ? error.name : "unknown",
        }),
      );
      return call;
    },
    noRoom,
    active: (): number => held.size,
    /** The client of this call is gone, whatever it looks like from here. */
    lose(carrierId: string): void {
      for (const { call } of held.values()) if (call.party.carrierId === carrierId) call.gone();
    },
    drain: () => void (isDraining = true),
    isDraining: () => isDraining,
    async close(): Promise<void> {
      isDraining = true;
      const calls = [...held.values()].map(({ call }) => call);
      for (const call of calls) call.end({ kind: "hangup", reason: "shutdown" });
      await Promise.all(calls.map(({ ended }) => ended));
    },
  };
}

function partyOf({ callId, carrierId, from, to, channel, direction, orgId }: CallRecord): CallParty {
  return { callId, carrierId, from, to, channel, direction, orgId };
}
