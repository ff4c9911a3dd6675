// One thing the agent says (a greeting, a reply, a filler, a notice) as a list of pieces, and what became of each: asked for,
// generated, sent, heard. Data and arithmetic only; speaker.ts decides when what is sent.
import type { ReplyRecord } from "../core/call.ts";
import type { SpeechPart } from "../core/voice.ts";
import { expectedBytes, heardText, unsaidText } from "./heard-text.ts";
import { BYTES_PER_MS } from "./playback.ts";
import { createTape, type Tape } from "./tape.ts";

export type UtteranceKind = ReplyRecord["kind"];

export interface Piece {
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
  retried: boolean;
  /** Next byte to send. */
  position: number;
  /** Where sending began in this generation of the line: byte `base` of the piece lies at `at` of the generation. */
  base: number;
  at: number;
  /** The generation `at` speaks of; -1 before anything was sent. */
  generation: number;
  /** Heard in earlier generations. */
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
  startedAtMs?: number;
  divergence?: number;
}

export function newPiece(text: string, from: { speechId?: string; part?: SpeechPart; clip?: string }): Piece {
  const piece: Piece = {
    text,
    tape: createTape(),
    complete: from.clip !== undefined,
    asked: from.clip !== undefined || from.part !== undefined,
    retried: false,
    position: 0,
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

/** Bytes of a piece the caller has heard, given the playhead of the present generation. */
export function heardOf(piece: Piece, generation: number, head: number): number {
  if (piece.generation !== generation) return piece.heardBefore;
  const now = piece.base + Math.max(0, Math.min(head - piece.at, piece.position - piece.base));
  return Math.max(piece.heardBefore, now);
}

export function wholeOf(piece: Piece): { text: string; generated: number; complete: boolean } {
  return { text: piece.text, generated: piece.tape.length(), complete: piece.complete };
}

/** The record of an utterance, with the playhead where it is now. */
export function recordOf(utterance: Utterance, generation: number, head: number): ReplyRecord {
  const generated: string[] = [];
  const sent: string[] = [];
  const heard: string[] = [];
  let generatedBytes = 0;
  let sentBytes = 0;
  let heardBytes = 0;
  for (const piece of utterance.pieces) {
    const whole = wholeOf(piece);
    // Never more than was decoded for this piece: an engine refuses to truncate beyond its audio.
    const heardNow = Math.min(heardOf(piece, generation, head), whole.generated);
    const sentNow = Math.max(piece.position, piece.heardBefore);
    generated.push(piece.text);
    sent.push(heardText(whole, sentNow));
    heard.push(heardText(whole, heardNow));
    generatedBytes += whole.generated;
    sentBytes += Math.min(sentNow, whole.generated);
    heardBytes += heardNow;
  }
  const all = join(generated);
  const known = join(heard);
  return {
    kind: utterance.kind,
    generated: all,
    sent: join(sent),
    heard: known,
    cut: all.startsWith(known) ? all.slice(known.length).trimStart() : all,
    generatedMs: Math.round(generatedBytes / BYTES_PER_MS),
    sentMs: Math.round(sentBytes / BYTES_PER_MS),
    heardMs: Math.floor(heardBytes / BYTES_PER_MS),
    interrupted: utterance.open || utterance.pieces.some((piece) => !isHeard(piece, generation, head)),
    startedAtMs: utterance.startedAtMs ?? 0,
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
    const heard = Math.min(heardOf(piece, generation, head), piece.tape.length());
    if (piece.complete && heard >= piece.tape.length()) return [];
    return [{ part: piece.part, heardMs: Math.floor(heard / BYTES_PER_MS) }];
  });
}

export function isHeard(piece: Piece, generation: number, head: number): boolean {
  return piece.complete && heardOf(piece, generation, head) >= expectedBytes(wholeOf(piece));
}

/** The voice is gone; a piece it left half said ends there, and another goes on with the words after those already spoken. */
export function splitBroken(utterance: Utterance, piece: Piece): void {
  const index = utterance.pieces.indexOf(piece);
  if (index < 0) return;
  if (piece.tape.length() === 0) {
    piece.asked = false;
    return;
  }
  const rest = unsaidText(wholeOf(piece), piece.tape.length());
  piece.text = piece.text.slice(0, piece.text.length - rest.length).trimEnd();
  piece.complete = true;
  if (rest) utterance.pieces.splice(index + 1, 0, newPiece(rest, { speechId: `${piece.speechId}+` }));
}

function join(parts: readonly string[]): string {
  return parts.filter(Boolean).join(" ");
}
