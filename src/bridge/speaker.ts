// What the agent says, in order: has the voice speak it, hands the audio to the playout, and reports each utterance as heard,
// failed or cut. It does not decide what is said.
import type { AudioWay, SpeechPart, SpokenLine, Voice } from "../core/voice.ts";
import { createMouth, type MouthParts, type SpeechStatus } from "./mouth.ts";
import { BYTES_PER_MS } from "./playback.ts";
import type { Playout } from "./playout.ts";
import {
  cutOff,
  newPiece,
  recordOf,
  unheardMs,
  wordsWithSound,
  type CutUtterance,
  type Piece,
  type SpokenRecord,
  type Utterance,
  type UtteranceKind,
} from "./utterance.ts";

export interface SpeakerEvents extends Pick<MouthParts, "onFailed" | "onDivergence"> {
  /** Words that are to be spoken, or, of a voice that chooses them itself, that are. */
  readonly onText?: (text: string, utterance: number) => void;
  /** The first audio of an utterance goes to the line. */
  onAudio(utterance: Utterance): void;
  /** It is over: every word there was sound for was heard. `generatedMs` is 0 where the voice could not speak any of it. */
  onHeard(utterance: Utterance, record: SpokenRecord): void;
  /** Nothing is left to be heard. */
  onQuiet(): void;
}

export interface SpeakerParts {
  readonly playout: Playout;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly divergence: MouthParts["divergence"];
  readonly events: SpeakerEvents;
}

export interface BeginOptions {
  readonly turn?: number;
  /** Speech of the caller does not cut it. */
  readonly shielded?: boolean;
  /** Before everything that waits; for a moment in which nothing plays. */
  readonly ahead?: boolean;
  /** Called when nearly all there is was heard, while more may come. */
  readonly more?: () => void;
}

export type Speaker = ReturnType<typeof createSpeaker>;

/** Audio that waits to be sent, on top of what the far end holds; the rest of a long reply is not even asked for. */
const WAITING_BYTES = 20_000 * BYTES_PER_MS;
/** With less than this left to be heard, ms, a reply that is being written is asked for what it has. */
const STARVING_MS = 1000;

export function createSpeaker({ playout, now, divergence, events }: SpeakerParts) {
  let queue: Utterance[] = [];
  let count = 0;
  const { onFailed, onDivergence } = events;
  const mouth = createMouth({ divergence, onFailed, onDivergence });

  const allPieces = (): Piece[] => queue.flatMap((utterance) => utterance.pieces);

  function begin(kind: UtteranceKind, options: BeginOptions = {}): Utterance {
    const { turn = 0, shielded = false, ahead = false, more } = options;
    const utterance: Utterance = {
      id: ++count,
      kind,
      turn,
      shielded,
      pieces: [],
      open: true,
      cut: false,
      begunAt: now(),
      ...(more && { more }),
    };
    if (ahead) queue.unshift(utterance);
    else queue.push(utterance);
    return utterance;
  }

  function isWellSupplied(): boolean {
    let waiting = 0;
    for (const { pieces } of queue) for (const piece of pieces) waiting += piece.tape.length - piece.position;
    return waiting > WAITING_BYTES;
  }

  /** Sends what may be sent, in order. */
  function pump(): void {
    for (const utterance of queue) {
      for (const piece of utterance.pieces) {
        const before = piece.sent;
        const done = playout.send(piece);
        if (piece.sent > before) began(utterance);
        if (!done) return;
      }
      if (utterance.open) return;
    }
    if (queue.length > 0 && !playout.isHeld()) playout.endStretch();
  }

  function began(utterance: Utterance): void {
    if (utterance.startedAt !== undefined) return;
    utterance.startedAt = now();
    events.onAudio(utterance);
  }

  /** Takes what was heard to its end off the queue. */
  function settle(): void {
    if (playout.isHeld()) return;
    let changed = false;
    for (
      let first = queue[0];
      first && !first.open && first.pieces.every((piece) => playout.isProven(piece));
      first = queue[0]
    ) {
      queue.shift();
      changed = true;
      // An answer that was a tool call only has no words to tell of.
      if (first.pieces.length > 0) events.onHeard(first, recordOf(first, playout.generation(), playout.head()));
    }
    if (changed && queue.length === 0) events.onQuiet();
  }

  function goOn(): void {
    mouth.ask(queue, isWellSupplied);
    pump();
    settle();
  }

  function isStarving(utterance: Utterance): boolean {
    return queue[0] === utterance && utterance.open && mouth.isIdle(queue) && playout.unplayedMs() < STARVING_MS;
  }

  return {
    begin,
    /** An utterance whose words the voice chooses itself (speech-to-speech). */
    beginOwn(speechId: string, turn: number): Utterance {
      const utterance = begin("reply", { turn });
      mouth.own(speechId, utterance);
      return utterance;
    },
    addText(utterance: Utterance, text: string): void {
      if (utterance.cut) return;
      events.onText?.(text, utterance.id);
      utterance.pieces.push(
        newPiece(text, { utterance: utterance.id, speechId: `u${utterance.id}p${utterance.pieces.length}` }),
      );
      mouth.ask(queue, isWellSupplied);
    },
    /** `audio` is base64 mu-law. */
    addClip(utterance: Utterance, text: string, audio: string): void {
      events.onText?.(text, utterance.id);
      utterance.pieces.push(newPiece(text, { utterance: utterance.id, clip: audio }));
      pump();
    },
    /** No more pieces will come. */
    finish(utterance: Utterance): void {
      utterance.open = false;
      goOn();
    },
    audio(speechId: string, payload: string, part?: SpeechPart): void {
      const piece = mouth.pieceFor(speechId, part);
      if (!piece || playout.pass(piece, payload)) return;
      piece.tape.append(payload);
      pump();
    },
    /** For the piece that is being sent, as long as nothing else is to be done with its audio than to send it. */
    wayFor(speechId: string, part?: SpeechPart): AudioWay | undefined {
      const piece = mouth.receiving(speechId, part);
      return piece && playout.wayFor(piece);
    },
    words(speechId: string, delta: string, part?: SpeechPart): void {
      const piece = mouth.pieceFor(speechId, part);
      if (!piece) return;
      piece.text += delta;
      events.onText?.(delta, piece.utterance);
    },
    spoken(speechId: string, status: SpeechStatus, text: string, code?: string): void {
      mouth.ended(speechId, status, text, code);
      goOn();
    },
    ack(name: string): void {
      if (!playout.ack(name)) return;
      const first = queue[0];
      if (first) {
        playout.forgetBehind(first.pieces);
        if (first.more && isStarving(first)) first.more();
      }
      goOn();
    },
    /** What was played to its end is over, though its last mark is not back: nobody can speak over it any more. */
    concludePlayed(): void {
      if (queue.some(({ open }) => open)) return;
      if (playout.concludePlayed()) goOn();
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
      goOn();
    },
    /** Gives up everything not heard yet and stops the voice. */
    cut(): CutUtterance[] {
      playout.drop(allPieces());
      const dropped = queue;
      queue = [];
      for (const utterance of dropped) utterance.cut = true;
      mouth.cancel();
      return cutOff(dropped, playout.generation());
    },
    setVoice(voice: Voice | undefined): void {
      mouth.use(voice, queue);
      goOn();
    },
    /** Marks were given up on: what waited for them is over. */
    look: goOn,
    /** The caller hears something now. */
    isPlaying: () => playout.isPlaying(),
    isHeld: () => playout.isHeld(),
    isStarving,
    busy: () => queue.length > 0,
    utterances: (): readonly Utterance[] => queue,
    /** ms of everything that is still to be heard; Infinity while more may come. */
    unheardMs: (): number => queue.reduce((sum, one) => sum + unheardMs(one, playout.generation(), playout.head()), 0),
    /** The words there is sound for, of everything that was not heard to its end yet. */
    coming: (): SpokenLine[] => wordsWithSound(queue).map((text) => ({ role: "agent", text })),
  };
}
