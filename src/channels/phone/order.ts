// The time line of one stream's caller audio: finds gaps, duplicates and disorder by chunk number and timestamp. It counts and
// measures; it holds no audio and is asked once for each frame, so it answers with a number and allocates nothing.

/** Bytes of mu-law in a ms. */
const BYTES_PER_MS = 8;
/** A timestamp may be off by less than this without a gap being there: senders round, and frames are 20 ms. */
const JITTER_MS = 20;

/** This chunk has been forwarded before: drop it. */
export const DUPLICATE = -1;
/** Older than what has been forwarded, and its place was filled with silence: drop it. */
export const LATE = -2;
/** The sender's clock went back: forward it, and count from here. Dropping would leave the caller unheard. */
export const CLOCK_BACK = -3;

// A class, because every frame comes by here: what a stream has of its own is one object.
export class MediaOrder {
  readonly #capMs: number;
  #lastChunk = -1;
  #lastTimestamp = 0;
  /** ms at which the forwarded audio began, on the sender's clock. */
  #base = 0;
  /** Bytes forwarded since then, silence included. */
  #forwarded = 0;

  /** @param capMs a gap longer than this is filled up to it only; the rest of it is forgotten. */
  constructor(capMs: number) {
    this.#capMs = capMs;
  }

  /**
   * Where a frame of `bytes` belongs. Not negative: forward it after this many bytes of silence.
   * @param timestamp ms since the start of the stream.
   */
  place(chunk: number, timestamp: number, bytes: number): number {
    if (this.#lastChunk < 0) this.#base = timestamp;
    else if (chunk === this.#lastChunk) return DUPLICATE;
    else if (chunk < this.#lastChunk) return LATE;
    const wentBack = timestamp < this.#lastTimestamp;
    this.#lastChunk = chunk;
    this.#lastTimestamp = timestamp;
    if (wentBack) {
      this.#base = timestamp - this.#forwarded / BYTES_PER_MS;
      this.#forwarded += bytes;
      return CLOCK_BACK;
    }
    // Measured from the beginning and not from frame to frame, so that rounding never adds up to a drift.
    let gapMs = timestamp - this.#base - this.#forwarded / BYTES_PER_MS;
    if (gapMs < JITTER_MS) gapMs = 0;
    if (gapMs > this.#capMs) {
      this.#base += gapMs - this.#capMs;
      gapMs = this.#capMs;
    }
    const silence = Math.round(gapMs * BYTES_PER_MS);
    this.#forwarded += silence + bytes;
    return silence;
  }
}
