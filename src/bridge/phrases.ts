// The stock phrases of a call: greeting, fillers, prompts and notices, from stored clips so that nothing is waited for.
import type { Speaker } from "./speaker.ts";
import type { UtteranceKind } from "./utterance.ts";

export type ClipId =
  | "greeting"
  | "hold"
  | "trouble"
  | "sorry"
  | "apology-end"
  | "say-again"
  | "filler-1"
  | "filler-2"
  | "filler-3"
  | "filler-4"
  | "still-there"
  | "silence-goodbye"
  | "time-up"
  | "transfer"
  | "shutdown";

export interface Clip {
  readonly text: string;
  /** Raw mu-law, 8000 Hz. */
  readonly audio: Buffer;
}

const FILLERS: readonly ClipId[] = ["filler-1", "filler-2", "filler-3", "filler-4"];

export function createPhrases(parts: { readonly speaker: Speaker; readonly clip: (id: ClipId) => Clip | undefined }) {
  const { speaker, clip } = parts;
  let fillers = 0;

  /** False when there is no such clip: a missing phrase is silence, not an error. */
  function say(id: ClipId, kind: UtteranceKind, ahead = false): boolean {
    const found = clip(id);
    if (!found) return false;
    const utterance = speaker.begin(kind, { ahead });
    speaker.addClip(utterance, found.text, found.audio.toString("base64"));
    speaker.finish(utterance);
    return true;
  }

  return {
    say,
    /** One after the other, so that none comes twice running; before an answer that has no audio yet. */
    filler: (): boolean => say(FILLERS[fillers++ % FILLERS.length] as ClipId, "filler", true),
    /** A greeting that was not rendered yet is spoken live. An early "hello?" does not cut it. */
    greet(text: string): void {
      const found = clip("greeting");
      const utterance = speaker.begin("greeting", { shielded: true });
      if (found) speaker.addClip(utterance, found.text, found.audio.toString("base64"));
      else speaker.addText(utterance, text);
      speaker.finish(utterance);
    },
  };
}
