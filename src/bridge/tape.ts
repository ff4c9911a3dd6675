// Audio that may be wanted again: of a spoken piece, which is taken up after an interruption that was none, or of the caller, whom
// the successor of a lost voice has to hear. Kept as mu-law in pages outside V8's heap, because a string for every 20 ms, alive for
// seconds, is what the garbage collector would spend its time on. Positions are bytes of mu-law from the start.

/** 500 ms: 25 frames of 20 ms, so that a frame nearly never lies across two pages. */
const PAGE_BYTES = 4000;
/** 200 ms, ten frames. */
const SLICE_BYTES = 1600;
/** Up to here audio is read as a whole, because messages are what a relay pays for; above, marks would be too far apart. */
export const WHOLE_BYTES = 2400;

/** Pages nobody uses now, of all calls: talking without end needs no memory but what it began with. 2 MB at the most. */
const spare: Buffer[] = [];
const MOST_SPARE = 512;
/** For a slice that lies across two pages. */
const seam = Buffer.alloc(WHOLE_BYTES);

export interface Slice {
  /** Base64, without a break. */
  readonly payload: string;
  readonly bytes: number;
  /** Where the slice really begins: what was asked for, or the first place that is left. */
  readonly at: number;
}

/** Length in bytes of what a base64 text holds, padded or not. */
export function base64Bytes(payload: string): number {
  const length = payload.length;
  const padding = payload.charCodeAt(length - 1) !== 61 ? 0 : payload.charCodeAt(length - 2) !== 61 ? 1 : 2;
  return Math.floor((length * 3) / 4) - padding;
}

// A class, because every piece of audio comes by here: with methods of its own each tape would be twice as far spread in memory.
export class Tape {
  /** Bytes recorded so far. */
  length = 0;
  /** Bytes before this position were forgotten. */
  begin = 0;
  /** The first of them holds position `firstAt`. */
  readonly #pages: Buffer[] = [];
  #firstAt = 0;

  /** Records base64; returns how many bytes of audio it was. */
  append(payload: string): number {
    let bytes = base64Bytes(payload);
    if (bytes <= 0) return 0;
    const inPage = (this.length - this.#firstAt) % PAGE_BYTES;
    if (inPage + bytes <= PAGE_BYTES) {
      this.#room(this.length);
      // What is no base64 takes no room: what was on the page before must never be heard.
      bytes = (this.#pages.at(-1) as Buffer).write(payload, inPage, "base64");
    } else bytes = this.#spread(Buffer.from(payload, "base64"));
    this.length += bytes;
    return bytes;
  }

  #spread(audio: Buffer): number {
    let inPage = (this.length - this.#firstAt) % PAGE_BYTES;
    for (let from = 0; from < audio.length; inPage = 0) {
      this.#room(this.length + from);
      from += audio.copy(this.#pages.at(-1) as Buffer, inPage, from);
    }
    return audio.length;
  }

  /** A page for the next byte, where there is none: one that was taken and not written to is not followed by another. */
  #room(at: number): void {
    if (this.#pages.length * PAGE_BYTES > at - this.#firstAt) return;
    this.#pages.push(spare.pop() ?? Buffer.allocUnsafeSlow(PAGE_BYTES));
  }

  /** What comes next at a position, at most `most` bytes (300 ms) of it; undefined at the end. */
  read(position: number, most = WHOLE_BYTES): Slice | undefined {
    if (position >= this.length || this.begin >= this.length) return undefined;
    const at = Math.max(position, this.begin);
    const bytes = this.length - at <= most ? this.length - at : Math.min(most, SLICE_BYTES);
    const index = Math.floor((at - this.#firstAt) / PAGE_BYTES);
    const inPage = (at - this.#firstAt) % PAGE_BYTES;
    const page = this.#pages[index] as Buffer;
    if (inPage + bytes <= PAGE_BYTES) return { payload: page.toString("base64", inPage, inPage + bytes), bytes, at };
    const copied = page.copy(seam, 0, inPage);
    (this.#pages[index + 1] as Buffer).copy(seam, copied, 0, bytes - copied);
    return { payload: seam.toString("base64", 0, bytes), bytes, at };
  }

  /** Lets go of whole pages that end before the position. */
  forget(position: number): void {
    const before = Math.min(position, this.length);
    let drop = Math.max(0, Math.floor((before - this.#firstAt) / PAGE_BYTES));
    // The last page is not full, but may be forgotten like the others.
    if (before === this.length) drop = this.#pages.length;
    if (drop === 0) return;
    for (const page of this.#pages.splice(0, drop)) if (spare.length < MOST_SPARE) spare.push(page);
    this.#firstAt = before === this.length ? this.length : this.#firstAt + drop * PAGE_BYTES;
    this.begin = this.#firstAt;
  }
}
