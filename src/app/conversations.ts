// Conversations over requests: begun, gone on with turn by turn in the order of coming, and ended. What a turn is is in talk-turn.ts,
// where they are kept in kept-talks.ts, and how they go on over a socket in spoken-talks.ts.
import type { ConversationInput, Conversations } from "../api/conversation.ts";
import { ANYONE, sees } from "../core/access.ts";
import { DEFAULT_ORG } from "../core/call.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { Log, Meter } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import type { CustomerStore, OrganizationStore } from "../core/stores.ts";
import { ThreadError } from "../core/thread.ts";
import type { ModelUsage } from "../core/usage.ts";
import type { Budgets } from "../organizations/budgets.ts";
import type { Directory } from "../organizations/directory.ts";
import { ended, newCall } from "./browser-call.ts";
import type { InLine } from "./in-line.ts";
import type { Kits } from "./kit.ts";
import { asProblem } from "./model-problem.ts";
import type { KeptTalks } from "./kept-talks.ts";
import type { SpokenTalks } from "./spoken-talks.ts";
import { recordOfTalk, withLine, withUsage, type Talk } from "./talk.ts";
import { takeTurn, type TurnResult } from "./talk-turn.ts";
import type { Voicing } from "./voicing.ts";

export interface ConversationsParts {
  readonly customers: Pick<CustomerStore, "customer">;
  readonly organizations: Pick<OrganizationStore, "get">;
  readonly talks: KeptTalks;
  readonly spoken: Pick<SpokenTalks, "tell" | "end">;
  readonly directory: Pick<Directory, "of">;
  readonly kits: Kits;
  readonly budgets: Pick<Budgets, "open" | "mostCalls">;
  readonly threadClient: Voicing["threadClient"];
  /** There is a key for a model. */
  readonly canThink: boolean;
  readonly inLine: InLine;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly meter: Meter;
}

/** For the model, with all the tools it uses. */
const MODEL_MS = 20_000;

export function createConversations(parts: ConversationsParts): Conversations {
  const { customers, talks, spoken, directory, kits, budgets, threadClient, inLine, clock, ids, log, meter } = parts;

  /** @throws ThreadError */
  async function within(
    talk: Talk,
    { text, by, deliver }: ConversationInput,
    signal: AbortSignal,
  ): Promise<TurnResult> {
    const { party } = talk;
    const kit = kits.of(directory.of(party.orgId));
    const { limits = {} } = kit.organization;
    if (budgets.mostCalls(party.orgId, limits) === 0) {
      throw new Problem(429, "The organization's limits of the day are reached", { "Retry-After": "3600" });
    }
    const limit = new AbortController();
    const cancel = clock.after(MODEL_MS, () => limit.abort(new ThreadError("timeout", "no answer in time")));
    const used: Record<string, number> = {};
    const budget = budgets.open(party, limits);
    function use(usage: ModelUsage): void {
      for (const [kind, count] of Object.entries(usage.counts)) {
        const name = `${usage.model}:${kind}`;
        used[name] = (used[name] ?? 0) + count;
      }
      budget.used(usage);
    }
    try {
      const thinking = AbortSignal.any([signal, limit.signal]);
      const threads = threadClient(kit.config);
      const turn = await takeTurn(talk, { text, by }, thinking, { kit, threads, used: use, clock, ids, log, meter });
      cancel();
      await deliver?.(turn.answer, signal);
      return { ...turn, talk: withUsage(turn.talk, used, budget.cost()) };
    } catch (error) {
      signal.throwIfAborted();
      throw limit.signal.aborted ? limit.signal.reason : error;
    } finally {
      cancel();
      budget.close();
    }
  }

  return {
    async start({ customerId, orgId: wanted }, principal) {
      const orgId = wanted ?? principal.orgId ?? DEFAULT_ORG;
      const isThere = sees(principal, orgId) && (orgId === DEFAULT_ORG || (await parts.organizations.get(orgId)));
      if (!isThere) throw new Problem(404, "There is no such organization");
      const customer = customerId === undefined ? undefined : await customers.customer(orgId, customerId);
      const now = clock.date();
      const sessionId = ids.id("conv");
      const { settings } = kits.of(directory.of(orgId)).at(now);
      const party = {
        callId: sessionId,
        carrierId: sessionId,
        from: customer?.id ?? "",
        attested: principal !== ANYONE,
        to: "",
        channel: "text",
        direction: "inbound",
        orgId,
      } as const;
      const metadata = customerId === undefined ? {} : { customer_id: customerId };
      const begun: Talk = newCall(party, sessionId, now, { started: true, metadata });
      const talk = withLine(begun, "agent", settings.greeting, now);
      await talks.open(
        {
          sessionId,
          orgId,
          ...(customer && { customerId: customer.id }),
          state: talk.phase,
          data: {},
          createdAt: now,
          updatedAt: now,
        },
        talk,
      );
      meter.count("voice_calls_started_total", { direction: "inbound", channel: "text" });
      return { sessionId, state: talk.phase, orgId, greeting: settings.greeting };
    },
    async look(sessionId, principal) {
      await talks.read(sessionId, principal);
    },
    async take(sessionId, input, principal, signal) {
      // Before a place in line is taken, or anybody could fill lines of names that are none.
      await talks.read(sessionId, principal);
      if (!parts.canThink) throw new Problem(503, "OPENAI_API_KEY is not set");
      return inLine(`conversation:${sessionId}`, signal, async (inPlace) => {
        const { row, talk } = await talks.read(sessionId, principal);
        try {
          const turn = await within(talk, input, inPlace);
          inPlace.throwIfAborted();
          await talks.settle(row, turn.talk);
          await spoken.tell(turn.talk, input.text, turn.answer);
          return { answer: turn.answer, state: turn.talk.phase };
        } catch (error) {
          // Whoever lost their place writes over nobody: the next one may have kept their turn already.
          if (!inPlace.aborted || signal.aborted) await talks.forgetThread(row, talk);
          throw asProblem(error);
        }
      });
    },
    async end(sessionId, principal, signal) {
      await talks.read(sessionId, principal);
      return inLine(`conversation:${sessionId}`, signal, async () => {
        const { row, talk } = await talks.read(sessionId, principal);
        const over: Talk = { ...talk, ...ended(talk, "caller-hangup", clock.date()) };
        await talks.settle(row, over);
        await spoken.end(over);
        return { ...recordOfTalk(over), timeline: [] };
      });
    },
  };
}
