// Who answers the caller in this call: the assistant thread it was given, or else the voice itself; with the call's tools.
import type { CallEnding } from "../core/call.ts";
import type { Voice } from "../core/voice.ts";
import type { Answerer } from "./answer.ts";
import type { Journal } from "./journal.ts";
import type { Matters } from "./matters.ts";
import type { BridgeParts } from "./parts.ts";
import { createToolRunner } from "./run-tool.ts";
import type { Speaker } from "./speaker.ts";
import { createThreadAnswerer } from "./thread-answer.ts";
import { createVoiceAnswerer, type VoiceAnswerer } from "./voice-answer.ts";

export interface AnsweringParts extends Pick<
  BridgeParts,
  "thread" | "tools" | "sentences" | "clock" | "settings" | "party"
> {
  readonly speaker: Speaker;
  readonly journal: Journal;
  readonly matters: Matters;
  readonly voice: () => Voice | undefined;
  readonly post: (what: () => void) => void;
  readonly after: (ms: number, fn: () => void) => () => void;
  readonly signal: AbortSignal;
  readonly endAfterReply: (how: CallEnding) => void;
}

/** `ownVoice` is there when the voice answers: its events have to be shown to it. */
export function createAnswering(parts: AnsweringParts): {
  readonly answerer: Answerer;
  readonly ownVoice?: VoiceAnswerer;
} {
  const { thread, journal, post, settings } = parts;
  const runTool = createToolRunner({
    tools: parts.tools,
    callId: parts.party.callId,
    clock: parts.clock,
    acts: {
      endAfterReply: (how) => post(() => parts.endAfterReply(how)),
      escalate(request) {
        const plan = parts.matters.escalate(request);
        const { ending } = plan;
        if (ending) post(() => parts.endAfterReply(ending));
        return plan;
      },
      intake: parts.matters.intake,
      keepIntake: parts.matters.keepIntake,
    },
    onDone: (turn, name, result, began) =>
      post(() => {
        journal.tool(name, result, began);
        if (result !== "ok") journal.cause(turn, `tool-${result}`);
      }),
  });
  const shared = { ...parts, runTool, timeoutMs: settings.threadTimeoutMs, now: () => parts.clock.now() };
  if (thread)
    return { answerer: createThreadAnswerer({ ...shared, thread, onUsage: (usage) => journal.usage(usage) }) };
  const ownVoice = createVoiceAnswerer(shared);
  return { answerer: ownVoice, ownVoice };
}
