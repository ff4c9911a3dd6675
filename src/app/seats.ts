// Puts one call together: the kit of its organization, the voice it is heard with, the thread that thinks, and the bridge between.
// Chosen when the call is admitted, so that what changes while it rings or runs is for the next one.
import { startCall } from "../bridge/bridge.ts";
import type { BridgeParts, CallWatch } from "../bridge/parts.ts";
import type { CallerThreads } from "../caller-threads.ts";
import type { CallParty } from "../core/call.ts";
import { spokenLines } from "../core/resumption.ts";
import type { ResumeCause } from "../core/state.ts";
import type { Budgets } from "../organizations/budgets.ts";
import type { Directory } from "../organizations/directory.ts";
import type { Before, Seat } from "../live-calls.ts";
import { divergence } from "../speech/divergence.ts";
import type { Recordings } from "../recording/index.ts";
import type { RealtimeVoices } from "../speech/realtime-voice.ts";
import { createSentences } from "../speech/sentences.ts";
import type { Cluster } from "./cluster.ts";
import type { Kits, Moment } from "./kit.ts";
import type { RememberedCallers } from "./remembering.ts";

/** What is known from before a call has its stream. Never rejects, and nothing of it is waited for long. */
export function recallWith({
  cluster,
  callerThreads,
  callers,
}: {
  readonly cluster: Pick<Cluster, "recall" | "soon">;
  readonly callerThreads: Pick<CallerThreads, "claim">;
  readonly callers: RememberedCallers;
}) {
  return async (party: CallParty, resumes: ResumeCause | undefined): Promise<Before> => {
    const [resumed, threadId, memories] = await Promise.all([
      resumes && cluster.recall(party, resumes),
      cluster.soon(callerThreads.claim(party)),
      cluster.soon(callers.recall(party)),
    ]);
    return { ...(resumed && { resumed }), threadId, memories };
  };
}

export interface SeatsParts extends Pick<BridgeParts, "store" | "clock" | "ids" | "log" | "meter"> {
  readonly directory: Directory;
  readonly kits: Kits;
  readonly voices: RealtimeVoices;
  readonly callerThreads: CallerThreads;
  readonly callers: Pick<RememberedCallers, "ownerOf">;
  readonly budgets: Budgets;
  readonly recordings: Pick<Recordings, "begin">;
  readonly cluster: Pick<Cluster, "began" | "stateFor" | "watch">;
}

export function createSeats(parts: SeatsParts): (party: CallParty) => Seat {
  const { directory, kits, voices, callerThreads, callers, budgets, recordings, cluster, ...ports } = parts;
  return (party) => {
    const { callId, carrierId } = party;
    const kit = kits.of(directory.of(party.orgId));
    const moment = kit.at(ports.clock.date(), party, callers.ownerOf(party) ?? { orgId: party.orgId });
    const { instructions, threads, tools, voice, planEscalation, recording: terms } = moment;
    const engine = voices.with(voice);
    const { limits = {} } = kit.organization;
    return {
      mostCalls: budgets.mostCalls(party.orgId, limits),
      // A voice that answers itself has to know what the caller was greeted with.
      openVoice: () =>
        engine.open({ callId, carrierId, history: threads ? [] : [{ role: "agent", text: moment.settings.greeting }] }),
      startCall(line, early, { resumed, threadId: lastThread, memories, history = [], intake }) {
        const { clip, settings } = line.takesTurns ? quietly(moment) : moment;
        const threadId = resumed?.threadId ?? lastThread;
        const thread = threads?.open({
          callId,
          carrierId,
          instructions: memories === undefined ? instructions : `${instructions}\n${memories}\n`,
          tools,
          ...(threadId !== undefined && { threadId }),
          history: resumed ? spokenLines(resumed.turns, resumed.replies) : history,
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
          watch: bothOf(cluster.watch(party), line.watch),
          resumed,
          history,
          intake,
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

/** A timer that never fires, ms. */
const NEVER_MS = 2 ** 31 - 1;

/** For whoever waits for whole replies: no greeting but one that has to be heard, and nothing said only because time goes by. */
function quietly({ settings, recording, clip }: Moment): Pick<Moment, "settings" | "clip"> {
  const isTold = recording !== undefined || settings.onlyGreets !== undefined;
  return {
    settings: {
      ...settings,
      ...(!isTold && { greeting: "" }),
      fillerAfterMs: NEVER_MS,
      silencePromptMs: NEVER_MS,
    },
    clip: (id) => (id === "cut-off" || id === "hold" ? undefined : clip(id)),
  };
}

function bothOf(one: CallWatch, other: CallWatch | undefined): CallWatch {
  if (!other) return one;
  return (type, data) => {
    one(type, data);
    other(type, data);
  };
}
