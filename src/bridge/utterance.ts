// One thing the agent says (a greeting, a reply, a filler, a notice) as a list of pieces, and what became of each: asked for,
// generated, sent, heard. Data and arithmetic only; speaker.ts decides when what is sent.
import type { ReplyRecord } from "../core/call.ts";
import type { SpeechPart } from "../core/voice.ts";
import { expectedBytes, heardText, ORDINARY_PACE, unsaidText, type SpokenPiece } from "./heard-text.ts";
import { BYTES_PER_MS } from "./playback.ts";
import { Tape } from "./tape.ts";

export type UtteranceKind = ReplyRecord["kind"];

export interface Piece {
  /** The utterance it is a part of. */
  readonly utterance: number;
  /** Names the speech at the voice; a stored clip has none. */
  speechId?: string;
  /** The engine's own item, where there is one that can be truncated. */
  part?: SpeechPart;
  text: string;
  readonly tape: Tape;
  /** No more audio will come. */
  complete: boolean;
  /** The voice was asked for it (or it needs no asking). */
  asked: boolean;
  /** It is a second try: there is no third. */
  retried: boolean;
  /** Bytes a character will probably take. */
  pace: number;
  /** Next byte to send. */
  position: number;
  /** Bytes that were ever sent. */
  sent: number;
  /** Where the stretch being sent began: byte `base` of the piece lies at `at` of the generation. */
  base: number;
  at: number;
  /** The generation `at` speaks of; -1 before anything was sent. */
  generation: number;
  /** Heard in earlier stretches. */
  heardBefore: number;
}

export interface Utterance {
  readonly id: number;
  readonly kind: UtteranceKind;
  /** The turn it answers; 0 for none. */
  readonly turn: number;
  readonly pieces: Piece[];
  /** More pieces may come. */
  open: boolean;
  /** The caller cut it: what is added from now on is not said. */
  cut: boolean;
  /** Speech of the caller does not cut it. */
  readonly shielded: boolean;
  /** Monotonic ms. */
  readonly begunAt: number;
  /** Monotonic ms: its first audio went to the line. */
  startedAt?: number;
  divergence?: number;
  /** Asked for more when nearly all there is was heard. */
  readonly more?: () => void;
}

/** A reply record whose time is still the monotonic clock's; absent when nothing of it was ever sent. */
export type SpokenRecord = Omit<ReplyRecord, "startedAtMs"> & { readonly startedAt?: number };

export function newPiece(
  text: string,
  from: { utterance: number; speechId?: string; part?: SpeechPart; clip?: string; pace?: number; retried?: boolean },
): Piece {
  const piece: Piece = {
    utterance: from.utterance,
    text,
    tape: new Tape(),
    complete: from.clip !== undefined,
    asked: from.clip !== undefined || from.part !== undefined,
    retried: from.retried ?? false,
    pace: from.pace ?? ORDINARY_PACE,
    position: 0,
    sent: 0,
    base: 0,
    at: 0,
    generation: -1,
    heardBefore: 0,
    ...(from.speechId !== undefined && { speechId: from.speechId }),
    ...(from.part && { part: from.part }),
  };
  if (from.clip) piece.tape.append(from.clip);
  return piece;
}

export function generatedBytes({ pieces }: Utterance): number {
  return pieces.reduce((sum, { tape }) => sum + tape.length, 0);
}

/** Bytes of a piece the caller has heard, given the playhead of the present generation. */
export function heardOf(piece: Piece, generation: number, head: number): number {
  if (piece.generation !== generation) return piece.heardBefore;
  const now = piece.base + Math.max(0, Math.min(head - piece.at, piece.position - piece.base));
  return Math.max(piece.heardBefore, now);
}

export function wholeOf(piece: Piece): SpokenPiece {
  return { text: piece.text, generated: piece.tape.length, complete: piece.complete, pace: piece.pace };
}

export function isHeard(piece: Piece, generation: number, head: number): boolean {
  return piece.complete && heardOf(piece, generation, head) >= piece.tape.length;
}

/** The record of an utterance, with the playhead where it is now. */
export function recordOf(utterance: Utterance, generation: number, head: number): SpokenRecord {
  const texts = { generated: [] as string[], sent: [] as string[], heard: [] as string[], cut: [] as string[] };
  const bytes = { generated: 0, sent: 0, heard: 0 };
  for (const piece of utterance.pieces) {
    const whole = wholeOf(piece);
    // Never more than was decoded for this piece: an engine refuses to truncate beyond its audio.
    const heard = Math.min(heardOf(piece, generation, head), whole.generated);
    const heardWords = heardText(whole, heard);
    texts.generated.push(piece.text);
    texts.sent.push(heardText(whole, piece.sent));
    texts.heard.push(heardWords);
    texts.cut.push(piece.text.slice(heardWords.length).trimStart());
    bytes.generated += whole.generated;
    bytes.sent += Math.min(piece.sent, whole.generated);
    bytes.heard += heard;
  }
  return {
    kind: utterance.kind,
    generated: join(texts.generated),
    sent: join(texts.sent),
    heard: join(texts.heard),
    cut: join(texts.cut),
    generatedMs: Math.round(bytes.generated / BYTES_PER_MS),
    sentMs: Math.round(bytes.sent / BYTES_PER_MS),
    heardMs: Math.floor(bytes.heard / BYTES_PER_MS),
    interrupted: utterance.open || utterance.pieces.some((piece) => !isHeard(piece, generation, head)),
    ...(utterance.startedAt !== undefined && { startedAt: utterance.startedAt }),
    ...(utterance.divergence !== undefined && { divergence: utterance.divergence }),
  };
}

/** Truncation points of the engine's own items, ms heard of each. */
export function truncations(
  utterance: Utterance,
  generation: number,
  head: number,
): { part: SpeechPart; heardMs: number }[] {
  return utterance.pieces.flatMap((piece) => {
    if (!piece.part) return [];
    const heard = Math.min(heardOf(piece, generation, head), piece.tape.length);
    if (piece.complete && heard >= piece.tape.length) return [];
    return [{ part: piece.part, heardMs: Math.floor(heard / BYTES_PER_MS) }];
  });
}

/** ms of an utterance that will still be heard if nothing comes between, as far as it is known. */
export function unheardMs(utterance: Utterance, generation: number, head: number): number {
  if (utterance.open) return Infinity;
  let bytes = 0;
  for (const piece of utterance.pieces) bytes += expectedBytes(wholeOf(piece)) - heardOf(piece, generation, head);
  return bytes / BYTES_PER_MS;
}

/** A piece that will get no more audio: only the words it has sound for were spoken. Returns the others. */
export function breakOff(piece: Piece): string {
  const whole = wholeOf(piece);
  piece.complete = true;
  if (whole.generated === 0) return piece.text;
  const rest = unsaidText({ ...whole, complete: false }, whole.generated);
  piece.text = piece.text.slice(0, piece.text.length - rest.length).trimEnd();
  return rest;
}

/** A piece the voice did not speak to its end: it ends where it broke off, and another goes on with the words after that. */
export function askAgain(utterance: Utterance, piece: Piece, retried: boolean): void {
  if (piece.tape.length === 0) {
    piece.asked = false;
    piece.retried ||= retried;
    return;
  }
  const { speechId, pace } = piece;
  const rest = breakOff(piece);
  if (!rest || speechId === undefined) return;
  const index = utterance.pieces.indexOf(piece);
  utterance.pieces.splice(
    index + 1,
    0,
    newPiece(rest, { utterance: utterance.id, speechId: `${speechId}+`, pace, retried }),
  );
}

function join(parts: readonly string[]): string {
  return parts.filter(Boolean).join(" ");
}

export interface CutUtterance {
  readonly utterance: Utterance;
  readonly record: SpokenRecord;
  readonly truncations: readonly { part: SpeechPart; heardMs: number }[];
}

/** What became of utterances that are given up; their audio is let go. */
export function cutOff(dropped: readonly Utterance[], generation: number): CutUtterance[] {
  const records = dropped
    .filter(({ pieces }) => pieces.length > 0)
    .map((utterance) => ({
      utterance,
      record: recordOf(utterance, generation, 0),
      truncations: truncations(utterance, generation, 0),
    }));
  for (const { pieces } of dropped) for (const { tape } of pieces) tape.forget(tape.length);
  return records;
}

/** The words there is sound for already, piece by piece. */
export const wordsWithSound = (utterances: readonly Utterance[]): string[] =>
  utterances
    .flatMap(({ pieces }) => pieces.map((piece) => heardText(wholeOf(piece), piece.tape.length)))
    .filter((text) => text !== "");
