// The one way of the caller's audio: to the voice that listens now, and onto a tape for the one that may have to take its place.
// It decides nothing: whoever owns it says which voice, and what of the tape may go.
import type { AudioWay, Voice } from "../core/voice.ts";
import { Tape } from "./tape.ts";

// A class, like the tape and for the same reason: every frame of the caller's comes by here.
export class CallerWay implements AudioWay {
  /** Who listens; with nobody there audio goes nowhere. */
  voice: Voice | undefined;
  /** What the present voice was given to hear, as far back as it may be needed. */
  tape = new Tape();
  /** At this length of the tape it is looked what of it is needed: not at every frame. */
  lookAt: number;
  readonly #look: () => void;

  constructor(lookAt: number, look: () => void) {
    this.lookAt = lookAt;
    this.#look = look;
  }

  /** Base64 mu-law. */
  take(payload: string): boolean {
    const { voice, tape } = this;
    if (!voice) return true;
    voice.hear(payload);
    tape.append(payload);
    if (tape.length >= this.lookAt) this.#look();
    return true;
  }
}
