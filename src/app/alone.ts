// This instance where there is no other: it is alive, and what is asked of a live call is done here or not at all.
import type { Clock, Ids } from "../core/clock.ts";
import type { ControlCall } from "../core/control.ts";
import type { Log } from "../core/observe.ts";
import { Problem } from "../core/problem.ts";
import type { State } from "../core/state.ts";
import type { LiveCalls } from "../live-calls.ts";

export interface AloneParts {
  readonly state: Pick<State, "heartbeat">;
  readonly calls: Pick<LiveCalls, "find">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

const BEAT_MS = 5000;
const ALIVE_MS = 15_000;

export function createAlone({ state, calls, clock, ids, log }: AloneParts) {
  const instance = ids.id("instance");
  let cancel = (): void => {};

  function beat(): void {
    cancel = clock.after(BEAT_MS, beat);
    void state.heartbeat(instance, ALIVE_MS);
  }

  const control: ControlCall = async (callId, command) => {
    const call = calls.find(callId);
    if (!call) return "not-live";
    log.info("a call is told what to do", { call: call.party.carrierId, command: command.kind });
    switch (command.kind) {
      case "end":
        call.end({ kind: "hangup", reason: "agent-hangup" });
        return "done";
      case "transfer":
        call.end({ kind: "transfer", reason: "transferred", to: command.to, note: command.note }, "transfer");
        return "done";
      case "say":
      case "escalate":
        throw new Problem(501, "This server cannot do that to a phone call yet");
    }
  };

  return {
    /** The name of this process, made for this one run. */
    instance,
    control,
    start: beat,
    close: () => cancel(),
  };
}
