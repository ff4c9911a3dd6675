// From bytes heard to words heard: pure functions over the text and the audio of spoken pieces.

/** Used only until the length of a piece is known: ordinary speech is about 15 characters a second. */
const BYTES_PER_CHARACTER = 8000 / 15;

export interface SpokenPiece {
  readonly text: string;
  /** Bytes of mu-law the voice has produced for it. */
  readonly generated: number;
  /** No more audio will come. */
  readonly complete: boolean;
}

/** Length in bytes a piece has or, while it is being made, will probably have. */
export function expectedBytes(piece: SpokenPiece): number {
  if (piece.complete) return piece.generated;
  return Math.max(piece.generated, Math.ceil(piece.text.length * BYTES_PER_CHARACTER));
}

/** The words of a piece whose first `bytes` were heard: the proportional part, back to a word boundary. */
export function heardText(piece: SpokenPiece, bytes: number): string {
  const total = expectedBytes(piece);
  if (bytes <= 0 || total === 0) return "";
  if (bytes >= total) return piece.text;
  const end = Math.floor((piece.text.length * bytes) / total);
  // Scripts without spaces have no boundary to go back to.
  if (/\s/.test(piece.text[end] ?? " ") || !/\s/.test(piece.text)) return piece.text.slice(0, end).trimEnd();
  return piece.text.slice(0, end).replace(/\S+$/, "").trimEnd();
}

/** The words of a piece that come after its first `bytes`; a word that was begun counts as said, so none is said twice. */
export function unsaidText(piece: SpokenPiece, bytes: number): string {
  const total = expectedBytes(piece);
  if (total === 0 || bytes <= 0) return piece.text;
  if (bytes >= total) return "";
  const begin = Math.floor((piece.text.length * bytes) / total);
  return piece.text.slice(begin).replace(/^\S+/, "").trimStart();
}

/** Where the sentence that holds byte `bytes` begins, in bytes; resuming there repeats no whole sentence. */
export function sentenceStart(piece: SpokenPiece, bytes: number): number {
  const total = expectedBytes(piece);
  if (total === 0 || bytes <= 0) return 0;
  const at = (piece.text.length * Math.min(bytes, total)) / total;
  let begin = 0;
  for (const match of piece.text.matchAll(/[.!?…。！？]["')\]]*\s+/g)) {
    const next = match.index + match[0].length;
    if (next > at) break;
    begin = next;
  }
  return Math.floor((begin * total) / piece.text.length);
}
