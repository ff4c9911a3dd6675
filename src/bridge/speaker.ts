// What the agent says, in order: asks the voice for one piece at a time, hands the audio to the playout, and reports each
// utterance as heard, failed or cut. It does not decide what is said.
import type { ReplyRecord } from "../core/call.ts";
import type { SpeechPart, Voice } from "../core/voice.ts";
import type { Playout } from "./playout.ts";
import {
  newPiece,
  recordOf,
  truncations,
  splitBroken,
  type Piece,
  type Utterance,
  type UtteranceKind,
} from "./utterance.ts";

export interface SpeakerEvents {
  /** The first audio of an utterance goes to the line. */
  onAudio(utterance: Utterance): void;
  /** Every word of it was heard. */
  onHeard(utterance: Utterance, record: ReplyRecord): void;
  /** The voice could not speak a piece of it. */
  onFailed(utterance: Utterance, code: string): void;
  /** Nothing is left to be heard. */
  onQuiet(): void;
  /** What was said differs from what was asked: word error rate 0..1. */
  onDivergence(utterance: Utterance, rate: number): void;
}

export interface CutUtterance {
  readonly utterance: Utterance;
  readonly record: ReplyRecord;
  readonly truncations: readonly { part: SpeechPart; heardMs: number }[];
}

export interface SpeakerParts {
  readonly playout: Playout;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly divergence: (asked: string, spoken: string) => number;
  readonly events: SpeakerEvents;
}

export type Speaker = ReturnType<typeof createSpeaker>;

export function createSpeaker({ playout, now, divergence, events }: SpeakerParts) {
  let queue: Utterance[] = [];
  let voice: Voice | undefined;
  /** The piece the voice speaks now; it speaks one at a time, or their audio would interleave. */
  let asked: Piece | undefined;
  let count = 0;
  /** Speeches that may still bring audio; what is not in here was cut. */
  const speeches = new Map<string, { utterance: Utterance; own: boolean; pieces: Piece[] }>();
  /** The piece that took audio last, because nearly every delta belongs to it. */
  let receiving: Piece | undefined;
  /** The piece being sent. */
  let sending: Piece | undefined;

  const allPieces = (): Piece[] => queue.flatMap((utterance) => utterance.pieces);

  /** `ahead`: before everything that waits; for a moment in which nothing plays. `shielded`: speech of the caller does not cut it. */
  function begin(kind: UtteranceKind, { turn = 0, shielded = false, ahead = false } = {}): Utterance {
    const utterance: Utterance = { id: ++count, kind, turn, shielded, pieces: [], open: true, cut: false };
    if (ahead) queue.unshift(utterance);
    else queue.push(utterance);
    return utterance;
  }

  function askNext(): void {
    if (asked || !voice) return;
    for (const utterance of queue) {
      const piece = utterance.pieces.find((one) => !one.asked);
      if (!piece?.speechId) continue;
      piece.asked = true;
      asked = piece;
      speeches.set(piece.speechId, { utterance, own: false, pieces: [piece] });
      voice.say(piece.speechId, piece.text);
      return;
    }
  }

  function pieceFor(speechId: string, part: SpeechPart | undefined): Piece | undefined {
    if (receiving && receiving.speechId === speechId && samePart(receiving.part, part)) return receiving;
    const speech = speeches.get(speechId);
    if (!speech) return undefined;
    let piece = speech.own ? speech.pieces.find((one) => samePart(one.part, part)) : speech.pieces[0];
    if (!piece) {
      piece = newPiece("", { speechId, ...(part && { part }) });
      piece.asked = true;
      speech.pieces.push(piece);
      speech.utterance.pieces.push(piece);
    }
    receiving = piece;
    return piece;
  }

  /** Sends what may be sent, in order. */
  function pump(): void {
    for (const utterance of queue) {
      for (const piece of utterance.pieces) {
        sending = piece;
        const before = piece.position;
        const done = playout.send(piece);
        if (piece.position > before) began(utterance);
        if (!done) return;
      }
      if (utterance.open) return;
    }
    if (queue.length > 0 && !playout.isHeld()) playout.endStretch();
  }

  function began(utterance: Utterance): void {
    if (utterance.startedAtMs !== undefined) return;
    utterance.startedAtMs = now();
    events.onAudio(utterance);
  }

  /** Takes what was heard to its end off the queue. */
  function settle(): void {
    if (playout.isHeld()) return;
    let changed = false;
    for (let first = queue[0]; first && !first.open && first.pieces.every(playout.isProven); first = queue[0]) {
      queue.shift();
      changed = true;
      events.onHeard(first, recordOf(first, playout.generation(), playout.head()));
    }
    if (changed && queue.length === 0) events.onQuiet();
  }

  function pumpAndSettle(): void {
    pump();
    settle();
  }

  return {
    begin,
    /** An utterance whose words the voice chooses itself (speech-to-speech). */
    beginOwn(speechId: string, turn: number): Utterance {
      const utterance = begin("reply", { turn });
      speeches.set(speechId, { utterance, own: true, pieces: [] });
      return utterance;
    },
    addText(utterance: Utterance, text: string): void {
      if (utterance.cut) return;
      utterance.pieces.push(newPiece(text, { speechId: `u${utterance.id}p${utterance.pieces.length}` }));
      askNext();
    },
    /** `audio` is base64 mu-law. */
    addClip(utterance: Utterance, text: string, audio: string): void {
      utterance.pieces.push(newPiece(text, { clip: audio }));
      pump();
    },
    /** No more pieces will come. */
    finish(utterance: Utterance): void {
      utterance.open = false;
      pumpAndSettle();
    },
    audio(speechId: string, payload: string, part?: SpeechPart): void {
      const piece = pieceFor(speechId, part);
      if (!piece) return;
      piece.tape.append(payload);
      // Nearly always this piece is the one being sent and has begun: nothing else needs looking at.
      if (piece === sending && piece.position > 0) playout.send(piece);
      else pump();
    },
    words(speechId: string, delta: string, part?: SpeechPart): void {
      const piece = pieceFor(speechId, part);
      if (piece) piece.text += delta;
    },
    spoken(
      speechId: string,
      status: "completed" | "cancelled" | "failed" | "incomplete",
      text: string,
      code?: string,
    ): void {
      const speech = speeches.get(speechId);
      if (!speech) return;
      const { utterance, own, pieces } = speech;
      speeches.delete(speechId);
      if (asked?.speechId === speechId) asked = undefined;
      receiving = undefined;
      const first = pieces[0];
      if (status === "failed" && !own && first && first.tape.length() === 0 && !first.retried) {
        // Nothing of it was heard, so a second try repeats nothing.
        first.retried = true;
        first.asked = false;
        askNext();
        return;
      }
      for (const piece of pieces) piece.complete = true;
      if (own) utterance.open = false;
      else if (first && status === "completed") {
        const rate = divergence(first.text, text);
        utterance.divergence = Math.max(utterance.divergence ?? 0, rate);
        if (rate > 0) events.onDivergence(utterance, rate);
      }
      if (status === "failed" || status === "incomplete") events.onFailed(utterance, code ?? status);
      askNext();
      pumpAndSettle();
    },
    ack(name: string): void {
      if (!playout.ack(name)) return;
      const first = queue[0]?.pieces[0];
      if (first) playout.forgetBehind(first);
      pumpAndSettle();
    },
    /** Quiets the line at once, but forgets nothing: what the caller says next decides. True when there was something to quiet. */
    hold(): boolean {
      const audible = playout.isPlaying();
      playout.hold(allPieces());
      return audible;
    },
    release(): void {
      if (!playout.isHeld()) return;
      playout.release(allPieces());
      pumpAndSettle();
    },
    /** Gives up everything not heard yet and stops the voice. */
    cut(): CutUtterance[] {
      playout.drop(allPieces());
      const dropped = queue;
      queue = [];
      for (const utterance of dropped) utterance.cut = true;
      for (const speechId of speeches.keys()) voice?.cancel(speechId);
      speeches.clear();
      asked = receiving = sending = undefined;
      return dropped.map((utterance) => ({
        utterance,
        record: recordOf(utterance, playout.generation(), 0),
        truncations: truncations(utterance, playout.generation(), 0),
      }));
    },
    setVoice(next: Voice | undefined): void {
      voice = next;
      if (next) return askNext();
      const broken = asked;
      asked = receiving = undefined;
      for (const { utterance, own, pieces } of speeches.values()) {
        if (!own) continue;
        utterance.open = false;
        for (const piece of pieces) piece.complete = true;
      }
      speeches.clear();
      if (broken) for (const utterance of queue) splitBroken(utterance, broken);
      pumpAndSettle();
    },
    /** The caller hears something now. */
    isPlaying: () => playout.isPlaying(),
    /** Marks were given up on: what waited for them is over. */
    look: pumpAndSettle,
    busy: () => queue.length > 0,
    isHeld: () => playout.isHeld(),
    current: (): Utterance | undefined => queue[0],
    utterances: (): readonly Utterance[] => queue,
  };
}

function samePart(a: SpeechPart | undefined, b: SpeechPart | undefined): boolean {
  return a === b || (a?.itemId === b?.itemId && a?.contentIndex === b?.contentIndex);
}
