// The stock phrases of a call: greeting, fillers, prompts and notices, from stored clips so that nothing is waited for.
import type { Clip, ClipId } from "../core/clip.ts";
import type { ResumeCause } from "../core/state.ts";
import type { Speaker } from "./speaker.ts";
import type { SentenceCutter } from "./thread-answer.ts";
import type { UtteranceKind } from "./utterance.ts";

const FILLERS: readonly ClipId[] = ["filler-1", "filler-2", "filler-3", "filler-4"];

export type Phrases = ReturnType<typeof createPhrases>;
const NOBODY_TOOK_IT = "I am sorry, nobody could take your call right now. You are back with me.";

export function createPhrases(parts: {
  readonly speaker: Speaker;
  readonly clip: (id: ClipId) => Clip | undefined;
  readonly sentences: () => SentenceCutter;
}) {
  const { speaker, clip, sentences } = parts;
  let fillers = 0;
  let lastFiller: ClipId | undefined;

  /** False when there is no such clip: a missing phrase is silence, not an error. */
  function say(id: ClipId, kind: UtteranceKind, { ahead = false, shielded = false } = {}): boolean {
    const found = clip(id);
    if (!found) return false;
    const utterance = speaker.begin(kind, { ahead, shielded });
    speaker.addClip(utterance, found.text, found.audio.toString("base64"));
    speaker.finish(utterance);
    return true;
  }

  /** At once, whatever else waits to be said: only while the caller hears nothing. */
  function now(id: ClipId, kind: UtteranceKind): boolean {
    return !speaker.isPlaying() && !speaker.isHeld() && say(id, kind, { ahead: true });
  }

  function speak(text: string, { shielded = false, ahead = false } = {}): void {
    const cutter = sentences();
    const utterance = speaker.begin("notice", { shielded, ahead });
    for (const piece of [...cutter.push(text), ...cutter.end()]) speaker.addText(utterance, piece);
    speaker.finish(utterance);
  }

  return {
    say,
    /** A notice of words that nobody could know before. */
    tell: (text: string, options: { readonly shielded?: boolean } = {}): void => speak(text, options),
    /** As interject, of words that nobody could know before. */
    aside(text: string): boolean {
      const isMoment = !speaker.isPlaying() && !speaker.isHeld();
      if (isMoment) speak(text, { ahead: true });
      return isMoment;
    },
    /** The first words of a call that goes on. */
    resume(cause: ResumeCause): void {
      if (cause === "human") speak(NOBODY_TOOK_IT, { shielded: true });
      else say("cut-off", "notice", { shielded: true });
    },
    /** Said at once if the caller hears nothing now, whatever else waits to be said. */
    interject: (id: ClipId): boolean => now(id, "notice"),
    /** One after the other, so that none comes twice running; before an answer that has no audio yet. */
    filler(): boolean {
      const known = FILLERS.filter((id) => clip(id));
      const id = known[fillers % known.length];
      if (!id || id === lastFiller || !now(id, "filler")) return false;
      fillers++;
      lastFiller = id;
      return true;
    },
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
