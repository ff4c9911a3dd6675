// What is known of one turn while it runs: the messages it sent, what was spoken, which tools were started and what they
// gave. The wires read it when they repair; only converse.ts writes it.
import { CANCELLED_OUTPUT, NOT_STARTED_OUTPUT } from "./notes.ts";
import type { BrokenTurn, Message } from "./wire.ts";

export interface Turn extends BrokenTurn {
  speak(delta: string): void;
  start(callId: string): void;
  finish(callId: string, output: string): void;
}

export function createTurn(messages: readonly Message[]): Turn {
  const started = new Set<string>();
  const outputs = new Map<string, string>();
  let spoken = "";

  return {
    messages,
    get spoken() {
      return spoken;
    },
    get acted() {
      return started.size > 0;
    },
    speak(delta) {
      spoken += delta;
    },
    start(callId) {
      started.add(callId);
    },
    finish(callId, output) {
      outputs.set(callId, output);
    },
    outputFor: (callId) => outputs.get(callId) ?? (started.has(callId) ? CANCELLED_OUTPUT : NOT_STARTED_OUTPUT),
  };
}
