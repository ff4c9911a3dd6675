// Whole WebSocket text frames (RFC 6455, section 5.2) of ASCII text, for the few messages that make up nearly all of the
// traffic. A library builds a frame from a header, a copy of the text and a gathering write; one string, or one buffer where
// a mask is needed, costs a third of that. Everything else of the protocol (handshake, control frames, reading, closing) stays
// the library's, and these frames may be written beside its own because each is complete.
import { randomFillSync } from "node:crypto";
import { toggleMask } from "./websocket-mask.ts";

const FINAL_TEXT = 0x81;
const MASKED = 0x80;
const IN_TWO_BYTES = 126;
const IN_EIGHT_BYTES = 127;
const MASK_BYTES = 4;

// Most frames are as long as the one before them.
let headLength = -1;
let head = "";
let maskedLength = -1;
let maskedHead: readonly number[] = [];

/**
 * A server's frame, as the characters of its bytes: to be written as latin1.
 * @param text ASCII only; anything else would be damaged.
 */
export function textFrame(text: string): string {
  if (text.length !== headLength) {
    headLength = text.length;
    head = String.fromCharCode(FINAL_TEXT, ...lengthBytes(text.length, 0));
  }
  return head + text;
}

/**
 * A client's frame, masked with a fresh random key.
 * @param text ASCII only; anything else would be damaged.
 */
export function maskedTextFrame(text: string): Buffer {
  if (text.length !== maskedLength) {
    maskedLength = text.length;
    maskedHead = [FINAL_TEXT, ...lengthBytes(text.length, MASKED)];
  }
  const headBytes = maskedHead.length + MASK_BYTES;
  const { bytes, words, at } = roomFor(headBytes, text.length);
  const textAt = at + headBytes;
  for (let index = 0; index < maskedHead.length; index++) bytes[at + index] = maskedHead[index] as number;
  takeMask(bytes, textAt - MASK_BYTES);
  bytes.write(text, textAt, "latin1");
  const end = textAt + text.length;
  toggleMask(bytes, textAt, end, words);
  return bytes.subarray(at, end);
}

/** Frames lie behind one another in a slab, because making a view of words costs more than masking does. */
const SLAB_BYTES = 65_536;
const MOST_IN_SLAB = 8192;

const room = { ...newSlab(SLAB_BYTES), at: 0 };
let free = 0;

function newSlab(length: number): { bytes: Buffer; words: Int32Array } {
  const bytes = Buffer.allocUnsafeSlow(length);
  return { bytes, words: new Int32Array(bytes.buffer, bytes.byteOffset, length >> 2) };
}

/** Where a frame begins whose text is on a boundary of four bytes. Filled and read within one call. */
function roomFor(headBytes: number, textBytes: number): { bytes: Buffer; words: Int32Array; at: number } {
  const before = -headBytes & 3;
  const length = before + headBytes + textBytes;
  if (length > MOST_IN_SLAB) return { ...newSlab((length + 3) & ~3), at: before };
  if (free + length > SLAB_BYTES) {
    Object.assign(room, newSlab(SLAB_BYTES));
    free = 0;
  }
  room.at = free + before;
  free = (free + length + 3) & ~3;
  return room;
}

// Random bytes are asked for by the thousand: asking costs more than they do.
const pool = Buffer.alloc(8192);
let poolAt = pool.length;

function takeMask(into: Buffer, at: number): void {
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  for (let index = 0; index < MASK_BYTES; index++) into[at + index] = pool[poolAt++] as number;
}

/** The length as it stands in a frame, 1, 3 or 9 bytes; `mask` is 0 or MASKED. */
function lengthBytes(length: number, mask: number): number[] {
  if (length < IN_TWO_BYTES) return [mask | length];
  if (length < 65_536) return [mask | IN_TWO_BYTES, length >>> 8, length & 255];
  const bytes = [mask | IN_EIGHT_BYTES, 0, 0, 0, 0];
  for (let shift = 24; shift >= 0; shift -= 8) bytes.push((length >>> shift) & 255);
  return bytes;
}
