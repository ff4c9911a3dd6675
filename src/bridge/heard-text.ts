// From bytes heard to words heard: pure functions over the text and the audio of spoken pieces.

/** Bytes a character takes in ordinary speech, about 15 characters a second; used until a voice has shown its own pace. */
export const ORDINARY_PACE = 8000 / 15;

export interface SpokenPiece {
  readonly text: string;
  /** Bytes of mu-law the voice has produced for it. */
  readonly generated: number;
  /** No more audio will come. */
  readonly complete: boolean;
  /** Bytes a character will probably take, while the piece is being made. */
  readonly pace?: number;
}

/** Length in bytes a piece has or, while it is being made, will probably have. */
export function expectedBytes(piece: SpokenPiece): number {
  if (piece.complete) return piece.generated;
  return Math.max(piece.generated, Math.round(piece.text.length * (piece.pace ?? ORDINARY_PACE)));
}

/** Scripts that write no spaces: every character is a word for our purpose. */
const WORDLESS = /[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u{20000}-\u{3ffff}]/u;

function isWordBoundary(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return true;
  const before = text.charCodeAt(at - 1);
  // Between the halves of a surrogate pair.
  if (before >= 0xd800 && before < 0xdc00) return false;
  const next = String.fromCodePoint(text.codePointAt(at) as number);
  const last = String.fromCodePoint(
    (before >= 0xdc00 && before < 0xe000 && at > 1 ? text.codePointAt(at - 2) : before) as number,
  );
  return /\s/.test(last) || /\s/.test(next) || WORDLESS.test(last) || WORDLESS.test(next);
}

/** The words of a piece whose first `bytes` were heard: the proportional part, back to a word boundary. */
export function heardText(piece: SpokenPiece, bytes: number): string {
  const total = expectedBytes(piece);
  if (bytes <= 0 || total === 0) return "";
  if (bytes >= total) return piece.text;
  let end = Math.floor((piece.text.length * bytes) / total);
  while (!isWordBoundary(piece.text, end)) end--;
  return piece.text.slice(0, end).trimEnd();
}

/** The words of a piece that come after its first `bytes`; a word that was begun counts as said, so none is said twice. */
export function unsaidText(piece: SpokenPiece, bytes: number): string {
  const total = expectedBytes(piece);
  if (total === 0 || bytes <= 0) return piece.text;
  if (bytes >= total) return "";
  let begin = Math.ceil((piece.text.length * bytes) / total);
  while (!isWordBoundary(piece.text, begin)) begin++;
  return piece.text.slice(begin).trimStart();
}

const SENTENCE_END = /[.!?…]["'”’»)\]]*\s+|[。！？]["'」』”’）]*\s*/g;
const TITLE = /(?:^|\s)(?:Dr|Mr|Mrs|Ms|Prof|St|No|vs|e\.g|i\.e)$/;

/** Where the sentence that holds byte `bytes` begins, in bytes; resuming there repeats no whole sentence. */
export function sentenceStart(piece: SpokenPiece, bytes: number): number {
  const total = expectedBytes(piece);
  if (total === 0 || bytes <= 0) return 0;
  const { text } = piece;
  const at = (text.length * Math.min(bytes, total)) / total;
  let begin = 0;
  for (const match of text.matchAll(SENTENCE_END)) {
    const next = match.index + match[0].length;
    if (next > at) break;
    // "at 5 p.m. today" and "Dr. Smith" go on.
    if (/\p{Ll}/u.test(text[next] ?? "") || TITLE.test(text.slice(0, match.index))) continue;
    begin = next;
  }
  return Math.floor((begin * total) / text.length);
}
