// A short way for the frames that make up nearly all of the traffic (RFC 6455, section 5.2): final, whole, unextended text of
// ASCII, not longer than a message may be. They are taken out of what the network brought before the library's reader sees it,
// which keeps everything else: fragments, binary, other characters, control frames, what breaks the protocol, and frames that
// come in pieces. The order stays: the short way is open only where the library stands between two messages.

import { readInPlace, type Connection } from "./read-in-place.ts";
import { toggleMask } from "./websocket-mask.ts";

const FINAL_TEXT = 0x81;
const FINAL = 0x80;
const MASKED = 0x80;
const OPCODE = 0x0f;
const CONTINUATION = 0;
const CLOSE = 8;
/** From here on opcodes are of control frames, which may stand between the fragments of a message. */
const FIRST_CONTROL = 8;
const IN_TWO_BYTES = 126;
const IN_EIGHT_BYTES = 127;

/** The library's reader: bytes go in as they come. ws 8 keeps it under this name in every socket that is open. */
interface FrameReader {
  write(chunk: Buffer): boolean;
}

export interface ShortWay {
  /** True for a server: its peers mask what they send. */
  readonly isServer: boolean;
  /** Bytes of one message; longer ones are the library's to refuse. */
  readonly maxPayload: number;
}

export interface TextTaker {
  /** One whole message, ASCII, from byte `from` to `to` of what the network brought: good until this returns and not longer. */
  take(bytes: Buffer, from: number, to: number): void;
}

/**
 * Puts the short way before the reader of this socket, in place.
 * @param socket an open WebSocket of ws, without compression. Should another version keep no such reader, everything is the library's.
 * @param connection what lies under it.
 */
export function openShortWay(
  socket: object,
  connection: Connection | undefined,
  to: TextTaker,
  { isServer, maxPayload }: ShortWay,
): void {
  const reader = (socket as { readonly _receiver?: FrameReader })._receiver;
  if (!reader) return;
  const library = reader.write.bind(reader);
  const bounds = new FrameBounds();
  const most = Math.min(maxPayload, 65_535);

  /** Takes the whole frames that these bytes begin with; returns how many bytes they were. */
  function takeFrames(bytes: Buffer, length: number, words?: Int32Array): number {
    let at = 0;
    while (bounds.between && at < length) {
      const end = isServer ? maskedEnd(bytes, at, length, most, words) : plainEnd(bytes, at, length, most);
      if (end < 0) break;
      to.take(bytes, textAt, end);
      at = end;
    }
    return at;
  }

  // Everything that was not taken where it was read comes by here, so the bounds are always known.
  reader.write = function writePastLibrary(chunk) {
    const at = takeFrames(chunk, chunk.length);
    if (at === chunk.length) return true;
    const rest = at === 0 ? chunk : chunk.subarray(at);
    bounds.pass(rest);
    return library(rest);
  };
  if (connection) readInPlace(connection, takeFrames);
}

/** Where the text begins in the frame that was found last. */
let textAt = 0;

/** The end of the frame at `at`, if the short way takes it and all of it is here, else -1. `textAt` is set. */
function plainEnd(chunk: Buffer, at: number, length: number, most: number): number {
  const end = frameEnd(chunk, at, length, 0, most);
  if (end < 0) return -1;
  for (let index = textAt; index < end; index++) if ((chunk[index] as number) > 127) return -1;
  return end;
}

/** The same for a masked frame, whose text is unmasked in place. */
function maskedEnd(chunk: Buffer, at: number, length: number, most: number, words?: Int32Array): number {
  const end = frameEnd(chunk, at, length, MASKED, most);
  if (end < 0 || toggleMask(chunk, textAt, end, words)) return end;
  // Not ASCII: the library is to read it as it came.
  toggleMask(chunk, textAt, end, words);
  return -1;
}

function frameEnd(chunk: Buffer, at: number, limit: number, mask: number, most: number): number {
  if (limit < at + 2 || chunk[at] !== FINAL_TEXT) return -1;
  const second = chunk[at + 1] as number;
  let length = second & ~MASKED;
  if ((second & MASKED) !== mask || length === IN_EIGHT_BYTES) return -1;
  textAt = at + (mask === 0 ? 2 : 6);
  if (length === IN_TWO_BYTES) {
    if (limit < at + 4) return -1;
    length = ((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number);
    textAt += 2;
  }
  const end = textAt + length;
  return length > most || end > limit ? -1 : end;
}

/** Where the library stands in what it was given: it is asked for nothing, so its insides do not matter. */
class FrameBounds {
  /** True where a new message may begin. */
  between = true;
  /** Bytes of a frame's head that have come; it is whole at 2, 4 or 10 and the mask. */
  readonly #head: number[] = [];
  #payloadLeft = 0;
  #inFragments = false;
  #closed = false;

  pass(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= taken;
        at += taken;
      } else this.#headByte(chunk[at++] as number);
    }
    // Behind a close nothing is read any more, and what breaks the protocol ends in one.
    this.between = this.#payloadLeft === 0 && this.#head.length === 0 && !this.#inFragments && !this.#closed;
  }

  #headByte(byte: number): void {
    const head = this.#head;
    head.push(byte);
    if (head.length < 2) return;
    const [first, second] = head as [number, number];
    const short = second & ~MASKED;
    const lengthBytes = short === IN_EIGHT_BYTES ? 8 : short === IN_TWO_BYTES ? 2 : 0;
    if (head.length < 2 + lengthBytes + ((second & MASKED) === 0 ? 0 : 4)) return;
    this.#payloadLeft =
      lengthBytes === 0 ? short : head.slice(2, 2 + lengthBytes).reduce((sum, next) => sum * 256 + next, 0);
    const opcode = first & OPCODE;
    if (opcode === CLOSE) this.#closed = true;
    if (opcode < FIRST_CONTROL)
      this.#inFragments = (first & FINAL) === 0 || (opcode !== CONTINUATION && this.#inFragments);
    head.length = 0;
  }
}
