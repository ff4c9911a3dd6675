// The control channel: what is asked of a live call is done here when this instance holds it, and else asked of the one that
// does, which acknowledges it. It decides nothing about calls.
import type { Call } from "../bridge/parts.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { CallCommand, ControlCall, ControlResult } from "../core/control.ts";
import type { Log } from "../core/observe.ts";
import { StateUnavailable, type State } from "../core/state.ts";

/** What instances ask of each other besides. gone: the carrier says that the call is over. lost: the carrier says that its stream is. */
export type InstanceCommand = CallCommand | { readonly kind: "gone" } | { readonly kind: "lost" };

export interface ControlParts {
  readonly state: Pick<State, "findLive" | "publish" | "subscribe" | "isHeard">;
  readonly instance: string;
  /** A call held here, by our id or the carrier's. */
  readonly find: (id: string) => Call | undefined;
  /** The stream of this call is over, whatever it looks like from here. */
  readonly loseLine: (carrierId: string) => void;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

export interface Control {
  /** Our id or the carrier's. */
  readonly control: ControlCall;
  readonly ask: (id: string, command: InstanceCommand) => Promise<ControlResult>;
  start(): void;
  close(): void;
}

interface Question {
  readonly id: string;
  readonly from: string;
  readonly callId: string;
  readonly command: InstanceCommand;
}

/** ms in which a command is acknowledged, or counts as not received: whoever asks over HTTP is to know within a second. */
const ANSWER_MS = 800;
/**
 * ms for an instance to which nobody listens: its connection ended with its process. Not at once, because a count of listeners need
 * not be one of all, and whoever was listening a moment ago may listen again.
 */
const DEAF_MS = 200;
/** Commands that wait for an answer at once. */
const MOST_WAITING = 1000;

export const commandsTo = (instance: string): string => `control:${instance}`;
const answersTo = (instance: string): string => `control-answers:${instance}`;

export function createControl({ state, instance, find, loseLine, clock, ids, log }: ControlParts): Control {
  const waiting = new Map<string, (result: ControlResult) => void>();
  let unsubscribe: (() => void)[] = [];

  /** False where the call is not in a state for it. */
  function perform(call: Call, command: InstanceCommand): boolean | void {
    switch (command.kind) {
      case "end":
        return call.end({ kind: "hangup", reason: "agent-hangup" });
      case "transfer":
        return call.transfer(command.to, command.note);
      case "say":
        return call.say(command.text);
      case "note":
        return call.note(command.text);
      case "escalate":
        return call.escalate({ trigger: "manual", urgency: command.urgency, reason: command.reason });
      case "recording":
        return command.action === "pause" ? (call.recording?.pause() ?? false) : (call.recording?.resume() ?? false);
      case "gone":
        return call.gone();
      case "lost":
        return loseLine(call.party.carrierId);
    }
  }

  function here(id: string, command: InstanceCommand): ControlResult {
    const call = find(id);
    if (!call) return "not-live";
    log.info("a call is told what to do", { call: call.party.carrierId, command: command.kind });
    return perform(call, command) === false ? "refused" : "done";
  }

  function onQuestion({ id, from, callId, command }: Question): void {
    state.publish(answersTo(from), { id, result: here(callId, command) });
  }

  /** Resolves when the answer is there or the time is over. */
  function elsewhere(holder: string, callId: string, command: InstanceCommand, leftMs: number): Promise<ControlResult> {
    if (waiting.size >= MOST_WAITING) return Promise.resolve("unreachable");
    const id = ids.token();
    return new Promise((resolve) => {
      const settle = (result: ControlResult): void => {
        cancel();
        cancelDeaf();
        waiting.delete(id);
        resolve(result);
      };
      const giveUp = (): void => settle("unreachable");
      const cancel = clock.after(leftMs, giveUp);
      let cancelDeaf = (): void => undefined;
      waiting.set(id, settle);
      const question: Question = { id, from: instance, callId, command };
      state.publish(commandsTo(holder), question);
      state.isHeard(commandsTo(holder)).then(
        (isHeard) => {
          if (!isHeard && waiting.has(id)) cancelDeaf = clock.after(Math.min(DEAF_MS, leftMs), giveUp);
        },
        () => undefined, // The time is the limit then.
      );
    });
  }

  async function ask(id: string, command: InstanceCommand): Promise<ControlResult> {
    if (find(id)) return here(id, command);
    const began = clock.now();
    try {
      const live = await state.findLive(id);
      if (!live || live.instance === instance) return "not-live";
      return await elsewhere(live.instance, live.callId, command, ANSWER_MS - (clock.now() - began));
    } catch (error) {
      if (error instanceof StateUnavailable) return "unreachable";
      throw error;
    }
  }

  return {
    control: ask,
    ask,
    start() {
      unsubscribe = [
        state.subscribe(commandsTo(instance), (message) => onQuestion(message as Question)),
        state.subscribe(answersTo(instance), (message) => {
          const { id, result } = message as { id: string; result: ControlResult };
          waiting.get(id)?.(result);
        }),
      ];
    },
    close() {
      for (const end of unsubscribe) end();
      for (const settle of waiting.values()) settle("unreachable");
    },
  };
}
