// What is told of a call as it happens and not kept as it was told: the caller begins to speak, words on their way, a tool at work.
import type { CallWatch } from "./parts.ts";

export function createPassing({
  note,
  tell,
}: {
  readonly note: (what: string, detail?: Readonly<Record<string, number>>) => void;
  readonly tell: CallWatch;
}) {
  return {
    callerSpeaks(): void {
      note("caller speaks");
      tell("speech.started", {});
    },
    callerSilent(speechMs: number): void {
      note("caller silent", { speechMs: Math.round(speechMs) });
      tell("speech.stopped", {});
    },
    /** Words of the caller as they are made out, and all of them. */
    hearing: (text: string): void => tell("hearing", { text }),
    heard: (text: string): void => tell("heard", { text }),
    /** Words of the agent, as they come. */
    words: (text: string, utterance: number): void => tell("words", { by: "agent", text, utterance }),
    toolBegins: (name: string): void => tell("tool.running", { name }),
  };
}
