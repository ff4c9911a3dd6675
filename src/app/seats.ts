// Puts one call together: the kit of its organization, the voice it is heard with, the thread that thinks, and the bridge between.
// Chosen when the call is admitted, so that what changes while it rings or runs is for the next one.
import { startCall } from "../bridge/bridge.ts";
import type { BridgeParts } from "../bridge/parts.ts";
import type { CallerThreads } from "../caller-threads.ts";
import type { CallParty } from "../core/call.ts";
import { spokenLines } from "../core/resumption.ts";
import type { Budgets } from "../organizations/budgets.ts";
import type { Directory } from "../organizations/directory.ts";
import type { Seat } from "../live-calls.ts";
import { divergence } from "../speech/divergence.ts";
import type { Recordings } from "../recording/index.ts";
import type { RealtimeVoices } from "../speech/realtime-voice.ts";
import { createSentences } from "../speech/sentences.ts";
import type { Cluster } from "./cluster.ts";
import type { Kits } from "./kit.ts";

export interface SeatsParts extends Pick<BridgeParts, "store" | "clock" | "ids" | "log" | "meter"> {
  readonly directory: Directory;
  readonly kits: Kits;
  readonly voices: RealtimeVoices;
  readonly callerThreads: CallerThreads;
  readonly budgets: Budgets;
  readonly recordings: Pick<Recordings, "begin">;
  readonly cluster: Pick<Cluster, "began" | "stateFor" | "watch">;
}

export function createSeats(parts: SeatsParts): (party: CallParty) => Seat {
  const { directory, kits, voices, callerThreads, budgets, recordings, cluster, ...ports } = parts;
  return (party) => {
    const { callId, carrierId } = party;
    const kit = kits.of(directory.of(party.orgId));
    const moment = kit.at(ports.clock.date(), party.direction === "outbound" ? party : undefined, party);
    const { clip, instructions, settings, threads, tools, voice, planEscalation, recording: terms } = moment;
    const engine = voices.with(voice);
    const { limits = {} } = kit.organization;
    return {
      mostCalls: budgets.mostCalls(party.orgId, limits),
      // A voice that answers itself has to know what the caller was greeted with.
      openVoice: () =>
        engine.open({ callId, carrierId, history: threads ? [] : [{ role: "agent", text: settings.greeting }] }),
      startCall(line, early, { resumed, threadId: lastThread }) {
        const threadId = resumed?.threadId ?? lastThread;
        const thread = threads?.open({
          callId,
          carrierId,
          instructions,
          tools,
          ...(threadId !== undefined && { threadId }),
          ...(resumed && { history: spokenLines(resumed.turns, resumed.replies) }),
        });
        // While the greeting plays there is time for what the first answer would have to wait for.
        if (!settings.onlyGreets) thread?.prepare();
        const budget = budgets.open(party, limits, resumed);
        const recorded = terms && recordings.begin({ party, line, terms });
        const call = startCall({
          ...ports,
          store: recorded?.store ?? ports.store,
          party,
          line: recorded?.line ?? line,
          early,
          engine,
          thread,
          tools,
          clip,
          settings,
          planEscalation,
          spending: budget,
          guard: kit.guard.forCall(),
          state: cluster.stateFor(party),
          watch: cluster.watch(party),
          resumed,
          sentences: createSentences,
          divergence,
        });
        const held = recorded ? { ...call, recording: recorded } : call;
        cluster.began(held, resumed);
        budget.watch((reason) => call.end({ kind: "hangup", reason }, "time-up"));
        void call.ended.then(() => {
          budget.close();
          void recorded?.end();
          void callerThreads.release(party, thread?.threadId());
        });
        return held;
      },
    };
  };
}
