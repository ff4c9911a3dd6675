// The voice's side of what the agent says: which piece the voice speaks now, whose audio is whose, how a speech ended and what
// is to be asked for again. It knows no line; speaker.ts keeps the order of what is said.
import type { SpeechPart, Voice } from "../core/voice.ts";
import { ORDINARY_PACE } from "./heard-text.ts";
import { askAgain, breakOff, newPiece, type Piece, type Utterance } from "./utterance.ts";

export type SpeechStatus = "completed" | "cancelled" | "failed" | "incomplete";

interface Speech {
  readonly utterance: Utterance;
  /** The voice chose the words itself (speech-to-speech). */
  readonly own: boolean;
  readonly pieces: Piece[];
}

export interface MouthParts {
  readonly divergence: (asked: string, spoken: string) => number;
  /** The voice could not speak a piece of it, not even at a second try. */
  readonly onFailed: (utterance: Utterance, code: string) => void;
  /** What was said differs from what was asked: word error rate 0..1. */
  readonly onDivergence: (utterance: Utterance, rate: number) => void;
}

/** A measured pace counts this much against what was known before. */
const PACE_WEIGHT = 0.3;
const PACE_FROM_CHARACTERS = 15;

export type Mouth = ReturnType<typeof createMouth>;

export function createMouth({ divergence, onFailed, onDivergence }: MouthParts) {
  let voice: Voice | undefined;
  /** The speech the voice is busy with, even if it was cut: it speaks one at a time, or their audio would interleave. */
  let busyWith: string | undefined;
  /** The piece of that speech, while it is still wanted. */
  let asked: Piece | undefined;
  let pace: number | undefined;
  /** Speeches that may still bring audio; what is not in here was cut. */
  const speeches = new Map<string, Speech>();
  /** The piece that took audio last, because nearly every delta belongs to it. */
  let receiving: Piece | undefined;

  function next(queue: readonly Utterance[]): { utterance: Utterance; piece: Piece } | undefined {
    for (const utterance of queue)
      for (const piece of utterance.pieces)
        if (!piece.asked && piece.speechId !== undefined) return { utterance, piece };
    return undefined;
  }

  function endOwn({ utterance, pieces }: Speech, status: SpeechStatus): void {
    utterance.open = false;
    for (const piece of pieces) {
      // The words run ahead of the sound.
      if (status === "completed") piece.complete = true;
      else breakOff(piece);
    }
  }

  /** False when what is missing is to be asked for again. */
  function endSaid(utterance: Utterance, piece: Piece, status: SpeechStatus, text: string): boolean {
    if (status === "completed") {
      piece.complete = true;
      learnPace(piece);
      const rate = divergence(piece.text, text);
      utterance.divergence = Math.max(utterance.divergence ?? 0, rate);
      if (rate > 0) onDivergence(utterance, rate);
      return true;
    }
    if (!piece.retried) {
      askAgain(utterance, piece, true);
      return false;
    }
    breakOff(piece);
    return true;
  }

  function learnPace({ text, tape }: Piece): void {
    if (text.length < PACE_FROM_CHARACTERS || tape.length === 0) return;
    const measured = tape.length / text.length;
    pace = pace === undefined ? measured : pace + (measured - pace) * PACE_WEIGHT;
  }

  return {
    /** Asks for the next piece there is, unless the voice is busy, or `enough` says that there is no need yet. */
    ask(queue: readonly Utterance[], enough: () => boolean): void {
      if (busyWith !== undefined || !voice) return;
      const found = next(queue);
      if (!found || enough()) return;
      const { utterance, piece } = found;
      const speechId = piece.speechId as string;
      piece.asked = true;
      piece.pace = pace ?? ORDINARY_PACE;
      asked = piece;
      busyWith = speechId;
      speeches.set(speechId, { utterance, own: false, pieces: [piece] });
      voice.say(speechId, piece.text);
    },
    own(speechId: string, utterance: Utterance): void {
      speeches.set(speechId, { utterance, own: true, pieces: [] });
    },
    /** Whose audio or words these are; undefined for a speech that is not wanted any more. */
    pieceFor(speechId: string, part: SpeechPart | undefined): Piece | undefined {
      if (receiving?.speechId === speechId && samePart(receiving.part, part)) return receiving;
      const speech = speeches.get(speechId);
      if (!speech) return undefined;
      let piece = speech.own ? speech.pieces.find((one) => samePart(one.part, part)) : speech.pieces[0];
      if (!piece) {
        piece = newPiece("", {
          utterance: speech.utterance.id,
          speechId,
          pace: pace ?? ORDINARY_PACE,
          ...(part && { part }),
        });
        piece.asked = true;
        speech.pieces.push(piece);
        speech.utterance.pieces.push(piece);
      }
      receiving = piece;
      return piece;
    },
    /** The same, if it is the one that took audio last. */
    receiving: (speechId: string, part: SpeechPart | undefined): Piece | undefined =>
      receiving?.speechId === speechId && samePart(receiving.part, part) ? receiving : undefined,
    ended(speechId: string, status: SpeechStatus, text: string, code?: string): void {
      if (busyWith === speechId) busyWith = asked = undefined;
      const speech = speeches.get(speechId);
      if (!speech) return;
      speeches.delete(speechId);
      receiving = undefined;
      const first = speech.pieces[0];
      let over = true;
      if (speech.own) endOwn(speech, status);
      else if (first) over = endSaid(speech.utterance, first, status, text);
      if (over && status !== "completed") onFailed(speech.utterance, code ?? status);
    },
    /** Nothing that is being spoken is wanted any more. */
    cancel(): void {
      for (const speechId of speeches.keys()) voice?.cancel(speechId);
      speeches.clear();
      asked = receiving = undefined;
    },
    /** There is a voice, or it is gone and what it was saying ends where it broke off. */
    use(given: Voice | undefined, queue: readonly Utterance[]): void {
      voice = given;
      if (given) return;
      const broken = asked;
      busyWith = asked = receiving = undefined;
      for (const speech of speeches.values()) if (speech.own) endOwn(speech, "incomplete");
      speeches.clear();
      const owner = broken && queue.find(({ pieces }) => pieces.includes(broken));
      if (owner) askAgain(owner, broken, broken.retried);
      // The items of a conversation that is gone can not be truncated in the next one's.
      for (const { pieces } of queue) for (const piece of pieces) delete piece.part;
    },
    /** There is a voice, and it has nothing to say. */
    isIdle: (queue: readonly Utterance[]): boolean => voice !== undefined && busyWith === undefined && !next(queue),
  };
}

function samePart(a: SpeechPart | undefined, b: SpeechPart | undefined): boolean {
  return a === b || (a?.itemId === b?.itemId && a?.contentIndex === b?.contentIndex);
}
