// Mu-law silence as base64, for gaps in what the caller's end sent.

/** Bytes of one second. */
const PIECE = 8000;
// 0xFF is the zero of mu-law; 0x00 would be full scale.
const SECOND = Buffer.alloc(PIECE, 0xff).toString("base64");

/** Base64 payloads of together `bytes` bytes of silence, each of at most one second. */
export function silencePieces(bytes: number): readonly string[] {
  const pieces: string[] = Array.from({ length: Math.floor(bytes / PIECE) }, () => SECOND);
  const rest = bytes % PIECE;
  if (rest > 0) pieces.push(Buffer.alloc(rest, 0xff).toString("base64"));
  return pieces;
}
