// Who answers the caller in this call: the assistant thread it was given, or else the voice itself; with the call's tools.
import type { Voice } from "../core/voice.ts";
import type { Answerer } from "./answer.ts";
import type { Journal } from "./journal.ts";
import type { Dialogue } from "./dialogue.ts";
import type { Ending } from "./ending.ts";
import { createGuarding, type Guarding } from "./guarding.ts";
import { createMatters, type Matters } from "./matters.ts";
import type { Parting } from "./parting.ts";
import type { BridgeParts } from "./parts.ts";
import type { Phrases } from "./phrases.ts";
import { createToolRunner } from "./run-tool.ts";
import type { Speaker } from "./speaker.ts";
import { createThreadAnswerer } from "./thread-answer.ts";
import { createVoiceAnswerer, type VoiceAnswerer } from "./voice-answer.ts";

export interface AnsweringParts extends Pick<
  BridgeParts,
  | "thread"
  | "tools"
  | "sentences"
  | "clock"
  | "settings"
  | "party"
  | "ids"
  | "planEscalation"
  | "guard"
  | "resumed"
  | "intake"
> {
  readonly speaker: Speaker;
  readonly journal: Journal;
  readonly ending: Ending;
  readonly parting: Parting;
  readonly phrases: Phrases;
  readonly dialogue: () => Dialogue;
  readonly voice: () => Voice | undefined;
  readonly post: (what: () => void) => void;
  readonly after: (ms: number, fn: () => void) => () => void;
  readonly signal: AbortSignal;
}

/** It was not the moment to say something: look again after this, ms. */
const RETRY_MS = 500;

/** `ownVoice` is there when the voice answers: its events have to be shown to it. */
export function createAnswering(parts: AnsweringParts): {
  readonly answerer: Answerer;
  readonly matters: Matters;
  readonly guarding: Guarding;
  readonly ownVoice?: VoiceAnswerer;
} {
  const { thread, journal, post, settings, parting } = parts;
  const matters = createMatters({ ...parts, plan: parts.planEscalation, atMs: journal.elapsedMs });
  const guarding = createGuarding({
    ...parts,
    matters,
    tell(note) {
      if (thread) parts.dialogue().tell(note);
      else parts.voice()?.tell("system", note);
    },
    turn: () => parts.dialogue().turn(),
  });
  /** In the first moment in which the caller hears nothing: what is being said may be a reply that goes on after the tool. */
  function announce(text: string): void {
    if (!parts.signal.aborted && !parts.phrases.aside(text)) parts.after(RETRY_MS, () => announce(text));
  }
  const runTool = createToolRunner({
    tools: parts.tools,
    callId: parts.party.callId,
    clock: parts.clock,
    acts: {
      endAfterReply: (how) => post(() => parting.afterReply(how)),
      escalate(request) {
        const plan = matters.escalate(request);
        post(() => guarding.carryOut(plan, request.urgency, "with-reply"));
        return plan;
      },
      intake: matters.intake,
      keepIntake: matters.keepIntake,
      announce: (text) => post(() => announce(text)),
    },
    onBegin: (name) => post(() => journal.toolBegins(name)),
    onDone: (turn, name, result, began) =>
      post(() => {
        journal.tool(name, result, began);
        if (result !== "ok") journal.cause(turn, `tool-${result}`);
      }),
  });
  const shared = { ...parts, runTool, timeoutMs: settings.threadTimeoutMs, now: () => parts.clock.now() };
  if (!thread) {
    const answerer = createVoiceAnswerer(shared);
    const ownVoice: VoiceAnswerer = {
      ...answerer,
      take(event) {
        if (event.type === "voice.words") {
          guarding.words(event.speechId, event.delta);
        }
        if (event.type === "voice.spoken") guarding.wordsEnded(event.speechId);
        return answerer.take(event);
      },
    };
    return { matters, guarding, answerer, ownVoice };
  }
  const answerer = createThreadAnswerer({
    ...shared,
    thread,
    check: (piece) => guarding.piece(piece),
    onUsage: (counts, billed) => journal.usage(counts, billed),
  });
  return { matters, guarding, answerer };
}
